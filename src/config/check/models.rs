//! `model_list`: one deployment after the other.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::context::Context;
use super::{endpoint, headers, pricing};
use crate::config::json;
use crate::config::keys::{ENTRY, MODEL_INFO, PARAMS, REQUEST_PARAMS};
use crate::config::model::{JsonParams, ModelEntry, ModelInfo};
use crate::config::node::{Kind, Node};
use crate::config::reader::{Reader, Section};

/// All deployments, and the names of those that we cannot serve. Where that is an error the configuration is refused anyway.
pub(super) fn read(
    reader: &mut Reader<'_>,
    top: &Section<'_>,
    context: &Context<'_>,
) -> (Vec<ModelEntry>, Vec<String>) {
    let (mut models, mut left_out) = (Vec::new(), Vec::new());
    let Some(list) = top.get("model_list") else { return (models, left_out) };
    let Kind::List(items) = &list.kind else {
        reader.wrong_type(list, "model_list", "a list of deployments");
        return (models, left_out);
    };
    let mut ids = Ids::default();
    for (index, node) in items.iter().enumerate() {
        match entry(reader, node, &format!("model_list[{index}]"), context, &mut ids) {
            Some(Ok(model)) => models.push(*model),
            Some(Err(name)) => left_out.push(name),
            None => {}
        }
    }
    (models, left_out)
}

/// A deployment, or the name of one that cannot be.
type Entry = Result<Box<ModelEntry>, String>;

fn entry(reader: &mut Reader<'_>, node: &Node, path: &str, context: &Context<'_>, ids: &mut Ids) -> Option<Entry> {
    if node.is_null() {
        reader.wrong_type(node, path, "a deployment");
        return None;
    }
    let section = reader.section(node, &ENTRY, path)?;
    reader.required(&section, "model_name");
    reader.required(&section, "litellm_params");
    let name = reader.text(&section, "model_name").map(|text| text.value.to_string());
    let name = name.filter(|name| endpoint::name_is_sound(reader, &section, "model_name", name));
    let (params_path, info_path) = (section.path("litellm_params"), section.path("model_info"));
    let params = section.get("litellm_params").and_then(|node| reader.section(node, &PARAMS, &params_path));
    let info = section.get("model_info").and_then(|node| reader.section(node, &MODEL_INFO, &info_path));
    let params = params?;
    let target = endpoint::read(reader, &params);
    let model_name = name?;
    let written_id = info.as_ref().and_then(|info| given_id(reader, info));
    let id = ids.take(reader, written_id, &model_name, &params);
    let mut read = rest(reader, &params, info.as_ref());
    let Some(target) = target else { return Some(Err(model_name)) };
    if target.upstream_model.contains('*') && !model_name.contains('*') {
        let key = params.path("model");
        let help = "write a `*` in model_name too, or name one upstream model";
        let node = params.get("model").unwrap_or(params.node);
        reader.error("MR1038", (node, &key), "`*` stands for what model_name's `*` took, and it has none", help);
        return None;
    }
    let at = node.at;
    read.model_name = model_name;
    read.id = id;
    read.place = context.place(at);
    Some(Ok(Box::new(target.put_into(read))))
}

/// Everything but the name, the id and the target, which the caller fills in.
fn rest(reader: &mut Reader<'_>, params: &Section<'_>, info: Option<&Section<'_>>) -> ModelEntry {
    let mut order = reader.integer(params, "order");
    let mut cooldown_time = reader.seconds(params, "cooldown_time");
    let mut allowed_fails = reader.count_u32(params, "allowed_fails");
    let retries = reader.count_u32(params, "num_retries");
    let max_retries = reader.count_u32(params, "max_retries").or(retries);
    let mut model_info = ModelInfo::default();
    if let Some(info) = info {
        order = order.or(reader.integer(info, "order"));
        cooldown_time = cooldown_time.or(reader.seconds(info, "cooldown_time"));
        allowed_fails = allowed_fails.or(reader.count_u32(info, "allowed_fails"));
        model_info = ModelInfo {
            mode: reader.text(info, "mode").map(|text| text.value.to_string()),
            base_model: reader.text(info, "base_model").map(|text| text.value.to_string()),
            extras: extras(reader, info),
        };
    }
    ModelEntry {
        timeout: reader.seconds(params, "timeout"),
        stream_timeout: reader.seconds(params, "stream_timeout"),
        max_retries,
        weight: reader.number(params, "weight"),
        rpm: reader.count(params, "rpm"),
        tpm: reader.count(params, "tpm"),
        order,
        extra_headers: headers::read(reader, params),
        extra_body: free(reader, params, "extra_body"),
        default_params: default_params(reader, params),
        drop_params: reader.flag(params, "drop_params"),
        use_in_pass_through: reader.flag(params, "use_in_pass_through").unwrap_or(false),
        additional_drop_params: texts(reader, params, "additional_drop_params"),
        prices: pricing::read(reader, params, info),
        model_info,
        cooldown_time,
        allowed_fails,
        ..endpoint::blank()
    }
}

