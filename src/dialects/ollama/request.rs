//! A body of `/api/chat`.

use serde_json::{Map, Value, json};

use super::messages;
use crate::dialects::own::LACKING;
use crate::dialects::request::{Format, Reasoning, Request, ToolChoice};
use crate::dialects::{BadRequest, Did, Notes, Target, Written};
use crate::dialects::{given, openai};

/// Options that OpenAI's protocol has no place for ("Valid Parameters and Values" of the Modelfile reference): given as
/// fields of the request, as LiteLLM's clients do, or in `options`.
const OPTIONS: [&str; 21] = [
    "draft_num_predict",
    "f16_kv",
    "low_vram",
    "main_gpu",
    "min_p",
    "mirostat",
    "mirostat_eta",
    "mirostat_tau",
    "num_batch",
    "num_ctx",
    "num_gpu",
    "num_keep",
    "num_predict",
    "num_thread",
    "penalize_newline",
    "repeat_last_n",
    "repeat_penalty",
    "tfs_z",
    "typical_p",
    "use_mlock",
    "use_mmap",
];

/// Members of the body itself.
const OWN: [&str; 2] = ["keep_alive", "truncate"];

/// The body for `target`.
///
/// # Errors
/// A message holds what the dialect has no form for.
pub fn write(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let mut body = Map::new();
    body.insert("model".into(), target.model.into());
    body.insert("messages".into(), messages::write(&request.messages, target.model, &mut notes)?.into());
    // unsaid, it streams
    body.insert("stream".into(), request.stream.into());
    tools(request, target, &mut body, &mut notes);
    if let Some(format) = &request.format {
        let format = match format {
            Format::JsonObject => "json".into(),
            Format::JsonSchema { schema, .. } => schema.clone(),
        };
        body.insert("format".into(), format);
    }
    if let Some(reasoning) = &request.reasoning {
        body.insert("think".into(), think(reasoning, target.model, &mut notes));
    }
    body.extend(request.logprobs.map(|logprobs| ("logprobs".to_owned(), logprobs.into())));
    given::numbers([("top_logprobs", &request.top_logprobs)], &mut body);
    let mut options = options(request);
    lost(request, &mut notes);
    rest(request, &mut body, &mut options, &mut notes);
    if !options.is_empty() {
        body.insert("options".into(), options.into());
    }
    Ok(Written { body: Value::Object(body).to_string().into(), notes })
}

/// There is no choice of tools: `none` leaves them out, and a demand for a call cannot be made.
fn tools(request: &Request, target: &Target<'_>, body: &mut Map<String, Value>, notes: &mut Notes) {
    let tools = openai::write_functions(&request.tools, target.model, notes);
    match &request.tool_choice {
        None | Some(ToolChoice::Auto) => {}
        Some(ToolChoice::None) if tools.is_empty() => {}
        Some(ToolChoice::None) => return notes.add("tool_choice", Did::Renamed, "none: the tools are not told"),
        Some(_) => notes.add("tool_choice", Did::Dropped, LACKING),
    }
    if !tools.is_empty() {
        body.insert("tools".into(), tools.into());
    }
    given::lacking(&[given::PARALLEL_TOOL_CALLS], LACKING, request, notes);
}

/// A switch; for the models that have degrees of it, a degree.
fn think(reasoning: &Reasoning, model: &str, notes: &mut Notes) -> Value {
    let degrees = model.contains("gpt-oss");
    let word = match reasoning {
        Reasoning::Off => return false.into(),
        Reasoning::Effort(word) if word == "none" => return false.into(),
        Reasoning::Effort(word) => word.as_str(),
        Reasoning::Adaptive => return true.into(),
        Reasoning::Budget(tokens) => match tokens.as_f64().unwrap_or_default() {
            tokens if tokens < 2048.0 => "low",
            tokens if tokens < 4096.0 => "medium",
            _ => "high",
        },
    };
    let name = if matches!(reasoning, Reasoning::Effort(_)) { "reasoning_effort" } else { "thinking" };
    let degree = match word {
        "minimal" | "low" => "low",
        "medium" => "medium",
        _ => "high",
    };
    if degrees {
        if degree != word || name == "thinking" {
            notes.add(name, Did::Clamped, &format!("think {degree}"));
        }
        return degree.into();
    }
    notes.add(name, Did::Clamped, "think, without a degree");
    true.into()
}

fn options(request: &Request) -> Map<String, Value> {
    let numbers = [
        ("num_predict", &request.max_tokens),
        ("temperature", &request.temperature),
        ("top_p", &request.top_p),
        ("top_k", &request.top_k),
        ("seed", &request.seed),
        ("presence_penalty", &request.presence_penalty),
        ("frequency_penalty", &request.frequency_penalty),
    ];
    let mut options = Map::new();
    given::numbers(numbers, &mut options);
    if !request.stop.is_empty() {
        options.insert("stop".into(), json!(request.stop));
    }
    options
}

fn lost(request: &Request, notes: &mut Notes) {
    let these = [given::N, given::LOGIT_BIAS, given::USER, given::SERVICE_TIER, given::METADATA];
    given::lacking(&these, LACKING, request, notes);
}

/// What the model has no place for: the caller's own word counts over what a parameter of OpenAI's became.
fn rest(request: &Request, body: &mut Map<String, Value>, options: &mut Map<String, Value>, notes: &mut Notes) {
    for (name, value) in &request.rest {
        match (name.as_str(), value) {
            ("options", Value::Object(own)) => options.extend(own.clone()),
            ("think", value) => {
                body.insert("think".into(), value.clone());
            }
            (name, value) if OPTIONS.contains(&name) => {
                options.insert(name.to_owned(), value.clone());
            }
            (name, value) if OWN.contains(&name) => {
                body.insert(name.to_owned(), value.clone());
            }
            (name, _) => notes.add(name, Did::Dropped, LACKING),
        }
    }
}
