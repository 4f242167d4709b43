//! Tests of the dialect, over the fixtures in `fixtures/anthropic` and the goldens made of them.

mod answers;
mod broken;
mod encoding;
mod parameters;
mod requests;

use serde_json::Value;

use super::{Decoder, Encoder};
use crate::dialects::testing::{self, golden};
use crate::dialects::tests::table::facts;
use crate::dialects::{Decode, Encode, Event, Frame, Target};

/// Names of the answers that are there as a stream and whole.
const ANSWERS: [&str; 6] = ["text", "tools", "thinking", "search", "refusal", "stop-sequence"];

fn fixture(name: &str) -> String {
    testing::fixture(&format!("anthropic/{name}"))
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

/// Name and data of each event of a stream; the reader of event streams proper is below the dialects.
fn events_of(stream: &str) -> Vec<(String, String)> {
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(": ")?.to_owned()))
    };
    stream.split("\n\n").filter_map(|block| Some((field(block, "event")?, field(block, "data")?))).collect()
}

fn decode(stream: &str) -> Vec<Event> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    for (name, data) in events_of(stream) {
        decoder.event(Some(name.as_bytes()), data.as_bytes(), &mut out).unwrap();
    }
    out
}

fn encode(events: Vec<Event>) -> Vec<Frame> {
    let (mut encoder, mut out) = (Encoder::new(facts()), Vec::new());
    for event in events {
        encoder.event(event, &mut out);
    }
    out
}

fn stream_of(frames: &[Frame]) -> String {
    let line =
        |frame: &Frame| format!("event: {}\ndata: {}\n\n", frame.name.unwrap(), String::from_utf8_lossy(&frame.data));
    frames.iter().map(line).collect()
}