fn texts(reader: &mut Reader<'_>, section: &Section<'_>, name: &str) -> Vec<String> {
    reader.names(section, name).into_iter().map(|(name, _)| name).collect()
}

fn free(reader: &mut Reader<'_>, section: &Section<'_>, name: &str) -> JsonParams {
    let path = section.path(name);
    section.get(name).map(|node| json::params(reader, node, &path)).unwrap_or_default()
}

fn default_params(reader: &mut Reader<'_>, params: &Section<'_>) -> JsonParams {
    let mut found = JsonParams::default();
    for (key, node) in params.node.entries() {
        if REQUEST_PARAMS.contains(&key.text.as_str()) && !node.is_null() {
            let value = json::value(reader, node, &params.path(&key.text));
            found.0.insert(key.text.clone(), value);
        }
    }
    found
}

fn extras(reader: &mut Reader<'_>, info: &Section<'_>) -> JsonParams {
    let mut found = JsonParams::default();
    for (key, node) in info.node.entries() {
        let name = key.text.as_str();
        let spec = info.spec;
        if spec.find(name).is_none() && !(spec.also)(name) && spec.guard(name).is_none() {
            found.0.insert(key.text.clone(), json::value(reader, node, &info.path(name)));
        }
    }
    found
}

/// `model_info.id`: goes into a response header, so it must fit into one. A number is taken as its digits.
fn given_id(reader: &mut Reader<'_>, info: &Section<'_>) -> Option<(String, crate::config::node::At)> {
    let path = info.path("id");
    let node = info.get("id")?;
    let text = reader.scalar(node, &path, "a text")?;
    if text.value.is_empty() || text.value.len() > 128 || !text.value.bytes().all(|byte| byte.is_ascii_graphic()) {
        let help = "an id has 1 to 128 visible ASCII characters, since it is sent in a header";
        reader.error("MR1030", (node, &path), &format!("`{path}` is no usable id"), help);
        return None;
    }
    Some((text.value.to_string(), node.at))
}

/// The ids handed out so far.
#[derive(Default)]
struct Ids {
    given: HashMap<String, u32>,
    hashed: HashMap<String, u32>,
}

impl Ids {
    fn take(
        &mut self,
        reader: &mut Reader<'_>,
        given: Option<(String, crate::config::node::At)>,
        model_name: &str,
        params: &Section<'_>,
    ) -> String {
        let Some((id, at)) = given else { return self.hash(model_name, params) };
        if let Some(line) = self.given.insert(id.clone(), at.line) {
            let message = format!("the id `{id}` is also given on line {line}");
            let finding =
                crate::config::finding::Finding::error("MR1035", at, &message, "give each deployment its own id");
            reader.found.push(finding.key("model_info.id"));
        }
        id
    }

    /// A hash over how the deployment is written. A credential goes in as its variable's name, or not at all: a hash
    /// over a key is something to guess against. Entries that differ in nothing else are told apart by their number.
    fn hash(&mut self, model_name: &str, params: &Section<'_>) -> String {
        let mut parts = vec![model_name.to_owned()];
        for name in ["model", "custom_llm_provider", "api_base", "base_url", "weight", "order", "rpm", "tpm"] {
            let scalar = params.get(name).and_then(Node::scalar);
            parts.push(scalar.map(|scalar| scalar.text.to_string()).unwrap_or_default());
        }
        // only where they are written: what most entries lack must not be in every entry's hash
        for name in
            ["api_version", "vertex_project", "vertex_location", "aws_region_name", "aws_bedrock_runtime_endpoint"]
        {
            let scalar = params.get(name).and_then(Node::scalar);
            parts.extend(scalar.map(|scalar| format!("{name}={}", scalar.text.as_str())));
        }
        let key = params.get("api_key").and_then(Node::scalar).map(|scalar| scalar.text.as_str());
        parts.push(key.and_then(crate::config::vars::reference).unwrap_or_default().to_owned());
        let base = digest(&parts);
        let count = self.hashed.entry(base.clone()).and_modify(|count| *count += 1).or_insert(0);
        if *count == 0 { base } else { digest(&[base, count.to_string()]) }
    }
}

/// 64 hex digits of the SHA-256 of the parts, each with its length in front, so that ("ab", "c") is not ("a", "bc").
fn digest(parts: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
