//! The few changes that a request body needs on its way upstream, made between slices of the caller's own bytes.

use std::ops::Range;

use bytes::Bytes;

use super::pieces::Pieces;
use super::{scan, strip};

/// What to change in a body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Edits<'a> {
    /// The upstream's name for the model; it's set also where the body names none. Empty where it stands elsewhere in the
    /// call: then none is set.
    pub model: &'a str,
    /// Ask for usage in the stream: sets `stream_options.include_usage`, keeping its other members.
    pub stream_usage: bool,
    /// Top-level fields to leave out.
    pub drop: &'a [&'a str],
    /// Top-level fields to add or replace, with raw JSON values; of two with one name the last counts. It wins over
    /// `drop`; `model` and `stream_usage` win over it.
    pub set: &'a [(String, String)],
}

/// A top-level field of a body: its decoded name, and where its value lies.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) value: Range<usize>,
}

/// The body with the edits made.
pub(super) fn rewrite(body: &Bytes, fields: &[Field], edits: &Edits<'_>) -> Pieces {
    let mut changes = changes(body, fields, edits);
    let values: Vec<Range<usize>> = fields.iter().map(|field| field.value.clone()).collect();
    let takes = |index: usize| {
        let name = fields[index].name.as_str();
        edits.drop.contains(&name) && !changes.iter().any(|(changed, _)| *changed == name)
    };
    let cuts = strip::cuts(body, &values, takes);
    let kept = fields.len() - (0..fields.len()).filter(|index| takes(*index)).count();
    // Each edit is a place and what stands there instead.
    let mut splices: Vec<(Range<usize>, Bytes)> = cuts.into_iter().map(|cut| (cut, Bytes::new())).collect();
    for field in fields {
        if let Some(at) = changes.iter().position(|(name, _)| *name == field.name) {
            splices.push((field.value.clone(), changes.remove(at).1));
        }
    }
    let end = values.last().map_or_else(|| strip::after(body, 0, b'{'), |last| last.end);
    let mut added = Vec::new();
    for (name, value) in changes {
        if kept > 0 || !added.is_empty() {
            added.push(b',');
        }
        added.extend_from_slice(scan::quoted(name).as_bytes());
        added.push(b':');
        added.extend_from_slice(&value);
    }
    splices.sort_by_key(|(place, _)| place.start);
    splices.push((end..end, Bytes::from(added)));
    assemble(body, splices)
}

/// The members to set, by name, each once: first those that stand in the body, in no order that matters.
fn changes<'a>(body: &Bytes, fields: &[Field], edits: &Edits<'a>) -> Vec<(&'a str, Bytes)> {
    let mut changes: Vec<(&str, Bytes)> = Vec::with_capacity(edits.set.len() + 2);
    let mut set = |name: &'a str, value: Bytes| match changes.iter_mut().find(|(known, _)| *known == name) {
        Some((_, known)) => *known = value,
        None => changes.push((name, value)),
    };
    for (name, value) in edits.set {
        set(name, Bytes::copy_from_slice(value.as_bytes()));
    }
    if !edits.model.is_empty() {
        set("model", Bytes::from(scan::quoted(edits.model)));
    }
    if edits.stream_usage {
        let own = fields.iter().find(|field| field.name == "stream_options");
        let own = own.filter(|_| !edits.drop.contains(&"stream_options")).map(|field| &body[field.value.clone()]);
        let given = edits.set.iter().rev().find(|(name, _)| name == "stream_options");
        let base = given.map(|(_, value)| value.as_bytes()).or(own).unwrap_or_default();
        set("stream_options", Bytes::from(with_usage(base)));
    }
    changes
}

/// `options`, raw JSON, with `include_usage` true; an object of just that where it's no object.
fn with_usage(options: &[u8]) -> Vec<u8> {
    const USAGE: &str = "\"include_usage\":true";
    let members = std::str::from_utf8(options).ok().and_then(|text| scan::members(text).ok());
    let Some(members) = members.filter(|members| !members.is_empty()) else {
        return format!("{{{USAGE}}}").into_bytes();
    };
    let spans: Vec<Range<usize>> =
        members.iter().filter(|member| member.key == "include_usage").map(|member| member.value.clone()).collect();
    let mut out = Vec::with_capacity(options.len() + USAGE.len() + 1);
    if spans.is_empty() {
        let open = strip::after(options, 0, b'{');
        out.extend_from_slice(&options[..open]);
        out.extend_from_slice(USAGE.as_bytes());
        out.push(b',');
        out.extend_from_slice(&options[open..]);
        return out;
    }
    let mut from = 0;
    for span in spans {
        out.extend_from_slice(&options[from..span.start]);
        out.extend_from_slice(b"true");
        from = span.end;
    }
    out.extend_from_slice(&options[from..]);
    out
}

/// Slices of `body` with what replaces the places between them. A replacement that changes nothing is left out, so that a
/// body that needs no change stays one slice.
fn assemble(body: &Bytes, splices: Vec<(Range<usize>, Bytes)>) -> Pieces {
    let mut parts = Vec::with_capacity(splices.len() * 2 + 1);
    let mut from = 0;
    for (place, with) in splices {
        if body[place.clone()] == with {
            continue;
        }
        // An addition at the end stands behind a last field that was cut.
        let start = place.start.max(from);
        parts.push(body.slice(from..start));
        parts.push(with);
        from = place.end.max(from);
    }
    parts.push(body.slice(from..));
    parts.into_iter().collect()
}
