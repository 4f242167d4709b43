//! Incremental reader of event-stream frames: binary messages with a length in front, typed headers, and two checksums
//! (Smithy 2.0, "Event stream specification", `application/vnd.amazon.eventstream`). Any split; a frame that lies whole
//! within a chunk is read where it lies.
//!
//! A frame becomes the event that a text stream would have: its name is `:event-type`, its data the payload. An exception
//! or an error of the frame's own becomes an event `error` in the shape that every reader of errors here knows. Frames are
//! decoded by `aws-smithy-eventstream`; only their length is read here, to know when one is whole, and not before its own
//! checksum has passed: a length that was garbled would be waited for.

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use bytes::{Bytes, BytesMut};
use serde_json::{Map, Value, json};

use super::sse::{Event, SseError};

/// Total length, headers' length, checksum of the two.
const PRELUDE: usize = 12;
/// A frame without headers and payload: the prelude and the checksum over all.
const LEAST: usize = PRELUDE + 4;
/// A stitching buffer above this many bytes is given back after use.
const KEEP: usize = 64 * 1024;

/// Reads events from chunks. Between two chunks it holds the unfinished frame and nothing else.
#[derive(Debug)]
pub struct FrameReader {
    limit: usize,
    carry: Vec<u8>,
    failed: Option<SseError>,
}

impl FrameReader {
    /// A reader for one stream that refuses frames of more than `max_event_bytes` bytes.
    pub fn new(max_event_bytes: usize) -> Self {
        FrameReader { limit: max_event_bytes, carry: Vec::new(), failed: None }
    }

    /// Calls `on_event` for each frame that `chunk` completes.
    ///
    /// # Errors
    /// A frame longer than the bound, one whose checksums do not fit, one that says nothing of what it is; and every call
    /// after that. The events before it have been reported.
    pub fn feed(&mut self, chunk: &[u8], mut on_event: impl FnMut(Event<'_>)) -> Result<(), SseError> {
        match self.failed {
            Some(error) => Err(error),
            None => self.take(chunk, &mut on_event).inspect_err(|error| {
                self.failed = Some(*error);
                self.carry = Vec::new();
            }),
        }
    }

    /// Bytes of an unfinished frame. Not 0 at the end of a stream: the stream was cut.
    pub fn held(&self) -> usize {
        self.carry.len()
    }

    fn take(&mut self, mut rest: &[u8], on_event: &mut impl FnMut(Event<'_>)) -> Result<(), SseError> {
        while !rest.is_empty() {
            if self.carry.is_empty() {
                match self.length(rest)? {
                    Some(length) if length <= rest.len() => {
                        lend(&rest[..length], on_event)?;
                        rest = &rest[length..];
                    }
                    _ => {
                        self.carry.extend_from_slice(rest);
                        return Ok(());
                    }
                }
                continue;
            }
            let whole = self.length(&self.carry)?;
            let wanted = whole.unwrap_or(PRELUDE) - self.carry.len();
            let (more, after) = rest.split_at(wanted.min(rest.len()));
            self.carry.extend_from_slice(more);
            rest = after;
            if whole.is_none() {
                // judged as soon as it is here, not with the next chunk, which may never come
                self.length(&self.carry)?;
            }
            if whole == Some(self.carry.len()) {
                let mut frame = std::mem::take(&mut self.carry);
                lend(&frame, on_event)?;
                frame.clear();
                frame.shrink_to(KEEP);
                self.carry = frame;
            }
        }
        Ok(())
    }

    /// The length of the frame that begins here, once its prelude is here.
    fn length(&self, bytes: &[u8]) -> Result<Option<usize>, SseError> {
        let Some((lengths, rest)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
        let Some((sum, _)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        if crc32fast::hash(lengths) != u32::from_be_bytes(*sum) {
            return Err(SseError::BadFrame { why: "the checksum of its length does not fit" });
        }
        let [a, b, c, d, ..] = *lengths;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        match length {
            _ if length > self.limit => Err(SseError::EventTooLarge { limit: self.limit }),
            ..LEAST => Err(SseError::BadFrame { why: "it is shorter than a frame can be" }),
            _ => Ok(Some(length)),
        }
    }
}

/// Reports one frame.
fn lend(frame: &[u8], on_event: &mut impl FnMut(Event<'_>)) -> Result<(), SseError> {
    let message = read_message_from(frame).map_err(|error| {
        log::debug!("event stream frame is unreadable cause={:?}", error.to_string());
        SseError::BadFrame { why: "its checksum or a header of it does not fit" }
    })?;
    let text = |name: &str| {
        let header = message.headers().iter().find(|header| header.name().as_str() == name)?;
        header.value().as_string().ok().map(|value| value.as_str())
    };
    let (name, told);
    let data: &[u8] = match text(":message-type") {
        Some("event") => {
            name = text(":event-type").unwrap_or_default();
            message.payload()
        }
        Some("exception") => {
            told = error(text(":exception-type"), None, message.payload());
            name = "error";
            told.as_bytes()
        }
        Some("error") => {
            told = error(text(":error-code"), text(":error-message"), message.payload());
            name = "error";
            told.as_bytes()
        }
        _ => return Err(SseError::BadFrame { why: "it does not say whether it is an event" }),
    };
    on_event(Event { raw: frame, data, name: Some(name.as_bytes()).filter(|name| !name.is_empty()), canonical: false });
    Ok(())
}

/// An exception's payload, its kind and its words in the one shape of errors.
fn error(kind: Option<&str>, words: Option<&str>, payload: &[u8]) -> String {
    let mut told = serde_json::from_slice::<Map<String, Value>>(payload).unwrap_or_default();
    if !told.contains_key("message") {
        let capital = told.shift_remove("Message");
        let words = words.map(Value::from).or(capital);
        told.extend(words.map(|words| ("message".to_owned(), words)));
    }
    told.insert("type".into(), kind.unwrap_or("unknown").into());
    json!({ "error": told }).to_string()
}

/// Writes one frame that holds an event.
pub fn write(out: &mut BytesMut, name: Option<&[u8]>, data: &[u8]) {
    let text = |text: &str| HeaderValue::String(text.to_owned().into());
    let name = String::from_utf8_lossy(name.unwrap_or_default());
    let message = Message::new(Bytes::copy_from_slice(data))
        .add_header(Header::new(":event-type", text(&name)))
        .add_header(Header::new(":content-type", text("application/json")))
        .add_header(Header::new(":message-type", text("event")));
    // fails for a name or data of more bytes than a frame can count, which no answer within our bounds has
    if let Err(error) = write_message_to(&message, out) {
        log::error!("event stream frame cannot be written cause={:?}", error.to_string());
    }
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
