//! Anthropic's messages to a client who speaks them: each event as it came, its name too; the model's name in the first one
//! is the client's.

use bytes::BytesMut;

use super::hooked::Hooked;
use super::outcome::{Finish, Learnt, Refused, mid_stream_error};
use crate::fault::Fault;
use crate::wire::messages::{kind, restamped, usage};
use crate::wire::protocol::Protocol;
use crate::wire::sse::Event;

/// One such stream.
pub(super) struct Messages {
    /// The model name the client shall read.
    shown_model: Option<String>,
    hooked: Option<Box<Hooked>>,
}

impl Messages {
    pub(super) fn new(shown_model: Option<&str>, hooked: Option<Box<Hooked>>) -> Self {
        Messages { shown_model: shown_model.map(str::to_owned), hooked }
    }

    /// One event; tells whether, and how, it was the last.
    pub(super) fn event(&mut self, event: &Event<'_>, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        let kind = kind(event.name, event.data).unwrap_or_default();
        if kind == "error" {
            return Some(Finish::Broken(mid_stream_error(event.data)));
        }
        if let Some(told) = usage(&kind, event.data) {
            learnt.usage.get_or_insert_default().update(told);
        }
        let last = kind == "message_stop";
        if !last {
            learnt.events += 1;
        }
        if kind == "content_block_delta" {
            learnt.written.note(event.data);
        }
        let start = self.shown_model.as_deref().filter(|_| kind == "message_start");
        let restamped = start.and_then(|shown| restamped(event.data, shown));
        let data = restamped.as_deref().unwrap_or(event.data);
        // sent without a name by a server that leaves it out, and without one it goes on
        let name = event.name;
        if let Err(refusal) = self.pass(last, name, data, out) {
            return Some(Finish::Broken(Fault::Refused(refusal)));
        }
        last.then_some(Finish::Done)
    }

    fn pass(&mut self, last: bool, name: Option<&[u8]>, data: &[u8], out: &mut BytesMut) -> Refused<()> {
        match &mut self.hooked {
            Some(hooked) if !last => return hooked.event(name, data, out),
            Some(hooked) => hooked.end(out)?,
            None => {}
        }
        Protocol::Messages.frame(out, name, |out| out.extend_from_slice(data));
        Ok(())
    }
}
