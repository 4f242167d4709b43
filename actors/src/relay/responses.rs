//! OpenAI's responses to a client who speaks them: each event as it came, its name too; the model's name in those that hold
//! the whole response is the client's.

use bytes::BytesMut;

use super::hooked::Hooked;
use super::outcome::{Finish, Learnt, Refused, mid_stream_error};
use crate::fault::Fault;
use crate::wire::protocol::Protocol;
use crate::wire::responses::{ERROR, FAILED, error, holds_response, is_last, kind, restamped, usage};
use crate::wire::sse::Event;

/// One such stream.
pub(super) struct Responses {
    /// The model name the client shall read.
    shown_model: Option<String>,
    hooked: Option<Box<Hooked>>,
}

impl Responses {
    pub(super) fn new(shown_model: Option<&str>, hooked: Option<Box<Hooked>>) -> Self {
        Responses { shown_model: shown_model.map(str::to_owned), hooked }
    }

    /// One event; tells whether, and how, it was the last.
    pub(super) fn event(&mut self, event: &Event<'_>, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        let kind = kind(event.name, event.data).unwrap_or_default();
        match &*kind {
            ERROR => return Some(Finish::Broken(mid_stream_error(event.data))),
            // told as an error event of ours, as any broken stream is: what a provider writes here may hold our credential
            FAILED => {
                learn(event.data, learnt);
                return Some(Finish::Broken(mid_stream_error(error(event.data).unwrap_or(event.data))));
            }
            _ => {}
        }
        let last = is_last(event.name, event.data);
        match last {
            true => learn(event.data, learnt),
            false => learnt.events += 1,
        }
        // what is done is told whole once more
        if kind.ends_with(".delta") {
            learnt.written.note(event.data);
        }
        let named = self.shown_model.as_deref().filter(|_| holds_response(&kind));
        let restamped = named.and_then(|shown| restamped(event.data, shown));
        let data = restamped.as_deref().unwrap_or(event.data);
        if let Err(refusal) = self.pass(last, event.name, data, out) {
            return Some(Finish::Broken(Fault::Refused(refusal)));
        }
        last.then_some(Finish::Done)
    }

    /// The last event holds all texts once more, so callbacks must see it as well, before it is known to be good.
    fn pass(&mut self, last: bool, name: Option<&[u8]>, data: &[u8], out: &mut BytesMut) -> Refused<()> {
        match &mut self.hooked {
            Some(hooked) => {
                hooked.event(name, data, out)?;
                if last { hooked.end(out) } else { Ok(()) }
            }
            None => {
                Protocol::Responses.frame(out, name, |out| out.extend_from_slice(data));
                Ok(())
            }
        }
    }
}

fn learn(data: &[u8], learnt: &mut Learnt) {
    if let Some(usage) = usage(data) {
        learnt.usage.get_or_insert_default().fold(usage);
    }
}
