//! Whole answers in OpenAI's shapes: completions, embeddings, models, errors.

use super::media;
use crate::mock::{
    behaviour::Behaviour,
    choices::{Finish, Stop, UsagePlace},
    content::{argument_pieces, json_text, pieces, thought_pieces},
    job::{Endpoint, Job, NUMBER_MARK, Tokens},
    pictured::{pictures, sound},
    writer::Words,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::fmt::Write;

/// The whole answer to a job, as JSON.
pub fn whole(job: &Job<'_>) -> String {
    match job.endpoint {
        Endpoint::Chat => completion(job, "chat.completion", "chatcmpl-", chat_choice),
        Endpoint::Text => completion(job, "text_completion", "cmpl-", text_choice),
        Endpoint::Embeddings => embeddings(job),
        _ => media::whole(job),
    }
}

/// `chat.completion` and `text_completion`: all but the choices is the same.
fn completion(job: &Job<'_>, object: &str, prefix: &str, choice: fn(&Job<'_>, u32) -> String) -> String {
    let choices: Vec<_> = (0..job.choices()).map(|i| choice(job, i)).collect();
    let tokens = completion_tokens(job);
    let usage = match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        _ => format!("\"usage\":{},", usage(job, tokens, tokens)),
    };
    format!(
        "{{\"id\":\"{prefix}{NUMBER_MARK}\",\"object\":\"{object}\",\"created\":{},{}\"choices\":[{}],{usage}{}\
         \"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\"}}",
        job.created,
        job.model_field(),
        choices.join(","),
        job.extra_field("answer"),
    )
}

/// One token per piece of content or thought, over all choices.
pub fn completion_tokens(job: &Job<'_>) -> u64 {
    let behaviour = job.behaviour;
    let calls = argument_pieces(behaviour).len() * behaviour.tool_calls as usize;
    let text = if has_content(behaviour) { pieces(behaviour, job.text()).len() } else { 0 };
    let thought = if job.endpoint != Endpoint::Text { thought_pieces(behaviour).len() } else { 0 };
    (calls + text + thought) as u64 * u64::from(job.choices())
}

/// Whether there is content, or tool calls alone.
pub fn has_content(behaviour: &Behaviour) -> bool {
    (behaviour.tool_calls == 0 && behaviour.sound == 0) || behaviour.text_too
}

fn chat_choice(job: &Job<'_>, index: u32) -> String {
    let behaviour = job.behaviour;
    let refused = behaviour.stop == Stop::Refusal;
    let text = format!("\"{}\"", pieces(behaviour, job.text()).concat());
    let content = if has_content(behaviour) && !refused { text.as_str() } else { "null" };
    let refusal = if refused { format!("\"refusal\":{text},") } else { job.null_field("refusal") };
    let thought = match behaviour.thinking {
        0 => String::new(),
        _ => format!("\"reasoning_content\":\"{}\",", thought_pieces(behaviour).concat()),
    };
    let calls: Vec<_> = (0..behaviour.tool_calls).map(|i| tool_call(behaviour, i)).collect();
    let calls = if calls.is_empty() { String::new() } else { format!("\"tool_calls\":[{}],", calls.join(",")) };
    let media: String = media_members(job).iter().map(|member| format!("{member},")).collect();
    format!(
        "{{\"index\":{index},\"message\":{{{refusal}{}{thought}{calls}{media}\"role\":\"assistant\",\"content\":{content}{}}},\
         {}{}\"finish_reason\":{}}}",
        job.extra_field("message"),
        if job.behaviour.nulls { ",\"annotations\":[]" } else { "" },
        job.null_field("logprobs"),
        job.extra_field("choice"),
        finish_reason(job.behaviour),
    )
}

/// Members of a message that are pictures and sound; what is said in it is the content that there would be without.
fn media_members(job: &Job<'_>) -> Vec<String> {
    let behaviour = job.behaviour;
    let mut members = Vec::new();
    let pictures: Vec<_> = pictures(behaviour).iter().enumerate().map(|(n, data)| picture(n, data)).collect();
    if !pictures.is_empty() {
        members.push(format!("\"images\":[{}]", pictures.join(",")));
    }
    if behaviour.sound > 0 {
        let (data, said) = (sound(behaviour), pieces(behaviour, job.text()).concat());
        let expires_at = job.created + 3600;
        members.push(format!(
            "\"audio\":{{\"id\":\"audio_{NUMBER_MARK}\",\"data\":\"{data}\",\"expires_at\":{expires_at},\"transcript\":\"{said}\"}}"
        ));
    }
    members
}

/// A picture as OpenRouter has it.
pub fn picture(n: usize, data: &str) -> String {
    format!("{{\"type\":\"image_url\",\"image_url\":{{\"url\":\"data:image/png;base64,{data}\"}},\"index\":{n}}}")
}

fn text_choice(job: &Job<'_>, index: u32) -> String {
    let text = pieces(job.behaviour, job.text()).concat();
    let finish = finish_reason(job.behaviour);
    format!("{{\"text\":\"{text}\",\"index\":{index},{}\"finish_reason\":{finish}}}", job.null_field("logprobs"))
}

fn tool_call(behaviour: &Behaviour, i: u32) -> String {
    let arguments = argument_pieces(behaviour).concat();
    format!(
        "{{\"id\":\"call_{i}_{NUMBER_MARK}\",\"type\":\"function\",\
         \"function\":{{\"name\":\"tool_{i}\",\"arguments\":\"{arguments}\"}}}}"
    )
}

