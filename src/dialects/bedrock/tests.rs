//! Tests of the dialect, over the fixtures in `fixtures/bedrock`, the requests of the other dialects' fixtures, and goldens.

mod answers;
mod requests;

use serde_json::Value;

use super::Decoder;
use crate::dialects::testing::{fixture, golden};
use crate::dialects::tests::table::facts;
use crate::dialects::{Decode, Encode, Event};

fn pretty(bytes: &[u8]) -> String {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    format!("{value:#}\n")
}

/// Name and data of each event of a stream's fixture.
fn events_of(stream: &str) -> Vec<(&str, &str)> {
    let blocks = stream.split("\n\n").filter(|block| !block.trim().is_empty());
    blocks
        .map(|block| {
            let (name, data) = block.trim().split_once('\n').unwrap();
            (name.strip_prefix("event: ").unwrap(), data.strip_prefix("data: ").unwrap())
        })
        .collect()
}

fn decode(stream: &str) -> Vec<Event> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    for (name, data) in events_of(stream) {
        decoder.event(Some(name.as_bytes()), data.as_bytes(), &mut out).unwrap();
    }
    out
}

fn encode(mut encoder: Box<dyn Encode>, events: Vec<Event>) -> String {
    let mut frames = Vec::new();
    events.into_iter().for_each(|event| encoder.event(event, &mut frames));
    let name = |name: Option<&str>| name.map_or_else(String::new, |name| format!("event: {name}\n"));
    frames
        .iter()
        .map(|frame| format!("{}data: {}\n\n", name(frame.name), String::from_utf8_lossy(&frame.data)))
        .collect()
}
