//! Which provider a deployment is, where it is, and with which credential it is called.

use millrace_actors::secret::Secret;

use super::own::Own;
use super::{azure, bedrock, vertex};
use crate::config::base_url::BaseUrl;
use crate::config::finding::nearest;
use crate::config::keys::OTHER_PROVIDERS;
use crate::config::model::{Below, JsonParams, ModelEntry, ModelInfo, Place, Provider};
use crate::config::node::Node;
use crate::config::prices::PriceFields;
use crate::config::reader::{Reader, Section};
use crate::providers::row::Speaks;

/// How the names of OpenAI's own models begin: written without a prefix, LiteLLM takes them for `openai/`.
const OPENAI_NAMES: &[&str] = &[
    "gpt-",
    "o1",
    "o3",
    "o4",
    "chatgpt-",
    "codex-",
    "computer-use-",
    "ft:gpt-",
    "ft:o4-",
    "text-embedding-",
    "dall-e-",
    "whisper-",
    "tts-",
    "omni-moderation-",
    "text-moderation-",
    "davinci-002",
    "babbage-002",
    "sora-",
];

/// Before a model that is asked for responses even by callers of chat completions, as LiteLLM writes it.
const RESPONSES: &str = "responses/";

/// Longest name of a model, characters: it goes into headers, metrics and logs.
const MAX_NAME: usize = 256;

/// Where requests of a deployment go.
pub(super) struct Target {
    pub(super) upstream_model: String,
    provider: Provider,
    api_base: BaseUrl,
    api_key: Option<Secret>,
    own: Own,
}

impl Target {
    pub(super) fn put_into(self, entry: ModelEntry) -> ModelEntry {
        let Self { upstream_model, provider, api_base, api_key, own: Own { below, credential, region } } = self;
        ModelEntry { upstream_model, provider, api_base, below, api_key, credential, region, ..entry }
    }
}

/// An entry with nothing in it, for the others to fill in.
pub(super) fn blank() -> ModelEntry {
    ModelEntry {
        model_name: String::new(),
        id: String::new(),
        provider: Provider::OPENAI,
        upstream_model: String::new(),
        api_base: BaseUrl::openai(),
        below: Below::default(),
        api_key: None,
        credential: None,
        region: None,
        timeout: None,
        stream_timeout: None,
        max_retries: None,
        weight: None,
        rpm: None,
        tpm: None,
        order: None,
        extra_headers: Vec::new(),
        extra_body: JsonParams::default(),
        default_params: JsonParams::default(),
        drop_params: None,
        use_in_pass_through: false,
        additional_drop_params: Vec::new(),
        prices: PriceFields::default(),
        model_info: ModelInfo::default(),
        cooldown_time: None,
        allowed_fails: None,
        place: Place::default(),
    }
}

