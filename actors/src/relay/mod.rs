//! The relay's loop without its actor: bytes of the provider in, bytes for the client out, and what was learnt on the way.
//!
//! Pure but for the callbacks it runs, so it can be measured and fuzzed without a socket. The mode is chosen once per
//! stream (ARCHITECTURE.md, "Streams"); every mode gives the client the same events.

mod generate;
mod hooked;
mod messages;
mod outcome;
mod responses;
mod translated;
mod written;

use bytes::{Bytes, BytesMut};

use crate::capabilities::{CapabilitySnapshot, Hooks};
use crate::fault::Fault;
use crate::ports::{CallFacts, Translate};
use crate::wire::framing::{Framing, StreamReader};
use crate::wire::look::look;
use crate::wire::notes::Notes;
use crate::wire::protocol::{DONE, Protocol, frame};
use crate::wire::restamp::Restamper;
use crate::wire::sse::Event;
use crate::wire::strip::strip_usage;

use generate::Generate;
use hooked::Hooked;
use messages::Messages;
pub(crate) use outcome::status_of;
pub use outcome::{Finish, Learnt, mid_stream_error};
use responses::Responses;
use translated::Translated;
pub use written::Written;

/// A comment: keeps a silent connection alive, and no client sees it as an event (WHATWG; LiteLLM's `: ping`).
pub const HEARTBEAT: &[u8] = b": ping\n\n";

/// How a stream's events pass.
enum Mode {
    /// As they came.
    Verbatim,
    /// With the client's name of the model.
    Restamp(Restamper),
    /// Past callbacks, with the client's name of the model.
    Hooked(Box<Hooked>),
    /// Anthropic's messages, provider and client alike.
    Messages(Box<Messages>),
    /// Google's generateContent, provider and client alike.
    Generate(Box<Generate>),
    /// OpenAI's responses, provider and client alike.
    Responses(Box<Responses>),
    /// Out of the provider's protocol into the client's, and past callbacks where someone looks.
    Translated(Box<Translated>),
}

/// What the relay must know of a stream before it starts.
pub struct RelaySettings<'a> {
    /// What the client speaks.
    pub protocol: Protocol,
    /// How the provider frames its stream.
    pub framing: Framing,
    /// The model name the client shall read; `None` when the provider's is already that.
    pub shown_model: Option<&'a str>,
    /// Whether usage that the client did not ask for must be withheld.
    pub withhold_usage: bool,
    /// The longest event, bytes.
    pub max_event_bytes: usize,
}

/// One stream's relay.
pub struct Relay {
    reader: StreamReader,
    mode: Mode,
    withhold_usage: bool,
    finish: Option<Finish>,
    out: BytesMut,
    /// What was learnt so far.
    pub learnt: Learnt,
}

impl Relay {
    /// Chooses the mode: from the protocols, from what the callbacks can do, and whether a name must be changed.
    /// `translate` is there where provider and client speak differently.
    pub fn new(
        settings: &RelaySettings<'_>,
        translate: Option<Box<dyn Translate>>,
        callbacks: &CapabilitySnapshot,
        facts: impl FnOnce() -> CallFacts,
    ) -> Self {
        let hooked = |restamper| {
            let looked_at = callbacks.hooks.any(Hooks::STREAM | Hooks::STREAM_CHUNK);
            looked_at.then(|| Box::new(Hooked::new(callbacks, facts(), restamper)))
        };
        let restamper = || settings.shown_model.map(Restamper::new);
        let mode = match (translate, settings.protocol) {
            // whoever writes events anew writes the client's name of the model into them
            (Some(translate), protocol) => {
                Mode::Translated(Box::new(Translated::new(protocol, translate, hooked(None))))
            }
            (None, Protocol::Messages) => Mode::Messages(Box::new(Messages::new(settings.shown_model, hooked(None)))),
            (None, Protocol::GenerateContent) => {
                Mode::Generate(Box::new(Generate::new(settings.shown_model, hooked(None))))
            }
            (None, Protocol::Responses) => {
                Mode::Responses(Box::new(Responses::new(settings.shown_model, hooked(None))))
            }
            (None, Protocol::Chat | Protocol::Text | Protocol::Own) => match hooked(restamper()) {
                Some(hooked) => Mode::Hooked(hooked),
                None => restamper().map_or(Mode::Verbatim, Mode::Restamp),
            },
        };
        Relay {
            reader: StreamReader::new(settings.framing, settings.max_event_bytes),
            mode,
            withhold_usage: settings.withhold_usage,
            finish: None,
            out: BytesMut::new(),
            learnt: Learnt::default(),
        }
    }

    /// Takes what came from the provider in one wake-up; `emit` gets what goes to the client now, in order. What had to be
    /// written anew is one piece for the whole batch: on the way out each piece costs an allocation and a chunk of its own.
    /// After a [`Finish`] it takes nothing more.
    pub fn feed(&mut self, batch: &[Bytes], mut emit: impl FnMut(Bytes)) {
        if !matches!(self.mode, Mode::Verbatim) {
            let length: usize = batch.iter().map(Bytes::len).sum();
            // an eighth more, for a name that is longer than the provider's
            self.out.reserve(length + length / 8);
        }
        for chunk in batch {
            let written = self.out.len();
            if self.take(chunk) {
                self.out.truncate(written);
                self.hand_over(&mut emit);
                emit(chunk.clone());
            }
        }
        self.hand_over(&mut emit);
    }

    fn hand_over(&mut self, emit: &mut impl FnMut(Bytes)) {
        if !self.out.is_empty() {
            emit(self.out.split().freeze());
        }
    }

