//! Out of the provider's protocol into the client's, event by event; then past callbacks, who see what the client shall see.

use bytes::BytesMut;

use super::hooked::Hooked;
use super::outcome::{Finish, Learnt, Refused};
use crate::fault::Fault;
use crate::ports::{Frame, Translate};
use crate::wire::protocol::Protocol;
use crate::wire::sse::Event;

/// One such stream.
pub(super) struct Translated {
    protocol: Protocol,
    translate: Box<dyn Translate>,
    hooked: Option<Box<Hooked>>,
    /// Empty between events; kept for its room.
    frames: Vec<Frame>,
}

impl Translated {
    pub(super) fn new(protocol: Protocol, translate: Box<dyn Translate>, hooked: Option<Box<Hooked>>) -> Self {
        Translated { protocol, translate, hooked, frames: Vec::new() }
    }

    /// One event of the provider; tells whether, and how, it was the last.
    pub(super) fn event(&mut self, event: &Event<'_>, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        // of OpenAI's responses the deltas only: what is done is told whole once more
        if event.name.is_none_or(|name| !name.starts_with(b"response.") || name.ends_with(b".delta")) {
            learnt.written.note(event.data);
        }
        let complete = self.translate.event(event.name, event.data, &mut self.frames);
        self.send(complete, out, learnt)
    }

    /// The provider's body is over: protocols without a terminal event end so. `None`: it was cut.
    pub(super) fn close(&mut self, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        let complete = self.translate.close(&mut self.frames);
        self.send(complete, out, learnt)
    }

    fn send(&mut self, complete: Result<bool, Fault>, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        if let Some(usage) = self.translate.usage() {
            learnt.usage = Some(usage);
        }
        if !matches!(complete, Ok(false)) {
            learnt.notes.extend(self.translate.notes());
        }
        // what came before a fault in the same event was said, and is passed on
        let mut frames = std::mem::take(&mut self.frames);
        let passed = frames.drain(..).try_for_each(|frame| self.pass(&frame, out, learnt));
        self.frames = frames;
        match (passed, complete) {
            (Err(refusal), _) => Some(Finish::Broken(Fault::Refused(refusal))),
            (Ok(()), Err(fault)) => Some(Finish::Broken(fault)),
            (Ok(()), Ok(false)) => None,
            (Ok(()), Ok(true)) => Some(self.end(out)),
        }
    }

    /// A client whose protocol has no terminal event has been sent all of it; what callbacks hold goes after it.
    fn end(&mut self, out: &mut BytesMut) -> Finish {
        match &mut self.hooked {
            Some(hooked) if self.protocol == Protocol::GenerateContent => {
                hooked.end(out).err().map_or(Finish::Done, |refusal| Finish::Broken(Fault::Refused(refusal)))
            }
            _ => Finish::Done,
        }
    }

    fn pass(&mut self, frame: &Frame, out: &mut BytesMut, learnt: &mut Learnt) -> Refused<()> {
        let name = frame.name.map(str::as_bytes);
        let last = self.protocol.ends(name, &frame.data);
        if !last {
            learnt.events += 1;
        }
        match &mut self.hooked {
            Some(hooked) if !last => return hooked.event(name, &frame.data, out),
            // it says all texts once more
            Some(hooked) if self.protocol == Protocol::Responses => {
                hooked.event(name, &frame.data, out)?;
                return hooked.end(out);
            }
            Some(hooked) => hooked.end(out)?,
            None => {}
        }
        self.protocol.frame(out, name, |out| out.extend_from_slice(&frame.data));
        Ok(())
    }
}
