//! Where a deployment at Bedrock is: its region, its address, and the keys its calls are signed with.

use millrace_actors::credential::SigningKeys;
use millrace_actors::secret::Secret;

use super::aws_keys;
use super::own::Own;
use crate::config::base_url::BaseUrl;
use crate::config::reader::{Reader, Section};
use crate::providers::bedrock::model::{Named, is_region};

/// Variables that name a region, LiteLLM's own before AWS's.
const REGIONS: [&str; 3] = ["AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"];

/// The keys of `litellm_params` that name the parts of a pair of keys, and AWS's variables for them.
const KEYS: [(&str, &str); 3] = [
    ("aws_access_key_id", "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", "AWS_SECRET_ACCESS_KEY"),
    ("aws_session_token", "AWS_SESSION_TOKEN"),
];

/// The variable that holds a bearer token for Bedrock.
const BEARER: &str = "AWS_BEARER_TOKEN_BEDROCK";

/// Where a deployment at Bedrock is, and by which name and credential it is called there.
pub(super) struct Placed {
    pub(super) upstream_model: String,
    pub(super) api_base: BaseUrl,
    pub(super) api_key: Option<Secret>,
    pub(super) own: Own,
}

/// Reads a deployment at Bedrock. `written` is its `api_base`, `key` its `api_key`, where given and sound.
pub(super) fn read(
    reader: &mut Reader<'_>,
    params: &Section<'_>,
    name: &str,
    (written, key): (Option<BaseUrl>, Option<Secret>),
) -> Option<Placed> {
    let named = named(reader, params, name)?;
    let (upstream_model, in_name) = (named.id.to_owned(), named.region.map(str::to_owned));
    let region = region(reader, params, in_name)?;
    let own = endpoint(reader, params).or(written);
    // a bearer token of the environment is handed over as it is, so to no address that it was not meant for; a signature
    // gives no key away
    let has_base = own.is_some();
    let api_base = own.or_else(|| BaseUrl::parse(&own_address(&region)).ok())?;
    let keys = written_keys(reader, params);
    let meant = keys.is_some() || aws_keys::is_written(params);
    let api_key = key.or_else(|| reader.vars.first(&[BEARER]).filter(|_| !meant && !has_base).map(Secret::new));
    let credential = match api_key {
        Some(_) => None,
        None => aws_keys::credential(reader, params, &region, (keys, keys_of_environment(reader))),
    };
    let own = Own { credential, region: Some(region), ..Own::default() };
    Some(Placed { upstream_model, api_base, api_key, own })
}

fn named<'n>(reader: &mut Reader<'_>, params: &Section<'_>, name: &'n str) -> Option<Named<'n>> {
    let (path, node) = (params.path("model"), params.get("model").unwrap_or(params.node));
    match Named::of(name) {
        Ok(named) => Some(named),
        Err(why) => {
            let help = "write `bedrock/` and the id of a model or inference profile, or an ARN";
            reader.error("MR1032", (node, &path), &format!("`{path}`: {why}"), help);
            None
        }
    }
}

fn region(reader: &mut Reader<'_>, params: &Section<'_>, in_name: Option<String>) -> Option<String> {
    let path = params.path("aws_region_name");
    let written = reader.text(params, "aws_region_name").map(|text| text.value.to_string());
    let Some(region) = written.or(in_name).or_else(|| reader.vars.first(&REGIONS)) else {
        // LiteLLM falls back to us-west-2, which would send prompts to another country than was meant
        let message = format!("`{path}` is missing, and none of {} is set", REGIONS.join(", "));
        reader.error(
            "MR1023",
            (params.node, &path),
            &message,
            "add `aws_region_name: eu-central-1`, or whichever it is",
        );
        return None;
    };
    if !is_region(&region) {
        let node = params.get("aws_region_name").unwrap_or(params.node);
        let message = format!("`{path}` is no region of AWS");
        reader.error("MR1026", (node, &path), &message, "write it as AWS does, such as us-east-1");
        return None;
    }
    Some(region)
}

/// `aws_bedrock_runtime_endpoint`, or its variable.
fn endpoint(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<BaseUrl> {
    const NAME: &str = "aws_bedrock_runtime_endpoint";
    let path = params.path(NAME);
    if let (Some(node), Some(_)) = (params.get(NAME), params.get("api_base").or(params.get("base_url"))) {
        reader.error("MR1011", (node, &path), "it is another name for `api_base`", "keep one of the two");
    }
    let written = reader.text(params, NAME).map(|text| text.value.to_string());
    let text = written.or_else(|| reader.vars.first(&["AWS_BEDROCK_RUNTIME_ENDPOINT"]))?;
    let parsed = BaseUrl::parse(text.trim());
    if let Err(problem) = &parsed {
        let node = params.get(NAME).unwrap_or(params.node);
        let message = format!("`{path}` cannot be called: {problem}");
        reader.error("MR1033", (node, &path), &message, "write an address such as `https://host:8000`");
    }
    parsed.ok()
}

/// AWS's "Amazon Bedrock endpoints and quotas"; China is a partition with a domain of its own.
fn own_address(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://bedrock-runtime.{region}.{domain}")
}

fn written_keys(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<SigningKeys> {
    let mut texts = KEYS.map(|(name, _)| reader.text(params, name).map(|text| (text.value.to_string(), text.node)));
    for ((name, _), text) in KEYS.iter().zip(&texts) {
        let path = params.path(name);
        if let Some((_, node)) = text.as_ref().filter(|(text, _)| !text.bytes().all(|byte| byte.is_ascii_graphic())) {
            let message = format!("`{path}` holds spaces, line breaks or characters that no key of AWS has");
            reader.error("MR1036", (node, &path), &message, "remove them; a line break often comes from a file");
        }
    }
    let [id, secret, session] = texts.each_mut().map(|text| text.take().map(|(text, _)| text));
    match (id, secret) {
        (Some(id), Some(secret)) => Some(pair(id, secret, session)),
        (None, None) => None,
        (id, _) => {
            let missing = params.path(if id.is_some() { KEYS[1].0 } else { KEYS[0].0 });
            let message = format!("`{missing}` is missing: an id and a secret are one pair");
            reader.error("MR1039", (params.node, &missing), &message, &format!("add `{missing}`"));
            None
        }
    }
}

/// The environment's pair, whole or not at all.
fn keys_of_environment(reader: &Reader<'_>) -> Option<SigningKeys> {
    let [id, secret, session] = KEYS.map(|(_, name)| reader.vars.first(&[name]).map(|text| text.trim().to_owned()));
    Some(pair(id?, secret?, session))
}

fn pair(id: String, secret: String, session: Option<String>) -> SigningKeys {
    SigningKeys { id, secret: Secret::new(secret), session: session.map(Secret::new) }
}
