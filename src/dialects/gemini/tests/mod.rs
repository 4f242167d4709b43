//! Tests of the dialect, over the fixtures in `fixtures/gemini` and the goldens made of them (`MILLRACE_BLESS=1` writes them).

mod answers;
mod requests;
mod schemas;

use millrace_actors::fault::Fault;
use serde_json::Value;

use super::{Decoder, Encoder};
use crate::dialects::testing::{fixture, golden, path};
use crate::dialects::tests::table::facts;
use crate::dialects::{Decode, Encode, Event, Frame, Target};

/// The names of the fixtures of a protocol that begin so.
fn fixtures(protocol: &str, kind: &str) -> Vec<String> {
    let all = std::fs::read_dir(path(protocol)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = all.filter(|name| name.starts_with(kind)).collect();
    names.sort();
    assert!(!names.is_empty());
    names
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn parsed(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn target(model: &str) -> Target<'_> {
    Target { model, max_output_tokens: None, stream_usage: true }
}

/// The data of each event of a stream; the reader of event streams proper is below the dialects.
fn data_of(stream: &str) -> Vec<&str> {
    stream.split("\n\n").filter_map(|block| block.lines().find_map(|line| line.strip_prefix("data: "))).collect()
}

fn decode(events: &[&str]) -> Result<Vec<Event>, Fault> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    events.iter().try_for_each(|data| decoder.event(None, data.as_bytes(), &mut out))?;
    decoder.close(&mut out)?;
    Ok(out)
}

fn encode(events: Vec<Event>) -> Vec<Frame> {
    let (mut encoder, mut out) = (Encoder::new(facts()), Vec::new());
    events.into_iter().for_each(|event| encoder.event(event, &mut out));
    out
}
