//! What the tests do with the rows.

use bytes::BytesMut;
use millrace_actors::wire::framing::{Framing, StreamReader};
use millrace_actors::wire::protocol::Protocol;
use serde_json::Value;

pub use super::rows::{ROWS, Row, callers};
use crate::dialects::{AnswerFacts, Event, Frame, bridge};

/// What is told of an answer that does not tell it itself.
pub fn facts() -> AnswerFacts {
    AnswerFacts {
        model: "alias".into(),
        id: "own-1".into(),
        created: 1_700_000_000,
        show_usage: true,
        asked: Vec::new(),
        vectors: None,
    }
}

/// A stream's fixture as it comes over the wire: binary frames are written as server-sent events in the file.
pub fn wire(row: &Row, text: &str) -> Vec<u8> {
    if row.framing != Framing::Frames {
        return text.as_bytes().to_vec();
    }
    let (mut reader, mut out) = (StreamReader::new(Framing::Events, 1 << 20), BytesMut::new());
    reader.feed(text.as_bytes(), |event| row.framing.write(Protocol::Own, &mut out, event.name, event.data)).unwrap();
    out.to_vec()
}

/// The events of a stream that comes in these pieces, and the fault that ended it, if one did.
pub fn decode<'a>(row: &Row, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<String>) {
    let (mut decoder, mut events, mut fault) = ((row.decoder)(), vec![], None);
    let mut reader = StreamReader::new(row.framing, 1 << 20);
    for piece in pieces {
        let fed = reader.feed(piece, |event| {
            if fault.is_none() {
                fault = decoder.event(event.name, event.data, &mut events).err().map(|fault| format!("{fault:?}"));
            }
        });
        if let Err(why) = fed {
            fault.get_or_insert(format!("{why:?}"));
            break;
        }
    }
    if fault.is_none() {
        fault = decoder.close(&mut events).err().map(|fault| format!("{fault:?}"));
    }
    events.iter_mut().for_each(settle);
    (events, fault)
}

/// The events of a whole answer.
pub fn read_whole(row: &Row, body: &str) -> Vec<Event> {
    let mut events = (row.read_whole)(body.as_bytes()).unwrap();
    events.iter_mut().for_each(settle);
    events
}

/// Some dialects have no ids of calls, and their readers draw them.
fn settle(event: &mut Event) {
    let drawn = |id: &str| id.len() == 37 && id.starts_with("call_") && id[5..].bytes().all(|b| b.is_ascii_hexdigit());
    match event {
        Event::ToolCall { call, id, .. } if drawn(id) => *id = format!("call_drawn_{call}"),
        _ => {}
    }
}

/// The frames that a caller of `to` gets for these events.
pub fn encode(to: Protocol, events: Vec<Event>) -> Vec<Frame> {
    let (mut encoder, mut frames) = (bridge::encoder(to, facts()), vec![]);
    events.into_iter().for_each(|event| encoder.event(event, &mut frames));
    frames
}

/// Frames as they go out.
pub fn framed(frames: &[Frame]) -> String {
    let line = |frame: &Frame| {
        let name = frame.name.map(|name| format!("event: {name}\n")).unwrap_or_default();
        format!("{name}data: {}\n\n", String::from_utf8_lossy(&frame.data))
    };
    frames.iter().map(line).collect()
}

/// A whole answer for a caller of `to`.
pub fn whole(to: Protocol, events: Vec<Event>) -> Value {
    serde_json::from_slice(&bridge::write_whole(to, events, &facts())).unwrap()
}
