//! What the wire vocabulary shares: the members of a JSON object's top level with their places, the line and
//! column of a byte, and strings that may hold half of a surrogate pair.
//!
//! The scan validates the whole text, and decodes keys but no value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::{memchr_iter, memrchr};
use serde::de::{Deserialize, Deserializer, Visitor};

use super::skip::{self, Fault, Spans};

/// A member of an object: its decoded key, and where its value lies in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key, with its escapes decoded; half of a surrogate pair is U+FFFD.
    pub key: Cow<'a, str>,
    /// The value's bytes, without the space around it.
    pub value: Range<usize>,
}

/// The members of the object that `text` is, in order, duplicates included.
///
/// # Errors
/// `text` isn't valid JSON, isn't an object, or nests deeper than [`skip::DEEPEST`].
pub fn members(text: &str) -> Result<Vec<Member<'_>>, Fault> {
    let mut found = Vec::with_capacity(16);
    each_member(text, |key, value| found.push(Member { key, value }))?;
    Ok(found)
}

/// As [`members`], handing each to `on_member` instead. What was handed over before an error must not be used.
///
/// # Errors
/// As [`members`].
pub fn each_member<'a>(text: &'a str, mut on_member: impl FnMut(Cow<'a, str>, Range<usize>)) -> Result<(), Fault> {
    skip::object(text.as_bytes(), skip::DEEPEST, |Spans { key, escaped, value }| {
        on_member(decoded(text, key, escaped), value);
    })
}

/// Where the value of a top-level member lies; of two the last counts, as for every reader of JSON we know.
pub fn member(text: &str, name: &str) -> Option<Range<usize>> {
    let mut found = None;
    each_member(text, |key, value| {
        if key == name {
            found = Some(value);
        }
    })
    .ok()?;
    found
}

/// The members of the object at `pos` that nests at most `limit` levels, each told by its key and the place of its value.
/// `on_member` gives that value's end: it reads it ([`descend`] again, for an object within) or skips it ([`skip::value`]).
/// Gives the object's end.
///
/// # Errors
/// There is no object, it isn't valid, or it nests deeper.
pub fn descend<'a>(
    text: &'a str,
    pos: usize,
    limit: usize,
    mut on_member: impl FnMut(Cow<'a, str>, usize) -> Result<usize, Fault>,
) -> Result<usize, Fault> {
    skip::members(text.as_bytes(), pos, limit, |key, escaped, start| on_member(decoded(text, key, escaped), start))
}

fn decoded(text: &str, key: Range<usize>, escaped: bool) -> Cow<'_, str> {
    match escaped {
        true => string(text[key].as_bytes()).unwrap_or_default(),
        false => Cow::Borrowed(&text[key.start + 1..key.end - 1]),
    }
}

/// Line and column, both from 1 and the column in bytes, of the byte at `offset`.
pub fn position(text: &[u8], offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = 1 + memchr_iter(b'\n', before).count();
    let column = before.len() - memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
    (line, column)
}

/// The string that the JSON value `raw` is, or nothing when it's something else. Halves of surrogate pairs, which JSON
/// allows and Rust's strings don't, become U+FFFD.
pub fn string(raw: &[u8]) -> Option<Cow<'_, str>> {
    let raw = raw.trim_ascii();
    if raw.first() != Some(&b'"') {
        return None;
    }
    if let Ok(Key(text)) = serde_json::from_slice(raw) {
        return Some(text);
    }
    let Lossy(text) = serde_json::from_slice(raw).ok()?;
    Some(Cow::Owned(text))
}

/// `text` as a JSON string with its quotes.
pub fn quoted(text: &str) -> String {
    // Writing text into memory can't fail; the other spelling takes several allocations.
    serde_json::to_string(text).unwrap_or_else(|_| serde_json::Value::from(text).to_string())
}

/// A string, borrowed where it has no escapes (serde's own `Cow` never borrows).
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;
            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(Text)
    }
}

/// A string in which halves of surrogate pairs were replaced.
struct Lossy(String);

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Lossy;
            fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
                out.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Lossy, E> {
                Ok(Lossy(String::from_utf8_lossy(bytes).into_owned()))
            }
        }
        from.deserialize_bytes(Text)
    }
}
