//! What the relay must know of an event, cheaply.
//!
//! A content event costs two searches and no parse. The searches are sound because in valid JSON the raw bytes
//! `"usage"` can only be a whole string or the tail of one that has an escaped quote; what they find is then verified
//! structurally, so a caller's text can't pose as usage or as an error.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::scan;
pub use super::strip::strip_usage as replace_usage_strip;
use super::tier::ServiceTier;
use super::usage::Usage;

static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"usage\""));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"error\""));
static CHOICES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"choices\""));
static FINISH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"finish_reason\""));

/// What an event is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Look {
    /// The data is `[DONE]`, white space around it aside.
    pub done: bool,
    /// There's a top-level `error` that isn't null.
    pub error: bool,
    /// The top-level `usage`, where it tells counts; or else that of the first choice, or of an `x_...` object.
    pub usage: Option<Usage>,
    /// There's usage, and `choices` is empty or absent: nothing in it is for the caller who didn't ask for usage.
    pub usage_only: bool,
    /// `choices` has an element. Read off the bytes after the first `"choices":`, without a parse. Where there is neither
    /// usage nor an error, only [`look_for_finish`] looks for it: the relay's hot path has no use for it.
    pub choices: bool,
    /// Some choice has a `finish_reason`. Only [`look_for_finish`] looks for it.
    pub finish: bool,
}

/// Looks at the data of one event of a chat or text completion stream.
pub fn look(data: &[u8]) -> Look {
    look_with(data, |_| false)
}

#[inline]
fn look_with(data: &[u8], choices: impl FnOnce(&[u8]) -> bool) -> Look {
    if is_done(data) {
        return Look { done: true, ..Look::default() };
    }
    if may_have(&USAGE, data) || may_have(&ERROR, data) {
        return look_closely(data);
    }
    Look { choices: choices(data), ..Look::default() }
}

/// Whether the data is `[DONE]` and nothing else. White space around it is let pass: clients take it for the end too.
#[inline]
fn is_done(data: &[u8]) -> bool {
    data.len() < 32 && data.trim_ascii() == b"[DONE]"
}

/// As [`look`], and whether some choice is finished: for modes that must know when the text ends.
pub fn look_for_finish(data: &[u8]) -> Look {
    Look { finish: finishes(data), ..look_with(data, may_have_choices) }
}

/// Appends the text that the event adds, `delta.content` or a text completion's `text`, choice by choice in the order of
/// their index.
pub fn text_of(data: &[u8], out: &mut String) {
    let Ok(mut chunk) = serde_json::from_slice::<Chunk>(data) else {
        return;
    };
    chunk.choices.sort_by_key(|choice| choice.index.unwrap_or(0));
    for choice in &chunk.choices {
        let content = choice.delta.as_ref().and_then(|delta| delta.content);
        for raw in [content, choice.text].into_iter().flatten() {
            out.push_str(&scan::string(raw.get().as_bytes()).unwrap_or(Cow::Borrowed("")));
        }
    }
}

/// What may hold usage where it does not stand at the top: a choice, or an object of the provider's own.
#[derive(Deserialize)]
struct Beside<'a> {
    #[serde(borrow, default)]
    usage: Option<&'a RawValue>,
}

impl Beside<'_> {
    fn usage(&self) -> Option<Usage> {
        Usage::parse(self.usage?.get().as_bytes())
    }
}

/// The structural look, for events that may have usage or an error.
#[cold]
fn look_closely(data: &[u8]) -> Look {
    let mut look = Look::default();
    let (mut elsewhere, mut tier) = (None, None);
    let valid = std::str::from_utf8(data).is_ok_and(|text| {
        scan::each_member(text, |key, value| {
            let value = &data[value];
            match key.as_ref() {
                "usage" => look.usage = Usage::parse(value),
                "service_tier" => tier = std::str::from_utf8(value).ok().and_then(ServiceTier::told),
                "error" => look.error = value != b"null",
                "choices" => {
                    look.choices = has_element(value);
                    elsewhere =
                        elsewhere.or_else(|| serde_json::from_slice::<Vec<Beside<'_>>>(value).ok()?.first()?.usage());
                }
                // an object of the provider's own beside the choices
                key if key.starts_with("x_") => {
                    elsewhere = elsewhere.or_else(|| serde_json::from_slice::<Beside<'_>>(value).ok()?.usage());
                }
                _ => {}
            }
        })
        .is_ok()
    });
    if !valid {
        return Look { choices: may_have_choices(data), ..Look::default() };
    }
    look.usage = look.usage.or(elsewhere);
    if let Some(usage) = &mut look.usage {
        usage.served(tier, 0);
    }
    look.usage_only = look.usage.is_some() && !look.choices;
    look
}

/// Whether `name`, quotes included, is in `data` other than with the value null.
#[inline]
fn may_have(name: &Finder<'_>, data: &[u8]) -> bool {
    let mut rest = data;
    while let Some(at) = name.find(rest) {
        rest = &rest[at + name.needle().len()..];
        if after_colon(rest).is_none_or(|value| !value.starts_with(b"null")) {
            return true;
        }
    }
    false
}

#[inline]
fn may_have_choices(data: &[u8]) -> bool {
    let Some(at) = CHOICES.find(data) else {
        return false;
    };
    after_colon(&data[at + CHOICES.needle().len()..]).is_some_and(has_element)
}

/// Whether `value` opens an array that isn't empty.
#[inline]
fn has_element(value: &[u8]) -> bool {
    value.strip_prefix(b"[").is_some_and(|inside| !inside.trim_ascii_start().starts_with(b"]"))
}

/// What follows the colon, where a colon follows.
#[inline]
fn after_colon(rest: &[u8]) -> Option<&[u8]> {
    rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start)
}

fn finishes(data: &[u8]) -> bool {
    if !may_have(&FINISH, data) {
        return false;
    }
    serde_json::from_slice::<Chunk>(data)
        .is_ok_and(|chunk| chunk.choices.iter().any(|choice| choice.finish_reason.is_some()))
}

/// The parts of a chunk that are read here.
#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, default)]
    choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(default)]
    index: Option<i64>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    finish_reason: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[cfg(test)]
#[path = "look_tests.rs"]
mod tests;
