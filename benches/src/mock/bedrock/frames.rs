//! Events as binary frames (Smithy's event streams), and the ways to damage one.

use std::sync::LazyLock;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};

use crate::mock::{behaviour::Behaviour, fault::FaultKind, writer::Event};

/// Bytes of a frame's prelude.
const PRELUDE: usize = 12;

/// The bytes of each event, faults of frames included.
pub fn frame(behaviour: &Behaviour, events: &[Event]) -> Vec<Vec<u8>> {
    let at = usize::try_from(behaviour.fault.arg).unwrap_or(usize::MAX);
    let mut framed: Vec<Vec<u8>> = events.iter().map(one).collect();
    let last = framed.len().saturating_sub(1);
    match behaviour.fault.kind {
        FaultKind::BadCrc => {
            if let Some(frame) = framed.get_mut(at.min(last)) {
                // a bit of the payload: the prelude still fits, the checksum over all does not
                let middle = frame.len() - 6;
                frame[middle] ^= 1;
            }
        }
        FaultKind::BadPrelude => {
            if let Some(frame) = framed.get_mut(at.min(last)) {
                frame[2] ^= 0x40;
            }
        }
        FaultKind::CutFrame => {
            framed.truncate(at.min(last) + 1);
            if let Some(frame) = framed.last_mut() {
                frame.truncate(PRELUDE + (frame.len() - PRELUDE) / 2);
            }
        }
        FaultKind::HugeEvent => {
            if let Some(event) = events.iter().position(|event| event.name == Some("contentBlockDelta")) {
                let text = "m".repeat(usize::try_from(behaviour.fault.arg).unwrap_or_default() << 20);
                let data = format!("{{\"contentBlockIndex\":0,\"delta\":{{\"text\":\"{text}\"}}}}");
                framed[event] = one(&Event { data, ..events[event].clone() });
            }
        }
        _ => {}
    }
    framed
}

/// An event of a kind that no client knows: this API has none to keep a stream alive.
pub fn ping() -> &'static [u8] {
    static PING: LazyLock<Vec<u8>> = LazyLock::new(|| one(&Event::named("xMockPing", "{}".to_owned())));
    &PING
}

fn one(event: &Event) -> Vec<u8> {
    let text = |text: &str| HeaderValue::String(text.to_owned().into());
    let name = event.name.unwrap_or_default();
    let (kind, key) = match name.ends_with("Exception") {
        true => ("exception", ":exception-type"),
        false => ("event", ":event-type"),
    };
    let message = Message::new(event.data.clone().into_bytes())
        .add_header(Header::new(key, text(name)))
        .add_header(Header::new(":content-type", text("application/json")))
        .add_header(Header::new(":message-type", text(kind)));
    let mut out = Vec::with_capacity(event.data.len() + 128);
    // fails for lengths that no event of the mock has
    let _ = write_message_to(&message, &mut out);
    out
}
