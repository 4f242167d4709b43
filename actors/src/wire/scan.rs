//! What the wire vocabulary shares: the members of a JSON object's top level with their places, the line and
//! column of a byte, and strings that may hold half of a surrogate pair.
//!
//! The scan is serde_json's: it validates the whole text, and decodes keys but no value.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use memchr::{memchr_iter, memrchr};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A member of an object: its decoded key, and where its value lies in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// The key, with its escapes decoded.
    pub key: Cow<'a, str>,
    /// The value's bytes, without the space around it.
    pub value: Range<usize>,
}

/// The members of the object that `text` is, in order, duplicates included.
///
/// # Errors
/// `text` isn't valid JSON, isn't an object, or has a key with half of a surrogate pair.
pub fn members(text: &str) -> Result<Vec<Member<'_>>, serde_json::Error> {
    let mut found = Vec::with_capacity(16);
    each_member(text, |key, value| found.push(Member { key, value }))?;
    Ok(found)
}

/// As [`members`], handing each to `on_member` instead. What was handed over before an error must not be used.
///
/// # Errors
/// As [`members`].
pub fn each_member<'a>(
    text: &'a str,
    on_member: impl FnMut(Cow<'a, str>, Range<usize>),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    reader.deserialize_map(TopLevel { base: text.as_ptr() as usize, on_member })?;
    reader.end()
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

/// Walks an object, borrowing each value as it stands.
struct TopLevel<F> {
    base: usize,
    on_member: F,
}

impl<'de, F: FnMut(Cow<'de, str>, Range<usize>)> Visitor<'de> for TopLevel<F> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let raw: &'de RawValue = map.next_value()?;
            // Borrowed from the text, so the difference of the addresses is the place.
            let start = raw.get().as_ptr() as usize - self.base;
            (self.on_member)(key, start..start + raw.get().len());
        }
        Ok(())
    }
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
