//! The provider's body, written: parameters here, the conversation in `turns.rs`.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Number, Value, json};

use super::blocks::Said;
use super::closing::{CLOSED, close};
use super::models::{Sampling, Traits, traits_of};
use super::thinking::{self, Thought};
use super::turns::{self, Turn};
use super::{fields, tools};
use crate::dialects::request::{Format, Request};
use crate::dialects::{BadRequest, Did, Notes, Target, Written};

/// The body, in the order of Anthropic's examples: what is the same from turn to turn stands first.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    max_tokens: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<Said<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Value>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// Parameters of this API that have no place in [`Request`], passed under their own names (its reference and the beta
/// parameters of its SDK). `thinking` and `output_config` are among them, but are merged with what is written here.
const NATIVE: [&str; 10] = [
    "cache_control",
    "container",
    "context_management",
    "diagnostics",
    "fallback_credit_token",
    "fallbacks",
    "inference_geo",
    "mcp_servers",
    "speed",
    "user_profile_id",
];

/// Anthropic's place for an effort and a format.
pub const OUTPUT: &str = "output_config";

/// What is met where it stands: usage always comes, and so does text.
const MET: [&str; 2] = ["stream_options", "web_search_options"];

/// Writes a body of `POST /v1/messages`.
///
/// # Errors
/// Something of the conversation cannot be said in this API, and to leave it out would change what is asked.
pub fn write_request(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let traits = traits_of(target.model);
    let (system, messages) = turns::write(&request.messages, traits.mid_system, &mut notes)?;
    let tools = tools::write(request, &mut notes);
    let thought = thinking::decide(request, target, traits, &mut notes);
    let mut more = Map::new();
    sampling(request, traits, thought.is_on(), &mut more, &mut notes);
    stop(request, &mut more, &mut notes);
    output(request, traits, &thought, &mut more, &mut notes);
    person(request, &mut more, &mut notes);
    tier(request, &mut more, &mut notes);
    more.extend(tools::choice(request, !tools.is_empty(), &mut notes).map(|choice| ("tool_choice".into(), choice)));
    if request.stream {
        more.insert("stream".into(), true.into());
    }
    native(&request.rest, &mut more, &mut notes);
    absent(request, &mut notes);
    let Thought { max_tokens, thinking, .. } = thought;
    more.extend(thinking.map(|thinking| ("thinking".into(), thinking)));
    let body = Body { model: target.model, max_tokens, system, messages, tools, more };
    let body = serde_json::to_vec(&body).map_err(|why| fields::bad("", format!("cannot be written as JSON: {why}")))?;
    Ok(Written { body: Bytes::from(body), notes })
}

/// Thought wants the default temperature, no `top_k`, and a `top_p` of at least 0.95 (Anthropic's page "Thinking").
pub fn sampling(request: &Request, traits: Traits, thinks: bool, more: &mut Map<String, Value>, notes: &mut Notes) {
    let fixed = traits.sampling == Sampling::Fixed;
    let why = if fixed { "this model is not sampled by parameters" } else { "not together with thought" };
    let is = |number: &Number, value: f64| number.as_f64() == Some(value);
    match &request.temperature {
        Some(number) if (fixed || thinks) && !is(number, 1.0) => notes.add("temperature", Did::Dropped, why),
        Some(number) if number.as_f64().is_some_and(|value| value > 1.0) => {
            notes.add("temperature", Did::Clamped, "1, the most");
            more.insert("temperature".into(), 1.into());
        }
        Some(number) if !fixed => drop(more.insert("temperature".into(), number.clone().into())),
        _ => {}
    }
    match &request.top_p {
        Some(number) if is(number, 1.0) && (fixed || more.contains_key("temperature")) => {}
        Some(_) if fixed => notes.add("top_p", Did::Dropped, why),
        Some(number) if thinks && number.as_f64().is_some_and(|value| value < 0.95) => {
            notes.add("top_p", Did::Dropped, why);
        }
        Some(_) if traits.sampling == Sampling::OneOf && more.contains_key("temperature") => {
            notes.add("top_p", Did::Dropped, "this model takes temperature or top_p, not both");
        }
        Some(number) => drop(more.insert("top_p".into(), number.clone().into())),
        None => {}
    }
    match &request.top_k {
        Some(_) if fixed || thinks => notes.add("top_k", Did::Dropped, why),
        Some(number) => drop(more.insert("top_k".into(), number.clone().into())),
        None => {}
    }
}

/// The API refuses stop sequences of white space only.
fn stop(request: &Request, more: &mut Map<String, Value>, notes: &mut Notes) {
    let (kept, blank): (Vec<_>, Vec<_>) = request.stop.iter().partition(|text| !text.trim().is_empty());
    if !blank.is_empty() {
        notes.add("stop", Did::Dropped, "white space only");
    }
    if !kept.is_empty() {
        notes.add("stop", Did::Renamed, "stop_sequences");
        more.insert("stop_sequences".into(), json!(kept));
    }
}

