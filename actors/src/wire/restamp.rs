//! Puts the caller's alias where an answer names the upstream's model: the top-level `model` string, and nothing else.
//!
//! Within a stream the bytes up to and past `"model":"..."` repeat from event to event, so the first event's are
//! remembered and compared. An event that starts with the remembered bytes has its model at the remembered place: the same
//! bytes have the same structure. What differs takes the structural scan.

use std::ops::Range;
use std::sync::LazyLock;

use bytes::{BufMut, BytesMut};
use memchr::memmem::Finder;

use super::scan;

/// A second `model` further on, spelt plainly. Raw in JSON these bytes are always a whole string (or the tail of one).
static PLAIN: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"model\""));
/// A second `model` spelt with escapes needs one of these: each letter of the word is U+006x.
static ESCAPED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u006"));

/// Restamps the events of one stream.
#[derive(Debug)]
pub struct Restamper {
    /// The alias as a JSON string.
    alias: Vec<u8>,
    /// The first event up to the end of its model's value; empty until there's one.
    prefix: Vec<u8>,
    /// Where in `prefix` the value starts, at its opening quote.
    value: usize,
}

impl Restamper {
    /// For a stream whose caller knows the model as `alias`.
    pub fn new(alias: &str) -> Self {
        Self { alias: scan::quoted(alias).into_bytes(), prefix: Vec::new(), value: 0 }
    }

    /// Appends `data` to `out` with each top-level `model` that is a string replaced by the alias, and says whether that
    /// changed anything.
    ///
    /// What isn't a valid JSON object, has no such member, or has the alias already, is appended as it came. (Behind a
    /// remembered prefix the rest isn't validated: the model is replaced, and a broken rest stays as broken as it came.)
    pub fn restamp(&mut self, data: &[u8], out: &mut BytesMut) -> bool {
        let rest = data.strip_prefix(self.prefix.as_slice()).filter(|_| !self.prefix.is_empty());
        if let Some(rest) = rest.filter(|rest| PLAIN.find(rest).is_none() && ESCAPED.find(rest).is_none()) {
            out.reserve(self.value + self.alias.len() + rest.len());
            out.put_slice(&self.prefix[..self.value]);
            out.put_slice(&self.alias);
            out.put_slice(rest);
            return self.prefix[self.value..] != self.alias;
        }
        self.scan(data, out)
    }

    /// The structural path; remembers the prefix for the next event.
    #[cold]
    fn scan(&mut self, data: &[u8], out: &mut BytesMut) -> bool {
        let spans = model_spans(data);
        let Some(first) = spans.first() else {
            out.put_slice(data);
            return false;
        };
        self.prefix.clear();
        self.prefix.extend_from_slice(&data[..first.end]);
        self.value = first.start;
        splice(data, &spans, &self.alias, out);
        spans.iter().any(|span| data[span.clone()] != self.alias)
    }
}

/// A whole answer with its top-level `model` replaced by `alias`, copied once; nothing when there's nothing to replace
/// (invalid JSON, no such member, not a string, or the alias already).
pub fn restamp_whole(data: &[u8], alias: &str) -> Option<BytesMut> {
    let spans = model_spans(data);
    let alias = scan::quoted(alias);
    if spans.iter().all(|span| &data[span.clone()] == alias.as_bytes()) {
        return None;
    }
    let mut out = BytesMut::with_capacity(data.len() + alias.len() * spans.len());
    splice(data, &spans, alias.as_bytes(), &mut out);
    Some(out)
}

/// Where the top-level `model` strings of `data` lie, with their quotes: none, one, or more where the key is repeated.
pub fn model_spans(data: &[u8]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let valid = std::str::from_utf8(data).is_ok_and(|text| {
        scan::each_member(text, |key, value| {
            if key == "model" && data[value.start] == b'"' {
                spans.push(value);
            }
        })
        .is_ok()
    });
    if !valid {
        spans.clear();
    }
    spans
}

/// An event with the model's name in its object `outer` replaced by `alias`; `None` where that names no model.
pub fn restamp_within(data: &[u8], outer: &str, alias: &str) -> Option<BytesMut> {
    let within = scan::member(std::str::from_utf8(data).ok()?, outer)?;
    let spans = model_spans(&data[within.clone()]).into_iter();
    let spans: Vec<Range<usize>> = spans.map(|span| within.start + span.start..within.start + span.end).collect();
    if spans.is_empty() {
        return None;
    }
    let mut out = BytesMut::new();
    splice(data, &spans, scan::quoted(alias).as_bytes(), &mut out);
    Some(out)
}

/// Appends `data` to `out` with each of `spans`, which are in order and apart, replaced by `with`.
pub fn splice(data: &[u8], spans: &[Range<usize>], with: &[u8], out: &mut BytesMut) {
    out.reserve(data.len() + with.len() * spans.len());
    let mut from = 0;
    for span in spans {
        out.put_slice(&data[from..span.start]);
        out.put_slice(with);
        from = span.end;
    }
    out.put_slice(&data[from..]);
}

#[cfg(test)]
#[path = "restamp_tests.rs"]
pub(crate) mod tests;
