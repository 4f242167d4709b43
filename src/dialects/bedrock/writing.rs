//! The provider's body, written: parameters here, the conversation in `turns.rs`.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::fields::{self, FIELDS};
use super::turns::{self, Conversation, Turn};
use super::{Family, blocks::Block, format, thinking, tools};
use crate::dialects::anthropic::{self, OUTPUT, TOOL_MEMBERS, bad};
use crate::dialects::request::Request;
use crate::dialects::{BadRequest, Did, Notes, Target, Written};

/// The body. The model is in the path.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Members of Converse's own that a caller may write as they are (LiteLLM passes them too). What the operator's `extra_body`
/// has wins over them.
const NATIVE: [&str; 5] =
    ["guardrailConfig", "performanceConfig", "requestMetadata", "promptVariables", "additionalModelResponseFieldPaths"];

/// Writes a body of `POST /model/{id}/converse`, or of its stream: the same.
///
/// # Errors
/// Something of the conversation cannot be said in Converse, and to leave it out would change what is asked.
pub fn write_request(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    write_with_betas(request, target, &[])
}

/// The same, with Anthropic's betas among the model's own fields.
///
/// # Errors
/// As [`write_request`].
pub fn write_with_betas(request: &Request, target: &Target<'_>, betas: &[&str]) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let family = Family::of(target.model);
    let traits = anthropic::traits_of(target.model);
    let structured = family.claude && traits.structured;
    let Conversation { system, turns } = turns::write(&request.messages, family.caches(), &mut notes)?;
    let asked = format::ask(request, structured, &mut notes)?;
    let mut fields = fields::of(request)?;
    fields::put_betas(&mut fields, betas)?;
    let forced = asked.tool.is_some();
    let thought = thinking::decide(request, target, (family, traits, forced), (&mut fields, &mut notes))?;
    let takes = tools::Takes { caches: family.caches(), strict: structured };
    let mut more = Map::new();
    let mut config = Map::new();
    config.extend(thought.max_tokens.map(|tokens| ("maxTokens".to_owned(), tokens.into())));
    sampling(request, target.model, (thought.on, family), (&mut config, &mut fields, &mut notes))?;
    stop(request, family, (&mut config, &mut more), &mut notes);
    if !config.is_empty() {
        more.insert("inferenceConfig".into(), config.into());
    }
    more.extend(tools::config(request, asked.tool, takes, &mut notes).map(|config| ("toolConfig".into(), config)));
    more.extend(asked.output.map(|output| ("outputConfig".into(), output)));
    tier(request, &mut more, &mut notes);
    rest(request, family, &mut more, &mut notes);
    if !fields.is_empty() {
        more.insert(FIELDS.into(), fields.into());
    }
    let body = serde_json::to_vec(&Body { system, messages: turns, more });
    let body = body.map_err(|why| bad("", format!("cannot be written as JSON: {why}")))?;
    Ok(Written { body: Bytes::from(body), notes })
}

/// `inferenceConfig` has what all models share; `top_k` is each family's own.
fn sampling(
    request: &Request,
    model: &str,
    (thinks, family): (bool, Family),
    (config, fields, notes): (&mut Map<String, Value>, &mut Map<String, Value>, &mut Notes),
) -> Result<(), BadRequest> {
    let mut flat = Map::new();
    anthropic::sampling(request, anthropic::traits_of(model), thinks, &mut flat, notes);
    for (name, value) in flat {
        match name.as_str() {
            "top_p" => drop(config.insert("topP".into(), value)),
            "top_k" if family.nova => drop(fields::within(fields, "inferenceConfig")?.insert("topK".into(), value)),
            "top_k" => drop(fields.insert(name, value)),
            _ => drop(config.insert(name, value)),
        }
    }
    Ok(())
}

/// Which sequence was met, a Claude tells only if it is asked to.
fn stop(
    request: &Request,
    family: Family,
    (config, more): (&mut Map<String, Value>, &mut Map<String, Value>),
    notes: &mut Notes,
) {
    let (kept, blank): (Vec<_>, Vec<_>) = request.stop.iter().partition(|text| !text.trim().is_empty());
    if !blank.is_empty() {
        notes.add("stop", Did::Dropped, "white space only");
    }
    if !kept.is_empty() {
        notes.add("stop", Did::Renamed, "inferenceConfig.stopSequences");
        config.insert("stopSequences".into(), json!(kept));
        if family.claude {
            more.insert("additionalModelResponseFieldPaths".into(), json!(["/stop_sequence"]));
        }
    }
}

fn tier(request: &Request, more: &mut Map<String, Value>, notes: &mut Notes) {
    match request.service_tier.as_deref() {
        None | Some("auto") => {}
        Some(tier @ ("default" | "priority" | "flex" | "reserved")) => {
            more.insert("serviceTier".into(), json!({ "type": tier }));
        }
        Some("standard_only") => {
            notes.add("service_tier", Did::Renamed, "default");
            more.insert("serviceTier".into(), json!({ "type": "default" }));
        }
        Some(_) => notes.add("service_tier", Did::Dropped, "Bedrock has default, priority, flex and reserved"),
    }
}

/// What is Converse's own goes in as it is; what has no place is told.
fn rest(request: &Request, family: Family, more: &mut Map<String, Value>, notes: &mut Notes) {
    for (name, value) in request.rest.iter().filter(|(_, value)| !value.is_null()) {
        let name = name.as_str();
        let met = matches!(name, "stream_options" | "thinking" | "thinking.display" | FIELDS);
        let met = met || (family.claude && (name == OUTPUT || anthropic::of_output(name).is_some()));
        if NATIVE.contains(&name) {
            more.insert(name.into(), value.clone());
        } else if !met && !name.starts_with(TOOL_MEMBERS) {
            notes.add(name, Did::Dropped, "no such parameter here");
        }
    }
    if request.user.as_deref().is_some_and(|user| !user.is_empty()) {
        notes.add("user", Did::Dropped, "no such parameter here");
    }
    if request.metadata.as_ref().is_some_and(|labels| !labels.is_empty()) {
        notes.add("metadata", Did::Dropped, "Converse has requestMetadata, with narrower bounds");
    }
    anthropic::absent(request, notes);
}