/// The finish reason as JSON.
pub fn finish_reason(behaviour: &Behaviour) -> &'static str {
    match (behaviour.finish, behaviour.stop, behaviour.tool_calls) {
        (Finish::Missing, ..) => "null",
        (_, Stop::Length | Stop::Window | Stop::Pause, _) => "\"length\"",
        (_, Stop::Filter, _) => "\"content_filter\"",
        (_, Stop::Auto, 1..) => "\"tool_calls\"",
        _ => "\"stop\"",
    }
}

/// The usage object when `done` of `all` completion tokens are there. What is written to a cache is not told.
pub fn usage(job: &Job<'_>, done: u64, all: u64) -> String {
    let Tokens { prompt, completion, total, cached, reasoning, .. } = job.tokens(done, all);
    format!(
        "{{\"prompt_tokens\":{prompt},\"completion_tokens\":{completion},\"total_tokens\":{total},\
         \"prompt_tokens_details\":{{\"cached_tokens\":{cached},\"audio_tokens\":0}},\
         \"completion_tokens_details\":{{\"reasoning_tokens\":{reasoning},\"audio_tokens\":0,\
         \"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}}"
    )
}

fn embeddings(job: &Job<'_>) -> String {
    let dimensions = job.asked.dimensions.unwrap_or(job.behaviour.dimensions).clamp(1, 65_536);
    let base64 = job.asked.encoding_format.as_deref() == Some("base64");
    let one = |index: u32| {
        let vector = vector(index, dimensions);
        let embedding = if base64 { as_base64(&vector) } else { as_floats(&vector) };
        format!("{{\"object\":\"embedding\",\"index\":{index},{}\"embedding\":{embedding}}}", job.extra_field("item"))
    };
    let data: Vec<_> = (0..job.asked.input.0.min(2048)).map(one).collect();
    let prompt = job.behaviour.prompt_tokens.unwrap_or(job.body_len as u64 / 4);
    let usage = match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        UsagePlace::Negative => "\"usage\":{\"prompt_tokens\":-7,\"total_tokens\":-7},".to_owned(),
        _ => format!("\"usage\":{{\"prompt_tokens\":{prompt},\"total_tokens\":{prompt}}},"),
    };
    let data = data.join(",");
    format!("{{\"object\":\"list\",{}{usage}\"data\":[{data}]}}", job.model_field())
}

/// A vector as a list of numbers.
pub fn floats(index: u32, dimensions: u32) -> String {
    as_floats(&vector(index, dimensions))
}

/// Numbers between -1 and 1 that are exact in binary, so that both encodings say the same.
pub fn vector(index: u32, dimensions: u32) -> Vec<f32> {
    let step = |i: u32| ((i.wrapping_mul(37).wrapping_add(index * 11)) % 257) as u16;
    (0..dimensions).map(|i| (f32::from(step(i)) - 128.0) / 256.0).collect()
}

fn as_base64(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    format!("\"{}\"", STANDARD.encode(bytes))
}

/// Numbers as JSON.
pub fn as_floats(vector: &[f32]) -> String {
    let mut out = String::from("[");
    for (i, number) in vector.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{number}");
    }
    out + "]"
}

/// The list of models.
pub fn models(names: &[String], created: u64) -> String {
    let all: Vec<_> = names.iter().map(|name| model(name, created)).collect();
    format!("{{\"object\":\"list\",\"data\":[{}]}}", all.join(","))
}

/// One model.
pub fn model(name: &str, created: u64) -> String {
    let name = json_text(name);
    format!("{{\"id\":\"{name}\",\"object\":\"model\",\"created\":{created},\"owned_by\":\"mock\"}}")
}

/// An error in OpenAI's shape.
pub fn error(status: u16, words: Words<'_>) -> String {
    let (own_kind, own_code, own_message) = error_words(status);
    let code = words.code.or(own_code);
    let message = words.message.unwrap_or_else(|| code.and_then(code_message).unwrap_or(own_message));
    let text = |word: Option<&str>| word.map_or_else(|| "null".to_owned(), |word| format!("\"{}\"", json_text(word)));
    format!(
        "{{\"error\":{{\"message\":{},\"type\":{},\"param\":{},\"code\":{}}}}}",
        text(Some(message)),
        text(words.kind.or(Some(own_kind))),
        text(words.param),
        text(code)
    )
}

/// Type, code and message of a status.
fn error_words(status: u16) -> (&'static str, Option<&'static str>, &'static str) {
    match status {
        401 => ("invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided"),
        403 => ("invalid_request_error", Some("unsupported_country_region_territory"), "Not allowed"),
        404 => ("invalid_request_error", Some("model_not_found"), "The model does not exist"),
        408 => ("timeout_error", None, "Request timed out"),
        409 => ("conflict_error", None, "The request conflicts with another"),
        429 => ("rate_limit_error", Some("rate_limit_exceeded"), "Rate limit reached"),
        503 | 529 => ("server_error", None, "The engine is currently overloaded, please try again later"),
        500.. => ("server_error", None, "The server had an error while processing your request"),
        _ => ("invalid_request_error", None, "The request is wrong"),
    }
}

/// Messages of the codes that gateways look for.
fn code_message(code: &str) -> Option<&'static str> {
    match code {
        "context_length_exceeded" => Some("This model's maximum context length is 8192 tokens"),
        "content_filter" | "content_policy_violation" => Some("Your request was rejected by the safety system"),
        "insufficient_quota" => Some("You exceeded your current quota, please check your plan and billing details"),
        _ => None,
    }
}
