//! A provider's body, written.

use serde_json::{Map, Value, json};

use super::super::request::{Format, Reasoning, Request, ToolChoice};
use super::super::search::Search;
use super::super::{BadRequest, Did, Notes, Target, Written};
use super::super::{given, speech};
use super::names::Takes;
use super::{messages_out, tier, tools};

/// Fields that the model has no place for and that this dialect knows: OpenAI's (its description,
/// `CreateChatCompletionRequest`), then what vLLM, SGLang, OpenRouter, Mistral and DashScope add.
const KNOWN: [&str; 34] = [
    "audio",
    "modalities",
    "moderation",
    "prediction",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "response_format",
    "safety_identifier",
    "store",
    "stream_options",
    "verbosity",
    "web_search_options",
    "chat_template_kwargs",
    "enable_thinking",
    "guided_choice",
    "guided_grammar",
    "guided_json",
    "guided_regex",
    "ignore_eos",
    "include_reasoning",
    "length_penalty",
    "min_p",
    "min_tokens",
    "plugins",
    "random_seed",
    "reasoning",
    "repetition_penalty",
    "safe_prompt",
    "skip_special_tokens",
    "stop_token_ids",
    "structured_outputs",
    "thinking_budget",
    "top_a",
];

/// How many of [`KNOWN`] are OpenAI's own.
const OPENAI_OWN: usize = 13;

/// What Google's callers ask for besides text, under the names that it has in [`Request::rest`].
const MODALITIES: &str = "generationConfig.responseModalities";
const SPEECH: &str = "generationConfig.speechConfig";

/// OpenAI's most for `stop` (its description, `StopConfiguration`).
const MOST_STOPS: usize = 4;

/// The body for `target`.
///
/// # Errors
/// A message holds what the dialect has no form for.
pub fn write_request(request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    let mut notes = Notes::default();
    let takes = Takes::of(target.model);
    let mut body = Map::new();
    body.insert("model".into(), target.model.into());
    body.insert("messages".into(), messages_out::write(&request.messages, takes, &mut notes)?.into());
    tooling(request, &takes, &mut body, &mut notes);
    sampling(request, &takes, &mut body, &mut notes);
    labels(request, &mut body, &mut notes);
    if let Some(format) = &request.format {
        body.insert("response_format".into(), response_format(format));
    }
    if let Some(reasoning) = &request.reasoning {
        thinking(reasoning, &takes, &mut body, &mut notes);
    }
    rest(request, &takes, &mut body, &mut notes);
    if request.stream {
        body.insert("stream".into(), true.into());
        if target.stream_usage {
            let mut options = match body.shift_remove("stream_options") {
                Some(Value::Object(options)) => options,
                _ => Map::new(),
            };
            options.insert("include_usage".into(), true.into());
            body.insert("stream_options".into(), options.into());
        }
    }
    Ok(Written { body: Value::Object(body).to_string().into(), notes })
}

fn tooling(request: &Request, takes: &Takes, body: &mut Map<String, Value>, notes: &mut Notes) {
    let searched = request.tools.iter().filter(|_| takes.searches).find_map(Search::of);
    if let Some(search) = searched {
        body.insert("web_search_options".into(), search.options(notes));
    }
    let others = request.tools.iter().filter(|tool| !takes.searches || Search::of(tool).is_none());
    let tools: Vec<Value> = others.filter_map(|tool| tools::write(tool, takes, notes)).collect();
    let choice = request.tool_choice.as_ref().and_then(|choice| tools::write_choice(choice, takes, notes));
    if tools.is_empty() {
        // OpenAI refuses both where there are no tools; only a demand for a call means something there
        if request.tool_choice.as_ref().is_some_and(ToolChoice::demands) {
            notes.add("tool_choice", Did::Dropped, "there are no tools");
        }
        return;
    }
    body.insert("tools".into(), tools.into());
    body.extend(choice.map(|choice| ("tool_choice".to_owned(), choice)));
    body.extend(request.parallel_tool_calls.map(|many| ("parallel_tool_calls".to_owned(), many.into())));
}

fn sampling(request: &Request, takes: &Takes, body: &mut Map<String, Value>, notes: &mut Notes) {
    let limit = if takes.completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    let numbers = [
        (limit, &request.max_tokens),
        ("temperature", &request.temperature),
        ("top_p", &request.top_p),
        ("n", &request.n),
        ("seed", &request.seed),
        ("presence_penalty", &request.presence_penalty),
        ("frequency_penalty", &request.frequency_penalty),
        ("top_logprobs", &request.top_logprobs),
    ];
    given::numbers(numbers, body);
    match &request.top_k {
        Some(_) if takes.only_openai => notes.add("top_k", Did::Dropped, "OpenAI has no such parameter"),
        Some(number) => {
            body.insert("top_k".into(), Value::Number(number.clone()));
        }
        None => {}
    }
    body.extend(request.logprobs.map(|logprobs| ("logprobs".to_owned(), logprobs.into())));
    body.extend(request.logit_bias.clone().map(|bias| ("logit_bias".to_owned(), bias)));
    let mut stop = request.stop.as_slice();
    if takes.only_openai && stop.len() > MOST_STOPS {
        stop = &stop[..MOST_STOPS];
        notes.add("stop", Did::Clamped, "the first 4");
    }
    match stop {
        [] => {}
        [one] => {
            body.insert("stop".into(), one.as_str().into());
        }
        many => {
            body.insert("stop".into(), many.into());
        }
    }
}

