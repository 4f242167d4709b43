//! A provider's body, written.

use serde_json::{Map, Value, json};

use super::super::openai::{Takes, effort_of, lost_thought, object, tier};
use super::super::request::{Format, Reasoning, Request, ToolChoice};
use super::super::search::Search;
use super::super::{BadRequest, Did, Notes, Target, Written, given};
use super::{items_out, tools};

/// Fields that the model has no place for and that have the same name here as in chat completions (OpenAI's description,
/// `CreateResponse`).
const SAME: [&str; 7] = [
    "moderation",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "safety_identifier",
    "store",
    "truncation",
];

/// The least that OpenAI takes for `max_output_tokens` (its error: "expected a value >= 16").
const LEAST_TOKENS: u64 = 16;

/// The body for `target`.
///
/// # Errors
/// A message holds what the dialect has no form for.
pub fn write_request(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let takes = Takes::of(target.model);
    let mut body = Map::new();
    body.insert("model".into(), target.model.into());
    body.insert("input".into(), items_out::write(&request.messages, &mut notes)?.into());
    tooling(request, &mut body, &mut notes);
    sampling(request, &mut body, &mut notes);
    labels(request, &mut body, &mut notes);
    let mut text = request.format.as_ref().map(|format| object([("format", written_format(format))]));
    if let Some(verbosity) = request.rest.get("verbosity") {
        text.get_or_insert_with(|| json!({}))["verbosity"] = verbosity.clone();
    }
    body.extend(text.map(|text| ("text".to_owned(), text)));
    include(request, takes, &mut body);
    if let Some(effort) = request.reasoning.as_ref().and_then(|reasoning| effort(reasoning, takes, &mut notes)) {
        body.insert("reasoning".into(), object([("effort", effort.into())]));
    }
    for (name, value) in &request.rest {
        match name.as_str() {
            "verbosity" | "web_search_options" => {}
            same if SAME.contains(&same) => {
                body.insert(name.clone(), value.clone());
            }
            _ => notes.add(name, Did::Dropped, "the provider has no such parameter"),
        }
    }
    // kept by the provider unless told otherwise, which no caller of another protocol expects
    body.entry("store").or_insert(false.into());
    if request.stream {
        body.insert("stream".into(), true.into());
    }
    Ok(Written { body: Value::Object(body).to_string().into(), notes })
}

fn tooling(request: &Request, body: &mut Map<String, Value>, notes: &mut Notes) {
    let mut written = tools::write(&request.tools, notes);
    if let Some(options) = request.rest.get("web_search_options") {
        written.push(Search::of_options(options).of_responses(notes));
    }
    let choice = request.tool_choice.as_ref().and_then(|choice| tools::write_choice(choice, notes));
    if written.is_empty() {
        if request.tool_choice.as_ref().is_some_and(ToolChoice::demands) {
            notes.add("tool_choice", Did::Dropped, "there are no tools");
        }
        return;
    }
    body.insert("tools".into(), written.into());
    body.extend(choice.map(|choice| ("tool_choice".to_owned(), choice)));
    body.extend(request.parallel_tool_calls.map(|many| ("parallel_tool_calls".to_owned(), many.into())));
}

fn sampling(request: &Request, body: &mut Map<String, Value>, notes: &mut Notes) {
    let numbers = [("temperature", &request.temperature), ("top_p", &request.top_p)];
    given::numbers(numbers, body);
    if let Some(tokens) = &request.max_tokens {
        let clamped = tokens.as_u64().is_some_and(|tokens| tokens < LEAST_TOKENS);
        if clamped {
            notes.add("max_tokens", Did::Clamped, "16, the least");
        }
        let tokens = if clamped { LEAST_TOKENS.into() } else { tokens.clone() };
        body.insert("max_output_tokens".into(), Value::Number(tokens));
    }
    given::numbers([("top_logprobs", &request.top_logprobs)], body);
    let others = [
        given::TOP_K,
        given::STOP,
        given::N,
        given::SEED,
        given::PRESENCE_PENALTY,
        given::FREQUENCY_PENALTY,
        given::LOGIT_BIAS,
    ];
    given::lacking(&others, "responses have no such parameter", request, notes);
}

fn labels(request: &Request, body: &mut Map<String, Value>, notes: &mut Notes) {
    body.extend(request.user.as_deref().map(|user| ("user".to_owned(), user.into())));
    body.extend(
        request
            .service_tier
            .as_deref()
            .and_then(|word| tier::asked(word, notes))
            .map(|word| ("service_tier".to_owned(), word.into())),
    );
    if let Some(metadata) = &request.metadata {
        body.insert("metadata".into(), metadata.clone().into());
    }
}

/// What must be asked for to be told. Sealed thought only of models that think: others refuse the word.
fn include(request: &Request, takes: Takes, body: &mut Map<String, Value>) {
    let words = [
        ("reasoning.encrypted_content", takes.least_effort.is_some()),
        ("message.output_text.logprobs", request.logprobs == Some(true)),
    ];
    let words: Vec<&str> = words.into_iter().filter(|(_, wanted)| *wanted).map(|(word, _)| word).collect();
    if !words.is_empty() {
        body.insert("include".into(), words.into());
    }
}

fn written_format(format: &Format) -> Value {
    match format {
        Format::JsonObject => json!({"type": "json_object"}),
        Format::JsonSchema { name, description, schema, strict } => {
            let mut written = object([
                ("type", "json_schema".into()),
                ("name", name.as_deref().unwrap_or("answer").into()),
                ("schema", schema.clone()),
            ]);
            if let Some(description) = description {
                written["description"] = description.as_str().into();
            }
            if let Some(strict) = strict {
                written["strict"] = (*strict).into();
            }
            written
        }
    }
}

fn effort(reasoning: &Reasoning, takes: Takes, notes: &mut Notes) -> Option<String> {
    if takes.thoughtless() {
        lost_thought(reasoning, notes);
        return None;
    }
    match reasoning {
        Reasoning::Effort(word) => {
            notes.add("reasoning_effort", Did::Renamed, "reasoning.effort");
            Some(word.clone())
        }
        Reasoning::Budget(tokens) => {
            let word = effort_of(tokens.as_f64().unwrap_or_default());
            notes.add("thinking", Did::Renamed, &format!("reasoning.effort {word}"));
            Some(word.to_owned())
        }
        // to think as it finds fit is what a model does unasked
        Reasoning::Adaptive => {
            notes.add("thinking", Did::Renamed, "the model's own measure, unasked");
            None
        }
        Reasoning::Off => {
            let least = takes.least_effort?;
            let did = if least == "none" { Did::Renamed } else { Did::Clamped };
            notes.add("thinking", did, &format!("reasoning.effort {least}"));
            Some(least.to_owned())
        }
    }
}
