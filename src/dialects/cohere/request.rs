//! A body of `/v2/chat`.

use serde_json::{Map, Value, json};

use super::messages;
use crate::dialects::own::LACKING;
use crate::dialects::request::{Format, Reasoning, Request, Tool, ToolChoice};
use crate::dialects::{BadRequest, Did, Notes, Target, Written};
use crate::dialects::{custom, given, openai};

/// The provider's own parameters, as a caller of OpenAI's protocol gives them.
const OWN: [&str; 9] =
    ["citation_options", "documents", "k", "p", "priority", "raw_prompting", "safety_mode", "strict_tools", "thinking"];

/// The most sequences that it takes ("stop_sequences" of its reference).
const MOST_STOPS: usize = 5;

/// The body for `target`.
///
/// # Errors
/// A message holds what the dialect has no form for.
pub fn write(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let mut body = Map::new();
    body.insert("model".into(), target.model.into());
    let said = messages::write(&request.messages, target.model, &mut notes)?;
    body.insert("messages".into(), said.messages.into());
    body.insert("stream".into(), request.stream.into());
    tools(request, target, &mut body, &mut notes);
    sampling(request, &mut body, &mut notes);
    if let Some(format) = &request.format {
        let mut written = json!({"type": "json_object"});
        if let Format::JsonSchema { schema, .. } = format {
            written["json_schema"] = schema.clone();
        }
        body.insert("response_format".into(), written);
    }
    if let Some(reasoning) = &request.reasoning {
        thinking(reasoning, target.model, &mut body, &mut notes);
    }
    lost(request, &mut notes);
    for (name, value) in &request.rest {
        match OWN.contains(&name.as_str()) {
            true => {
                body.insert(name.clone(), value.clone());
            }
            false => notes.add(name, Did::Dropped, LACKING),
        }
    }
    if !said.documents.is_empty() {
        let mut documents = said.documents;
        if let Some(Value::Array(given)) = body.shift_remove("documents") {
            documents.extend(given);
        }
        body.insert("documents".into(), documents.into());
    }
    Ok(Written { body: Value::Object(body).to_string().into(), notes })
}

/// Functions; that one must be called is said by telling that one only.
fn tools(request: &Request, target: &Target<'_>, body: &mut Map<String, Value>, notes: &mut Notes) {
    let mut tools = openai::write_functions(&request.tools, target.model, notes);
    let strict = |tool: &Tool| matches!(tool, Tool::Function { strict: Some(true), .. });
    if !tools.is_empty() && request.tools.iter().all(strict) {
        body.insert("strict_tools".into(), true.into());
    }
    for tool in &mut tools {
        if let Some(function) = tool["function"].as_object_mut() {
            function.shift_remove("strict");
            // demanded here
            function.entry("parameters").or_insert_with(|| json!({"type": "object", "properties": {}}));
        }
    }
    let word = match custom::choice(request.tool_choice.as_ref()).as_deref() {
        None | Some(ToolChoice::Auto) => None,
        Some(ToolChoice::None) => Some("NONE"),
        Some(ToolChoice::Required) => Some("REQUIRED"),
        Some(ToolChoice::Function(name)) => {
            tools.retain(|tool| tool["function"]["name"] == *name);
            notes.add("tool_choice", Did::Renamed, "REQUIRED, and no other tool is told");
            Some("REQUIRED")
        }
        Some(ToolChoice::Native(_)) => {
            notes.add("tool_choice", Did::Dropped, "the provider has no such choice");
            None
        }
    };
    if tools.is_empty() {
        if word == Some("REQUIRED") {
            notes.add("tool_choice", Did::Dropped, "there are no tools");
        }
        return;
    }
    body.insert("tools".into(), tools.into());
    body.extend(word.map(|word| ("tool_choice".to_owned(), word.into())));
    given::lacking(&[given::PARALLEL_TOOL_CALLS], LACKING, request, notes);
}

fn sampling(request: &Request, body: &mut Map<String, Value>, notes: &mut Notes) {
    let numbers = [
        ("max_tokens", &request.max_tokens),
        ("temperature", &request.temperature),
        ("p", &request.top_p),
        ("k", &request.top_k),
        ("seed", &request.seed),
        ("presence_penalty", &request.presence_penalty),
        ("frequency_penalty", &request.frequency_penalty),
    ];
    given::numbers(numbers, body);
    body.extend(request.logprobs.map(|logprobs| ("logprobs".to_owned(), logprobs.into())));
    let stop = &request.stop[..request.stop.len().min(MOST_STOPS)];
    if stop.len() < request.stop.len() {
        notes.add("stop", Did::Clamped, "the first 5");
    }
    if !stop.is_empty() {
        body.insert("stop_sequences".into(), json!(stop));
    }
}

/// Models that think are named so; the others refuse the parameter.
fn thinking(reasoning: &Reasoning, model: &str, body: &mut Map<String, Value>, notes: &mut Notes) {
    let off = matches!(reasoning, Reasoning::Off) || *reasoning == Reasoning::Effort("none".into());
    let name = if matches!(reasoning, Reasoning::Effort(_)) { "reasoning_effort" } else { "thinking" };
    if !model.contains("reasoning") {
        if !off {
            notes.add(name, Did::Dropped, "the model does not think");
        }
        return;
    }
    let written = match reasoning {
        _ if off => json!({"type": "disabled"}),
        Reasoning::Budget(tokens) => json!({"type": "enabled", "token_budget": tokens}),
        Reasoning::Effort(_) => {
            notes.add(name, Did::Clamped, "thinking, without a degree");
            json!({"type": "enabled"})
        }
        _ => json!({"type": "enabled"}),
    };
    body.insert("thinking".into(), written);
}

fn lost(request: &Request, notes: &mut Notes) {
    let these = [given::N, given::LOGIT_BIAS, given::TOP_LOGPROBS, given::USER, given::SERVICE_TIER, given::METADATA];
    given::lacking(&these, LACKING, request, notes);
}
