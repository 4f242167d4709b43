//! A provider's answer: a stream of responses, or one.

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;

use super::said::Reader;
use super::shape::{Response, invalid};
use crate::dialects::{Decode, Event};

/// Reads a stream. It has no terminal event: it is over when its body is, if all that began is finished by then.
#[derive(Default)]
pub struct Decoder {
    reader: Reader,
}

impl Decode for Decoder {
    fn event(&mut self, _: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        let data = data.trim_ascii();
        if data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let response = Response::parse(data)?;
        if response.error.is_some_and(|error| error.get() != "null") {
            return Err(mid_stream_error(data));
        }
        self.reader.response(response, out)
    }

    fn close(&mut self, out: &mut Vec<Event>) -> Result<(), Fault> {
        if self.reader.is_whole() {
            out.push(Event::End);
        }
        Ok(())
    }
}

/// A whole answer.
///
/// # Errors
/// It cannot be understood, or says nothing.
pub fn read_whole(body: &[u8]) -> Result<Vec<Event>, Fault> {
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    decoder.event(None, body, &mut events)?;
    decoder.reader.end(&mut events);
    decoder.close(&mut events)?;
    match events.last() {
        Some(Event::End) => Ok(events),
        _ => Err(invalid("the answer has no candidate")),
    }
}