/// Reads `model`, `custom_llm_provider`, `api_base` and `api_key`.
pub(super) fn read(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<Target> {
    reader.required(params, "model");
    let provider = provider(reader, params);
    let written = api_base(reader, params);
    let written_key = reader.text(params, "api_key").map(|text| (text.value.to_string(), text.node));
    if let Some((key, node)) = &written_key
        && !key.bytes().all(|byte| byte.is_ascii_graphic())
    {
        let path = params.path("api_key");
        let message = format!("`{path}` holds spaces, line breaks or characters that a header cannot carry");
        reader.error(
            "MR1036",
            (node, &path),
            &message,
            "remove them; a line break often comes from the file it was in",
        );
    }
    let (provider, upstream_model) = provider?;
    if provider.speaks == Speaks::Converse {
        let key = written_key.map(|(key, _)| Secret::new(key));
        let placed = bedrock::read(reader, params, &upstream_model, (written, key))?;
        let bedrock::Placed { upstream_model, api_base, api_key, own } = placed;
        return Some(Target { upstream_model, provider, api_base, api_key, own });
    }
    let has_base = params.get("api_base").or(params.get("base_url")).is_some();
    let api_base = match provider.speaks {
        _ if has_base => written?,
        Speaks::Vertex => vertex::base(reader, params)?,
        _ => default_base(reader, params, provider)?,
    };
    let api_key = match written_key {
        Some((key, _)) => Some(Secret::new(key)),
        // written, and found wrong above: that another could stand in for it would only hide where
        None if params.get("api_key").is_some() => None,
        None => default_key(reader, params, provider, has_base),
    };
    let has_key = api_key.is_some() || has_own_credential(params);
    let responses = upstream_model.starts_with(RESPONSES);
    let plain = upstream_model.strip_prefix(RESPONSES).unwrap_or(&upstream_model);
    let upstream_model = match provider.speaks {
        Speaks::Azure => azure::deployment(plain).to_owned(),
        Speaks::OpenAi => plain.to_owned(),
        _ => upstream_model,
    };
    let mut own = match provider.speaks {
        Speaks::Azure => azure::read(reader, params, &api_base, has_key),
        Speaks::Vertex if !vertex::is_served(reader, params, &upstream_model) => return None,
        Speaks::Vertex => vertex::read(reader, params, (&api_base, has_base), has_key),
        _ => Own::default(),
    };
    if matches!(provider.speaks, Speaks::OpenAi | Speaks::Azure) {
        own.below.responses = responses;
        own.below.chats = reader.flag(params, "use_chat_completions_api").unwrap_or(false);
    }
    Some(Target { upstream_model, provider, api_base, api_key, own })
}

fn provider(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<(Provider, String)> {
    let model = reader.text(params, "model")?;
    if !name_is_sound(reader, params, "model", &model.value) {
        return None;
    }
    let (name, key, upstream, node) = match reader.text(params, "custom_llm_provider") {
        Some(custom) => {
            let stripped = model.value.strip_prefix(custom.value.as_str()).and_then(|rest| rest.strip_prefix('/'));
            let upstream = stripped.unwrap_or(&model.value).to_owned();
            (custom.value.to_string(), "custom_llm_provider", upstream, custom.node)
        }
        None => match model.value.split_once('/') {
            Some((prefix, rest)) => (prefix.to_owned(), "model", rest.to_owned(), model.node),
            None if model.value.starts_with("claude-") => return Some((Provider::ANTHROPIC, model.value.to_string())),
            None if model.value.starts_with("gemini-") => return Some((Provider::GEMINI, model.value.to_string())),
            None if OPENAI_NAMES.iter().any(|start| model.value.starts_with(start)) => {
                return Some((Provider::OPENAI, model.value.to_string()));
            }
            None => {
                let path = params.path("model");
                let message = format!("`{path}` names no provider");
                let help = format!("write `openai/{0}`, or `openai_like/{0}` with an api_base", model.value.as_str());
                reader.error("MR1031", (model.node, &path), &message, &help);
                return None;
            }
        },
    };
    let path = params.path(key);
    let Some(provider) = Provider::named(&name) else {
        not_served(reader, (node, &path), &name, &model.value);
        return None;
    };
    if upstream.is_empty() {
        let message = format!("`{path}` names a provider but no model");
        reader.error("MR1030", (node, &path), &message, &format!("write `{name}/` and the model's name"));
        return None;
    }
    Some((provider, upstream))
}

/// At most one `*`, no control characters, not too long.
pub(super) fn name_is_sound(reader: &mut Reader<'_>, section: &Section<'_>, key: &str, name: &str) -> bool {
    let path = section.path(key);
    let node = section.get(key).unwrap_or(section.node);
    if name.matches('*').count() > 1 {
        let message = format!("`{path}` holds more than one `*`");
        reader.error("MR1030", (node, &path), &message, "keep one `*`; it stands for any text");
        return false;
    }
    if name.chars().any(char::is_control) || name.trim() != name || name.chars().count() > MAX_NAME {
        let message = format!("`{path}` is no usable name");
        let help = "a name has at most 256 characters, no control characters, and no space at its ends";
        reader.error("MR1030", (node, &path), &message, help);
        return false;
    }
    true
}

/// A provider that we lack is LiteLLM's, or nobody's.
fn not_served(reader: &mut Reader<'_>, at: (&Node, &str), name: &str, model: &str) {
    let all = Provider::all().map(|provider| provider.row().name).collect::<Vec<_>>().join(", ");
    let served = format!("supported are {all}");
    if OTHER_PROVIDERS.contains(&name) {
        let rest = model.split_once('/').map_or(model, |(_, rest)| rest);
        let help =
            format!("if it speaks OpenAI's API, write `openai_like/{rest}` and its address as api_base; {served}");
        return reader.left_out(at, &format!("the provider `{name}` is not supported yet"), &help);
    }
    let ours = Provider::all().flat_map(Provider::prefixes);
    let help = match nearest(name, ours) {
        Some(near) => format!("did you mean `{near}`? {served}"),
        None => format!("write `openai_like/{model}` if that is the whole name of the model; {served}"),
    };
    reader.error("MR1032", at, &format!("`{name}` is not a provider"), &help);
}

fn api_base(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<BaseUrl> {
    if let (Some(node), true) = (params.get("base_url"), params.get("api_base").is_some()) {
        let path = params.path("base_url");
        reader.error("MR1011", (node, &path), "`base_url` is another name for `api_base`", "keep one of the two");
        return None;
    }
    let name = if params.get("base_url").is_some() { "base_url" } else { "api_base" };
    let text = reader.text(params, name)?;
    match BaseUrl::parse(&text.value) {
        Ok(url) => Some(url),
        Err(problem) => {
            let path = params.path(name);
            let message = format!("`{path}` cannot be called: {problem}");
            reader.error("MR1033", (text.node, &path), &message, "write an address such as `https://host:8000/v1`");
            None
        }
    }
}

/// The provider's own address, from the environment or built in.
fn default_base(reader: &mut Reader<'_>, params: &Section<'_>, provider: Provider) -> Option<BaseUrl> {
    let path = params.path("api_base");
    let names = provider.base_variables;
    if let Some(text) = reader.vars.first(names) {
        let parsed = BaseUrl::parse(text.trim());
        if let Err(problem) = &parsed {
            let message = format!("the address from {} cannot be called: {problem}", names.join(" or "));
            reader.error("MR1033", (params.node, &path), &message, "correct the variable, or write `api_base`");
        }
        return parsed.ok();
    }
    if let Some(own) = provider.base {
        return BaseUrl::parse(own).ok();
    }
    let or_variable = names.first().map(|name| format!(", or set {name}")).unwrap_or_default();
    let message = format!("`{path}` is missing: {provider} has no address of its own");
    let help = format!("add `api_base: http://host:8000/v1`{or_variable}");
    reader.error("MR1034", (params.node, &path), &message, &help);
    None
}

/// The provider's own variable. It is not used where another address is written, since whoever is there would be handed
/// the provider's key; LiteLLM does hand it over.
fn default_key(reader: &mut Reader<'_>, params: &Section<'_>, provider: Provider, has_base: bool) -> Option<Secret> {
    let path = params.path("api_key");
    if has_own_credential(params) {
        return None;
    }
    let names = provider.key_variables;
    let name = names.iter().find(|name| reader.vars.first(&[name]).is_some()).or(names.first())?;
    let has_own_address = provider.base.is_some();
    let value = reader.vars.first(names);
    if has_own_address && has_base {
        if value.is_some() {
            let message = format!("no credential is sent: {name} is of {provider}, and another address is written");
            let help = format!("if it is meant for that address, write `api_key: os.environ/{name}`");
            reader.notice("MR1304", (params.node, &path), &message, &help);
        }
        return None;
    }
    if value.is_none() && has_own_address && !provider.keyless {
        let message = format!("`{path}` is missing, and {name} is not set");
        reader.error("MR1039", (params.node, &path), &message, &format!("add `api_key: os.environ/{name}` and set it"));
    }
    let key = value?.trim().to_owned();
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("what {name} holds cannot be carried by a header");
        reader.error("MR1036", (params.node, &path), &message, "remove spaces and line breaks from it");
    }
    Some(Secret::new(key))
}

/// Whether `extra_headers` carries a credential of the operator's own.
fn has_own_credential(params: &Section<'_>) -> bool {
    const NAMES: [&str; 4] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];
    let is_credential = |name: &str| NAMES.iter().any(|known| name.eq_ignore_ascii_case(known));
    params.get("extra_headers").is_some_and(|headers| headers.entries().iter().any(|(key, _)| is_credential(&key.text)))
}
