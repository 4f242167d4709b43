//! A provider's whole answer.

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;

use super::super::Event;
use super::said::Reader;
use super::shape::{Answer, invalid};

/// The events of a whole answer.
///
/// # Errors
/// It is an error after all, or no chat completion, or has no choice.
pub fn read_whole(body: &[u8]) -> Result<Vec<Event>, Fault> {
    let answer = Answer::parse(body)?;
    if answer.error.is_some() {
        return Err(mid_stream_error(body));
    }
    if answer.choices.iter().flatten().next().is_none() {
        return Err(invalid("not a chat completion: it has no choices"));
    }
    let mut out = Vec::new();
    let mut reader = Reader::default();
    reader.answer(answer, &mut out)?;
    out.extend(reader.rest());
    out.push(Event::End);
    Ok(out)
}