    /// Writes what goes to the client behind what is in `out`. `true`: nothing was held, changed or withheld, so the chunk may
    /// go on as it came instead, without the copy.
    fn take(&mut self, chunk: &Bytes) -> bool {
        if self.finish.is_some() {
            return false;
        }
        let Relay { reader, mode, withhold_usage, finish, out, learnt } = self;
        let mut untouched = matches!(mode, Mode::Verbatim);
        let mut pass = Pass { mode, withhold_usage: *withhold_usage, finish, out, learnt };
        let fed = reader.feed(chunk, |event| untouched &= pass.event(&event));
        if let Err(error) = fed {
            let cause = format!("{error}");
            pass.finish.get_or_insert(Finish::Broken(Fault::InvalidAnswer { cause }));
            untouched = false;
        }
        untouched && reader.whole_canonical()
    }

    /// The provider closed the stream properly. Without a terminal event before that, it was cut (FAULTS S7, S12). `emit` as in
    /// [`Relay::feed`].
    pub fn close(&mut self, mut emit: impl FnMut(Bytes)) {
        if let Some(end) = self.reader.missing_end() {
            self.feed(&[Bytes::from_static(end)], &mut emit);
        }
        if self.finish.is_none() {
            // protocols without a terminal event end here, if they may
            self.finish = match &mut self.mode {
                Mode::Generate(generate) => Some(generate.close(&mut self.out)),
                Mode::Translated(translated) => translated.close(&mut self.out, &mut self.learnt),
                _ => None,
            };
            self.hand_over(&mut emit);
        }
        self.finish.get_or_insert(Finish::Broken(Fault::Truncated));
    }

    /// What of the answer so far the client's protocol has no form for, however the stream ends.
    pub fn notes(&self) -> Option<&Notes> {
        match &self.mode {
            Mode::Translated(translated) => Some(translated.notes()),
            _ => None,
        }
    }

    /// Why it is over, once it is.
    pub fn finished(&self) -> Option<&Finish> {
        self.finish.as_ref()
    }

    /// Takes the reason out; the relay stays over.
    pub fn take_finish(&mut self) -> Option<Finish> {
        self.finish.replace(Finish::Done)
    }
}

/// The parts of a relay that one event touches; apart from the reader, which lends the event.
struct Pass<'a> {
    mode: &'a mut Mode,
    withhold_usage: bool,
    finish: &'a mut Option<Finish>,
    out: &'a mut BytesMut,
    learnt: &'a mut Learnt,
}

impl Pass<'_> {
    /// One event. Returns whether it went on exactly as it came.
    fn event(&mut self, event: &Event<'_>) -> bool {
        if self.finish.is_some() {
            return false; // bytes after the end are dropped (S13)
        }
        match self.mode {
            Mode::Messages(messages) => {
                *self.finish = messages.event(event, self.out, self.learnt);
                return false;
            }
            Mode::Generate(generate) => {
                *self.finish = generate.event(event, self.out, self.learnt);
                return false;
            }
            Mode::Responses(responses) => {
                *self.finish = responses.event(event, self.out, self.learnt);
                return false;
            }
            Mode::Translated(translated) => {
                *self.finish = translated.event(event, self.out, self.learnt);
                return false;
            }
            _ => {}
        }
        let seen = look(event.data);
        if seen.done {
            self.done();
            // white space around it is let pass, but not on
            return event.canonical && event.data == b"[DONE]";
        }
        if seen.error || event.name == Some(b"error") {
            *self.finish = Some(Finish::Broken(mid_stream_error(event.data)));
            return false;
        }
        if !seen.usage_only {
            self.learnt.written.note(event.data);
        }
        if let Some(usage) = seen.usage {
            self.learnt.usage.get_or_insert_default().fold(usage);
            if self.withhold_usage {
                if seen.usage_only {
                    return false;
                }
                let mut rest = BytesMut::with_capacity(event.data.len());
                strip_usage(event.data, &mut rest);
                self.learnt.events += 1;
                self.pass(&rest, event.canonical);
                return false;
            }
        }
        self.learnt.events += 1;
        self.pass(event.data, event.canonical);
        event.canonical
    }

    /// `one_line`: the data is known to have no LF, as that of a canonical event is.
    fn pass(&mut self, data: &[u8], one_line: bool) {
        match self.mode {
            Mode::Verbatim if one_line => frame_line(self.out, |out| out.extend_from_slice(data)),
            Mode::Verbatim => frame(self.out, |out| out.extend_from_slice(data)),
            // the alias is a JSON string: it adds no LF
            Mode::Restamp(restamper) if one_line => frame_line(self.out, |out| {
                restamper.restamp(data, out);
            }),
            Mode::Restamp(restamper) => frame(self.out, |out| {
                restamper.restamp(data, out);
            }),
            // these have ways of their own, and never come here
            Mode::Messages(_) | Mode::Generate(_) | Mode::Responses(_) | Mode::Translated(_) => {}
            Mode::Hooked(hooked) => {
                if let Err(refusal) = hooked.event(None, data, self.out) {
                    *self.finish = Some(Finish::Broken(Fault::Refused(refusal)));
                }
            }
        }
    }

    fn done(&mut self) {
        if let Mode::Hooked(hooked) = self.mode
            && let Err(refusal) = hooked.end(self.out)
        {
            *self.finish = Some(Finish::Broken(Fault::Refused(refusal)));
            return;
        }
        self.out.extend_from_slice(DONE);
        *self.finish = Some(Finish::Done);
    }
}

/// As [`frame`], without the search for lines.
fn frame_line(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut)) {
    out.extend_from_slice(b"data: ");
    write(out);
    out.extend_from_slice(b"\n\n");
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_hooks;