/// `output_config`: the caller's own members, the effort and the format.
fn output(request: &Request, traits: Traits, thought: &Thought, more: &mut Map<String, Value>, notes: &mut Notes) {
    let mut config = own_config(&request.rest);
    config.extend(thought.effort.map(|effort| ("effort".into(), effort.into())));
    match &request.format {
        Some(Format::JsonObject) => {
            notes.add("response_format", Did::Dropped, "JSON without a schema cannot be demanded; give a json_schema");
        }
        Some(Format::JsonSchema { .. }) if !traits.structured => {
            notes.add("response_format", Did::Dropped, "this model has no structured outputs");
        }
        Some(Format::JsonSchema { schema, .. }) => {
            notes.add("response_format", Did::Renamed, "output_config.format");
            let mut schema = schema.clone();
            if close(&mut schema) {
                notes.add("response_format", Did::Clamped, CLOSED);
            }
            config.insert("format".into(), json!({ "type": "json_schema", "schema": schema }));
        }
        None => {}
    }
    if !config.is_empty() {
        more.insert(OUTPUT.into(), Value::Object(config));
    }
}

/// What the caller has in `output_config` and has no place elsewhere: read by this dialect's reader member by member, or
/// passed whole by a caller of another.
pub fn own_config(rest: &Map<String, Value>) -> Map<String, Value> {
    let mut config = match rest.get(OUTPUT) {
        Some(Value::Object(config)) => config.clone(),
        _ => Map::new(),
    };
    let members = rest.iter().filter_map(|(path, value)| Some((of_output(path)?.to_owned(), value.clone())));
    config.extend(members);
    config
}

/// The member of `output_config` that a path names.
pub fn of_output(path: &str) -> Option<&str> {
    path.strip_prefix(OUTPUT)?.strip_prefix('.')
}

/// `metadata` has a user's id and nothing else, and that must not be an address or a number to reach them by (Anthropic's
/// reference, `metadata.user_id`).
fn person(request: &Request, more: &mut Map<String, Value>, notes: &mut Notes) {
    let labels = request.metadata.as_ref();
    let labelled = labels.and_then(|labels| labels.get("user_id")).and_then(Value::as_str);
    if labels.is_some_and(|labels| labels.keys().any(|name| name != "user_id")) {
        notes.add("metadata", Did::Dropped, "user_id is the only label here");
    }
    match request.user.as_deref().or(labelled).filter(|user| !user.is_empty()) {
        Some(user) if is_personal(user) => {
            notes.add("user", Did::Dropped, "looks like an email address or a phone number, which this API forbids");
        }
        Some(user) => {
            notes.add("user", Did::Renamed, "metadata.user_id");
            more.insert("metadata".into(), json!({ "user_id": user }));
        }
        None => {}
    }
}

/// An address: something, `@`, something with a dot. A telephone number: 7 to 15 digits (ITU-T E.164) with nothing but
/// the signs it is written with, and a sign among them, for a bare number may be any id.
fn is_personal(user: &str) -> bool {
    let user = user.trim();
    let mail = user.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.trim_matches('.').contains('.') && !user.contains(char::is_whitespace)
    });
    let digits = user.chars().filter(char::is_ascii_digit).count();
    let signs = user.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '(' | ')' | '.' | '/'));
    mail || (signs && (7..=15).contains(&digits) && digits < user.chars().count())
}

fn tier(request: &Request, more: &mut Map<String, Value>, notes: &mut Notes) {
    let tier = match request.service_tier.as_deref() {
        Some(tier @ ("auto" | "standard_only")) => tier,
        Some("default") => {
            notes.add("service_tier", Did::Renamed, "standard_only");
            "standard_only"
        }
        Some("priority") => {
            notes.add("service_tier", Did::Clamped, "auto: priority where there is capacity of it");
            "auto"
        }
        Some(_) => return notes.add("service_tier", Did::Dropped, "this API has auto and standard_only"),
        None => return,
    };
    more.insert("service_tier".into(), tier.into());
}

fn native(rest: &Map<String, Value>, more: &mut Map<String, Value>, notes: &mut Notes) {
    for (name, value) in rest.iter().filter(|(_, value)| !value.is_null()) {
        let name = name.as_str();
        if NATIVE.contains(&name) {
            more.insert(name.into(), value.clone());
            continue;
        }
        let met = MET.contains(&name) || matches!(name, "thinking" | "thinking.display" | OUTPUT);
        let of_a_tool = name.starts_with(tools::MEMBERS) && value.is_object();
        if !met && !of_a_tool && of_output(name).is_none() {
            notes.add(name, Did::Dropped, "no such parameter here");
        }
    }
}

/// What OpenAI's API has and this has not. What asks for nothing is not missed.
pub fn absent(request: &Request, notes: &mut Notes) {
    let number = |value: &Option<Number>, nothing: f64| value.as_ref().is_some_and(|n| n.as_f64() != Some(nothing));
    let bias = request.logit_bias.as_ref().is_some_and(|bias| bias.as_object().is_none_or(|bias| !bias.is_empty()));
    for (name, asked) in [
        ("n", number(&request.n, 1.0)),
        ("seed", request.seed.is_some()),
        ("presence_penalty", number(&request.presence_penalty, 0.0)),
        ("frequency_penalty", number(&request.frequency_penalty, 0.0)),
        ("logit_bias", bias),
        ("logprobs", request.logprobs == Some(true)),
        ("top_logprobs", number(&request.top_logprobs, 0.0)),
    ] {
        if asked {
            notes.add(name, Did::Dropped, "no such parameter here");
        }
    }
}
