//! The shape of events and whole answers, as far as they are read, and their counts.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use millrace_actors::wire::scan;
use millrace_actors::wire::usage::Usage;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::dialects::event::{Citation, Reason};

/// A value that was not read yet; `null` counts as absent.
pub type Raw<'a> = Option<&'a RawValue>;

/// Tokens as they are told twice: as billed, and as they went through the model, which adds its own to the prompt.
#[derive(Deserialize)]
pub struct Counts<'a> {
    #[serde(borrow, default)]
    billed_units: Option<Billed<'a>>,
    #[serde(borrow, default)]
    tokens: Option<Billed<'a>>,
    #[serde(borrow, default)]
    cached_tokens: Raw<'a>,
}

/// Either of the two. Counts may be fractions (`3.0`).
#[derive(Clone, Copy, Deserialize)]
pub struct Billed<'a> {
    #[serde(borrow, default)]
    pub input_tokens: Raw<'a>,
    #[serde(borrow, default)]
    pub output_tokens: Raw<'a>,
    #[serde(borrow, default)]
    pub image_tokens: Raw<'a>,
}

/// The tokens, in the convention of [`Usage`]. What is billed counts, since prices are by it, though LiteLLM counts the others,
/// in which Cohere's own preamble is; a provider that bills nothing (a trial key) tells the others only.
pub fn usage(counts: &Counts<'_>) -> Option<Usage> {
    let nonzero = |units: &Billed<'_>| count(units.input_tokens) > 0 || count(units.output_tokens) > 0;
    let units = counts.billed_units.filter(nonzero).or(counts.tokens).or(counts.billed_units)?;
    let text = |raw: Raw<'_>| raw.map_or("null", RawValue::get).to_owned();
    // what was cached is a part of what went through the model, and may be more than what is billed
    let (cached, all) = (count(counts.cached_tokens), counts.tokens.map_or(0, |all| count(all.input_tokens)));
    let cut = (count(units.input_tokens)..=all).contains(&cached);
    let cached = if cut { units.input_tokens } else { counts.cached_tokens };
    let told = format!(
        "{{\"prompt_tokens\":{},\"completion_tokens\":{},\"prompt_tokens_details\":{{\"cached_tokens\":{}}}}}",
        text(units.input_tokens),
        text(units.output_tokens),
        text(cached)
    );
    Usage::parse(told.as_bytes())
}

/// The tokens of a whole chat.
pub fn usage_of(body: &[u8]) -> Option<Usage> {
    #[derive(Deserialize)]
    struct Outline<'a> {
        #[serde(borrow)]
        usage: Counts<'a>,
    }
    usage(&serde_json::from_slice::<Outline<'_>>(body).ok()?.usage)
}

/// A count, fractions cut off; 0 where there is none.
pub fn count(raw: Raw<'_>) -> u64 {
    let value = raw.and_then(|raw| serde_json::from_str::<f64>(raw.get()).ok());
    value.filter(|count| *count > 0.0).unwrap_or_default() as u64
}

/// Why it is over; nothing where the provider failed.
pub fn reason(word: &str) -> Option<Reason> {
    Some(match word {
        "COMPLETE" => Reason::Stop,
        "STOP_SEQUENCE" => Reason::StopSequence,
        "MAX_TOKENS" | "ERROR_LIMIT" => Reason::Length,
        "TOOL_CALL" => Reason::ToolCalls,
        "ERROR_TOXIC" => Reason::ContentFilter,
        "ERROR" | "TIMEOUT" => return None,
        other => Reason::Other(other.to_owned()),
    })
}

/// A citation. Where its source has an address it is told as OpenAI tells such, with the characters that it stands behind;
/// where it has none, it stays as the provider wrote it.
pub fn citation(native: Value) -> Citation {
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let sources = native["sources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let within = |source: &Value, name: &str| {
        [&source["document"][name], &source["tool_output"][name], &source[name]].into_iter().find_map(text)
    };
    let first = |name: &str| sources.iter().find_map(|source| within(source, name));
    let (url, title) = (first("url"), first("title"));
    let cited_text = first("snippet").or_else(|| first("text")).or_else(|| text(&native["text"]));
    // of a plan or a thought, it is not the answer's text that its places are in
    let elsewhere = matches!(native["type"].as_str(), Some("PLAN" | "THINKING_CONTENT"));
    let native = match &url {
        Some(url) if elsewhere => serde_json::json!({"url": url}),
        Some(url) => serde_json::json!({"type": "url_citation", "url_citation": {"url": url,
            "title": title.as_deref().unwrap_or_default(), "start_index": native["start"], "end_index": native["end"]}}),
        None => native,
    };
    Citation { url, title, cited_text, behind: None, native }
}

/// The string that a raw value is; nothing where it is absent, empty or something else.
pub fn word(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    scan::string(raw?.get().as_bytes()).filter(|text| !text.is_empty())
}

/// Any value, read.
pub fn value(raw: Raw<'_>) -> Option<Value> {
    serde_json::from_str(raw?.get()).ok()
}

/// An answer that cannot be understood.
pub fn invalid(cause: impl Into<String>) -> Fault {
    Fault::InvalidAnswer { cause: cause.into() }
}
