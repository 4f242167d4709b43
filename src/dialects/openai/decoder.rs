//! A provider's stream: chunks, and `[DONE]`.

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;

use super::super::{Decode, Event};
use super::said::Reader;
use super::shape::Answer;

/// Reads a stream of chat completion chunks.
#[derive(Default)]
pub struct Decoder {
    reader: Reader,
    ended: bool,
}

impl Decode for Decoder {
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        let data = data.trim_ascii();
        if self.ended || data.is_empty() {
            return Ok(());
        }
        if data == b"[DONE]" {
            self.ended = true;
            out.extend(self.reader.rest());
            out.push(Event::End);
            return Ok(());
        }
        if name == Some(b"error") {
            return Err(mid_stream_error(data));
        }
        match Answer::parse(data) {
            Ok(answer) if answer.error.is_some() => Err(mid_stream_error(data)),
            Ok(answer) => self.reader.answer(answer, out),
            // the dialect's own events have no name: this one is of a kind that came after us
            Err(_) if name.is_some() => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}
