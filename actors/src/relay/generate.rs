//! The generateContent protocol to a client who speaks it: each event as it came, but for the model's name. There is no
//! terminal event: the stream is whole if it ends after something was finished.

use bytes::BytesMut;

use super::hooked::Hooked;
use super::outcome::{Finish, Learnt, Refused, mid_stream_error};
use crate::fault::Fault;
use crate::wire::generate::{Progress, look};
use crate::wire::protocol::frame;
use crate::wire::restamp::splice;
use crate::wire::scan;
use crate::wire::sse::Event;

/// One such stream.
pub(super) struct Generate {
    /// The model name the client shall read, as a JSON string.
    shown_model: Option<String>,
    hooked: Option<Box<Hooked>>,
    progress: Progress,
}

impl Generate {
    pub(super) fn new(shown_model: Option<&str>, hooked: Option<Box<Hooked>>) -> Self {
        Generate { shown_model: shown_model.map(scan::quoted), hooked, progress: Progress::default() }
    }

    /// One event; tells whether, and how, it was the last.
    pub(super) fn event(&mut self, event: &Event<'_>, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        let seen = look(event.data);
        if seen.error || event.name == Some(b"error") {
            return Some(Finish::Broken(mid_stream_error(event.data)));
        }
        if let Some(usage) = seen.usage {
            learnt.usage.get_or_insert_default().fold(usage);
        }
        self.progress.add(seen.progress);
        learnt.events += 1;
        learnt.written.note(event.data);
        let passed = match &self.shown_model {
            Some(shown) if !seen.model.is_empty() => {
                let mut restamped = BytesMut::new();
                splice(event.data, &seen.model, shown.as_bytes(), &mut restamped);
                self.pass(&restamped, out)
            }
            _ => self.pass(event.data, out),
        };
        passed.err().map(|refusal| Finish::Broken(Fault::Refused(refusal)))
    }

    /// The provider's body is over.
    pub(super) fn close(&mut self, out: &mut BytesMut) -> Finish {
        if !self.progress.is_whole() {
            return Finish::Broken(Fault::Truncated);
        }
        match self.hooked.as_mut().map_or(Ok(()), |hooked| hooked.end(out)) {
            Ok(()) => Finish::Done,
            Err(refusal) => Finish::Broken(Fault::Refused(refusal)),
        }
    }

    fn pass(&mut self, data: &[u8], out: &mut BytesMut) -> Refused<()> {
        match &mut self.hooked {
            Some(hooked) => hooked.event(None, data, out),
            None => {
                frame(out, |out| out.extend_from_slice(data));
                Ok(())
            }
        }
    }
}
