//! A provider's body, written: for a model that only goes on with a text.

use serde_json::{Map, Value};

use super::super::request::{Content, Message, Request, Role, ToolChoice};
use super::super::{BadRequest, Did, Notes, Target, Written, given};

/// Fields that the model has no place for and that completions have.
const KNOWN: [&str; 4] = ["best_of", "echo", "stream_options", "suffix"];

/// The body for `target`.
///
/// # Errors
/// The conversation is more than one text of the user's: how turns and roles are told apart in a text is the model's own
/// convention, and a guess at it would be answered with nonsense.
pub fn write_request(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let mut body = Map::new();
    body.insert("model".into(), target.model.into());
    body.insert("prompt".into(), prompt(&request.messages, &mut notes)?.into());
    sampling(request, &mut body);
    body.extend(request.user.as_deref().map(|user| ("user".to_owned(), user.into())));
    lacking(request, &mut notes);
    for (name, value) in &request.rest {
        match KNOWN.contains(&name.as_str()) {
            true => drop(body.insert(name.clone(), value.clone())),
            false => notes.add(name, Did::Dropped, "text completions have no such parameter"),
        }
    }
    if request.stream {
        body.insert("stream".into(), true.into());
        if target.stream_usage {
            let options = body.entry("stream_options").or_insert_with(|| Map::new().into());
            if let Some(options) = options.as_object_mut() {
                options.insert("include_usage".into(), true.into());
            }
        }
    }
    Ok(Written { body: Value::Object(body).to_string().into(), notes })
}

fn prompt(messages: &[Message], notes: &mut Notes) -> Result<String, BadRequest> {
    let bad = |pointer: String| BadRequest {
        pointer,
        what: "The model goes on with one text: send one message of the user's, with nothing but text in it".into(),
    };
    let [Message { role: Role::User, parts, name }] = messages else { return Err(bad("/messages".into())) };
    if name.is_some() {
        notes.add("messages.name", Did::Dropped, "a text has no speakers");
    }
    let mut prompt = String::new();
    for (n, part) in parts.iter().enumerate() {
        if part.cache_control.is_some() {
            notes.add("messages.cache_control", Did::Dropped, "text completions have no such mark");
        }
        match &part.content {
            Content::Text { text, .. } => prompt.push_str(text),
            _ => return Err(bad(format!("/messages/0/content/{n}"))),
        }
    }
    Ok(prompt)
}

fn sampling(request: &Request, body: &mut Map<String, Value>) {
    let none = serde_json::Number::from(0);
    let logprobs = (request.logprobs == Some(true)).then(|| request.top_logprobs.clone().unwrap_or(none));
    let numbers = [
        ("max_tokens", &request.max_tokens),
        ("temperature", &request.temperature),
        ("top_p", &request.top_p),
        ("n", &request.n),
        ("seed", &request.seed),
        ("presence_penalty", &request.presence_penalty),
        ("frequency_penalty", &request.frequency_penalty),
        ("logprobs", &logprobs),
    ];
    given::numbers(numbers, body);
    body.extend(request.logit_bias.clone().map(|bias| ("logit_bias".to_owned(), bias)));
    if !request.stop.is_empty() {
        body.insert("stop".into(), request.stop.as_slice().into());
    }
}

/// What the model of a request has and a text completion has not.
fn lacking(request: &Request, notes: &mut Notes) {
    let why = "text completions have no such parameter";
    given::lacking(&[given::TOOLS], why, request, notes);
    if request.tools.is_empty() && request.tool_choice.as_ref().is_some_and(ToolChoice::demands) {
        notes.add("tool_choice", Did::Dropped, why);
    }
    let others = [given::RESPONSE_FORMAT, given::REASONING, given::TOP_K, given::SERVICE_TIER, given::METADATA];
    given::lacking(&others, why, request, notes);
}