fn labels(request: &Request, body: &mut Map<String, Value>, notes: &mut Notes) {
    body.extend(request.user.as_deref().map(|user| ("user".to_owned(), user.into())));
    let tier = request.service_tier.as_deref().and_then(|word| tier::asked(word, notes));
    body.extend(tier.map(|tier| ("service_tier".to_owned(), tier.into())));
    if let Some(metadata) = &request.metadata {
        body.insert("metadata".into(), metadata.clone().into());
    }
}

fn response_format(format: &Format) -> Value {
    match format {
        Format::JsonObject => json!({"type": "json_object"}),
        Format::JsonSchema { name, description, schema, strict } => {
            // a name is demanded here, and not everywhere
            let mut inner = json!({"name": name.as_deref().unwrap_or("answer"), "schema": schema});
            if let Some(description) = description {
                inner["description"] = description.as_str().into();
            }
            if let Some(strict) = strict {
                inner["strict"] = (*strict).into();
            }
            json!({"type": "json_schema", "json_schema": inner})
        }
    }
}

/// Thinking: in Anthropic's words where the model takes them, or else as an effort.
fn thinking(reasoning: &Reasoning, takes: &Takes, body: &mut Map<String, Value>, notes: &mut Notes) {
    let mut effort = |word: &str| body.insert("reasoning_effort".into(), word.into());
    if takes.thoughtless() {
        return lost_thought(reasoning, notes);
    }
    match reasoning {
        Reasoning::Effort(word) => {
            effort(word);
        }
        _ if takes.cache_control => {
            let thinking = match reasoning {
                Reasoning::Budget(tokens) => json!({"type": "enabled", "budget_tokens": tokens}),
                Reasoning::Off => json!({"type": "disabled"}),
                _ => json!({"type": "adaptive"}),
            };
            body.insert("thinking".into(), thinking);
        }
        Reasoning::Budget(tokens) => {
            let word = effort_of(tokens.as_f64().unwrap_or_default());
            effort(word);
            notes.add("thinking", Did::Renamed, &format!("reasoning_effort {word}"));
        }
        // to think as it finds fit is what a model does unasked
        Reasoning::Adaptive => notes.add("thinking", Did::Renamed, "the model's own measure, unasked"),
        Reasoning::Off => match takes.least_effort {
            None => {}
            Some("none") => {
                effort("none");
                notes.add("thinking", Did::Renamed, "reasoning_effort none");
            }
            Some(least) => {
                effort(least);
                notes.add("thinking", Did::Clamped, &format!("reasoning_effort {least}: it cannot be turned off"));
            }
        },
    }
}

/// A model of OpenAI's that does not think: its API refuses the parameter. To be left alone is what it is anyhow.
pub fn lost_thought(reasoning: &Reasoning, notes: &mut Notes) {
    match reasoning {
        Reasoning::Off => {}
        Reasoning::Effort(word) if word == "none" => {}
        Reasoning::Adaptive => notes.add("thinking", Did::Renamed, "the model's own measure, unasked"),
        Reasoning::Effort(_) => notes.add("reasoning_effort", Did::Dropped, "this model does not think"),
        Reasoning::Budget(_) => notes.add("thinking", Did::Dropped, "this model does not think"),
    }
}

/// The effort whose budget fits: LiteLLM gives low 1,024, medium 2,048 and high 4,096 tokens the other way.
pub fn effort_of(budget: f64) -> &'static str {
    match budget {
        tokens if tokens < 2048.0 => "low",
        tokens if tokens < 4096.0 => "medium",
        _ => "high",
    }
}

/// What Google's callers ask an answer to be made of; OpenAI's own models make no pictures in chats. Tells whether it is carried.
fn modalities(
    value: &Value,
    request: &Request,
    takes: &Takes,
    body: &mut Map<String, Value>,
    notes: &mut Notes,
) -> bool {
    let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
    if words.is_empty() || (takes.only_openai && words.iter().any(|word| word == "image")) {
        return false;
    }
    if words.iter().any(|word| word == "audio") {
        body.insert("audio".into(), speech::audio(request.rest.get(SPEECH), notes));
    }
    notes.add(MODALITIES, Did::Renamed, "modalities");
    body.insert("modalities".into(), words.into());
    true
}

/// What the model has no place for: carried if this dialect knows it, noted if not.
fn rest(request: &Request, takes: &Takes, body: &mut Map<String, Value>, notes: &mut Notes) {
    let known = if takes.only_openai { &KNOWN[..OPENAI_OWN] } else { &KNOWN[..] };
    for (name, value) in &request.rest {
        if name == MODALITIES && modalities(value, request, takes, body, notes)
            || (name == SPEECH && body.contains_key("audio"))
        {
            continue;
        }
        if known.contains(&name.as_str()) && !body.contains_key(name) {
            body.insert(name.clone(), value.clone());
        } else {
            notes.add(name, Did::Dropped, "the provider has no such parameter");
        }
    }
}
