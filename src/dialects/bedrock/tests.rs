//! Tests of the dialect, over the fixtures in `fixtures/bedrock`, the requests of the other dialects' fixtures, and goldens.

mod answers;
mod requests;

use std::path::PathBuf;

use serde_json::Value;

use super::Decoder;
use crate::dialects::{AnswerFacts, Decode, Encode, Event};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/dialects/fixtures").join(name)
}

fn fixture(name: &str) -> String {
    let path = path(name);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// Compares with a golden file, or writes it anew if `MILLRACE_BLESS` is set.
#[track_caller]
fn golden(name: &str, made: &str) {
    let path = path("golden").join(name);
    if std::env::var_os("MILLRACE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(made, want, "{name} differs; look at it, and bless it with MILLRACE_BLESS=1");
}

fn pretty(bytes: &[u8]) -> String {
    let value: Value = serde_json::from_slice(bytes).unwrap();
    format!("{value:#}\n")
}

fn facts() -> AnswerFacts {
    AnswerFacts {
        model: "alias".into(),
        id: "own-1".into(),
        created: 1_700_000_000,
        show_usage: true,
        asked: Vec::new(),
        vectors: None,
    }
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
