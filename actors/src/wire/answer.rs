//! A whole answer's top level, scanned once; and an upstream's error, read out of whatever it sent.

use std::borrow::Cow;
use std::ops::Range;

use serde_json::{Map, Value};

use super::generate;
use super::scan;
use super::searches;
use super::skip;
use super::tier::ServiceTier;
use super::usage::Usage;

/// Characters of an upstream's message that are kept: enough to act on, too few to carry a document into logs.
const MESSAGE_CHARS: usize = 2_000;

/// Bytes of each of an upstream error's further members, at most: what filters say of a prompt has a few hundred.
const MORE_BYTES: usize = 4_096;

/// What stands behind a text that was cut. Whoever strikes out credentials must know that one may lie across the cut.
pub const CUT: char = '…';

/// The answer isn't JSON: an upstream fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the upstream's answer is not JSON: {why}")]
pub struct NotJson {
    /// The reader's complaint, with its place.
    pub why: String,
}

/// The top level of a whole answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// It's a JSON object; otherwise all the rest is empty.
    pub object: bool,
    /// Where the `model` strings (in generateContent, `modelVersion`) lie, with their quotes; more than one only where the key
    /// is repeated.
    pub model: Vec<Range<usize>>,
    /// The counts, if told.
    pub usage: Option<Usage>,
    /// The `error`, unless absent or null: an answer of status 200 with this is still a fault.
    pub error: Option<UpstreamError>,
    /// One of the members that were looked for is there, and not null.
    pub holds: bool,
}

/// An upstream's complaint, as far as it could be read. May hold anything the upstream chose to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpstreamError {
    /// What it says: the first 2,000 characters, and [`CUT`] if there were more.
    pub message: String,
    /// `type`.
    pub kind: Option<String>,
    /// `code`, a number as its digits.
    pub code: Option<String>,
    /// `param`.
    pub param: Option<String>,
    /// Members that say more, under their own names: `innererror`, what a content filter found; `details`, where Anthropic's
    /// (an object) and Google's (a list) say what is to be done. Without one that is longer than 4,096 bytes. Boxed, since
    /// faults are moved about by the thousand and this is rare.
    pub more: Option<Box<Map<String, Value>>>,
}

impl Answer {
    /// Scans an answer's body.
    ///
    /// # Errors
    /// It isn't valid JSON in UTF-8.
    pub fn scan(body: &[u8]) -> Result<Self, NotJson> {
        Self::scan_for(body, &[])
    }

    /// Scans an answer's body, and looks whether it has one of some members.
    ///
    /// # Errors
    /// It isn't valid JSON in UTF-8.
    pub fn scan_for(body: &[u8], members: &[&str]) -> Result<Self, NotJson> {
        let text = std::str::from_utf8(body).map_err(|why| NotJson { why: why.to_string() })?;
        if !text.trim_start().starts_with('{') {
            let valid: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
            return valid.map(|_| Self::default()).map_err(|why| NotJson { why: why.to_string() });
        }
        let mut answer = Self { object: true, ..Self::default() };
        let (mut tier, mut searches) = (None, 0);
        let inner = skip::DEEPEST - 1;
        scan::descend(text, 0, skip::DEEPEST, |key, start| {
            answer.holds |= members.contains(&key.as_ref()) && !body[start..].starts_with(b"null");
            if key == "usage" {
                let (usage, end) = Usage::read(text, start, inner)?;
                answer.usage = usage;
                return Ok(end);
            }
            let end = skip::value(body, start, inner)?;
            match key.as_ref() {
                "model" | "modelVersion" if body[start] == b'"' => answer.model.push(start..end),
                "service_tier" => tier = ServiceTier::told(&text[start..end]),
                "output" => searches = searches::called(&body[start..end]),
                "candidates" => searches = searches::queried(&body[start..end]),
                "usageMetadata" => answer.usage = generate::usage(&text[start..end]).or(answer.usage),
                "error" if &body[start..end] != b"null" => {
                    answer.error = Some(UpstreamError::of_value(&body[start..end]));
                }
                _ => {}
            }
            Ok(end)
        })
        .and_then(|end| skip::end(body, end))
        .map_err(|why| NotJson { why: why.to_string() })?;
        if let Some(usage) = &mut answer.usage {
            usage.served(tier, searches);
        }
        Ok(answer)
    }
}

impl UpstreamError {
    /// Reads an error answer's body: OpenAI's `{"error":{...}}`, `{"error":"text"}`, `{"detail":...}`, `{"message":...}`,
    /// such an object within an array, plain text, or an HTML page (its title). Never fails; the message is never empty.
    pub fn parse(body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return Self::of(&value);
        }
        let text = String::from_utf8_lossy(&body[..body.len().min((MESSAGE_CHARS + 1) * 4)]);
        let text = text.trim();
        let message = if text.starts_with('<') { html_title(text) } else { Cow::Borrowed(text) };
        Self { message: cut(&message), ..Self::default() }
    }

    fn of_value(raw: &[u8]) -> Self {
        // Too deep, or half a surrogate pair: keep the raw text rather than nothing.
        serde_json::from_slice(raw).map_or_else(
            |_| Self { message: cut(&String::from_utf8_lossy(raw)), ..Self::default() },
            |value| Self::of(&value),
        )
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Object(object) => {
                if let Some(inner) = object.get("error").filter(|inner| inner.is_object() || inner.is_array()) {
                    return Self::of(inner);
                }
                let text = |names: &[&str]| names.iter().find_map(|name| scalar(object.get(*name)?));
                let message = text(&["message", "error", "detail", "msg", "error_description", "title"]);
                let whole = || object.get("detail").unwrap_or(value).to_string();
                Self {
                    message: cut(&message.unwrap_or_else(whole)),
                    // a `status` that is a number is HTTP's, and no kind
                    kind: text(&["type", "status", "__type"]).filter(|kind| kind.parse::<u16>().is_err()),
                    code: text(&["code"]),
                    param: text(&["param"]),
                    more: more(object),
                }
            }
            Value::Array(items) if items.first().is_some_and(Value::is_object) => Self::of(&items[0]),
            Value::String(text) => Self { message: cut(text), ..Self::default() },
            other => Self { message: cut(&other.to_string()), ..Self::default() },
        }
    }
}

/// What an error says besides its words.
fn more(object: &Map<String, Value>) -> Option<Box<Map<String, Value>>> {
    let told = ["innererror", "details"].iter().filter_map(|name| object.get_key_value(*name));
    let told = told.filter(|(_, value)| !value.is_null() && value.to_string().len() <= MORE_BYTES);
    let more: Map<_, _> = told.map(|(name, value)| (name.clone(), value.clone())).collect();
    (!more.is_empty()).then(|| Box::new(more))
}

/// A value that reads as one word or text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(cut(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// At most [`MESSAGE_CHARS`] characters and the mark, and never nothing.
fn cut(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "the upstream gave no reason".to_owned();
    }
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}{CUT}", &text[..end]),
        None => text.to_owned(),
    }
}

/// What an HTML page calls itself.
fn html_title(page: &str) -> Cow<'_, str> {
    let lower = page.to_ascii_lowercase();
    let title = lower.find("<title").and_then(|tag| {
        let start = tag + lower[tag..].find('>')? + 1;
        let end = start + lower[start..].find('<')?;
        page.get(start..end).map(str::trim).filter(|title| !title.is_empty())
    });
    match title {
        Some(title) => Cow::Owned(format!("the upstream sent an HTML page titled {title:?}")),
        None => Cow::Borrowed("the upstream sent an HTML page instead of JSON"),
    }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
