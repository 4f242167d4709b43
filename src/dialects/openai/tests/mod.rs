//! Tests of the dialect over fixtures: files that a person can read. Goldens are written by `MILLRACE_BLESS=1` and compared
//! otherwise.

mod answers;
mod requests;
mod streams;

use millrace_actors::wire::sse::SseReader;

use super::super::{AnswerFacts, Decode, Encode, Event, Frame};
use super::{Decoder, Encoder};
use crate::dialects::testing::{self, golden};

/// Answers with both a stream and a whole fixture.
const PAIRS: [&str; 11] = [
    "text",
    "tools",
    "choices",
    "refusal",
    "logprobs",
    "citations",
    "reasoning",
    "thinking",
    "sound",
    "pictures",
    "custom",
];

/// Streams without a whole answer.
const STREAMS: [&str; 3] = ["azure", "unnumbered", "error"];

fn fixture(file: &str) -> String {
    testing::fixture(&format!("openai/{file}"))
}

fn facts(show_usage: bool) -> AnswerFacts {
    AnswerFacts {
        model: "my-model".into(),
        id: "chatcmpl-made-up".into(),
        created: 1_795_599_999,
        show_usage,
        asked: Vec::new(),
        vectors: None,
    }
}

/// The events of a stream, and the fault that ended it, if one did.
fn decode(stream: &str) -> (Vec<Event>, Option<String>) {
    let mut decoder = Decoder::default();
    let (mut out, mut fault) = (vec![], None);
    let mut reader = SseReader::new(1 << 20);
    let mut on_event = |name: Option<&[u8]>, data: &[u8]| {
        if fault.is_none() {
            fault = decoder.event(name, data, &mut out).err().map(|fault| format!("{fault:?}"));
        }
    };
    reader.feed(stream.as_bytes(), |event| on_event(event.name, event.data)).unwrap();
    (out, fault)
}

fn encode(events: Vec<Event>, show_usage: bool) -> Vec<Frame> {
    let mut encoder = Encoder::new(facts(show_usage));
    let mut out = vec![];
    for event in events {
        encoder.event(event, &mut out);
    }
    out
}

fn sse(frames: &[Frame]) -> String {
    frames.iter().map(|frame| format!("data: {}\n\n", std::str::from_utf8(&frame.data).unwrap())).collect()
}
