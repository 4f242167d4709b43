//! The relay's loop without its actor: bytes of the provider in, bytes for the client out, and what was learnt on the way.
//!
//! Pure but for the callbacks it runs, so it can be measured and fuzzed without a socket. The mode is chosen once per
//! stream (ARCHITECTURE.md, "Streams"); every mode gives the client the same events.

mod hooked;

use bytes::{Bytes, BytesMut};

use crate::capabilities::{CapabilitySnapshot, Hooks};
use crate::fault::{Fault, Refusal};
use crate::ports::CallFacts;
use crate::wire::answer::UpstreamError;
use crate::wire::look::look;
use crate::wire::restamp::Restamper;
use crate::wire::sse::{Event, SseReader};
use crate::wire::strip::strip_usage;
use crate::wire::usage::Usage;

use hooked::Hooked;

/// The terminal event of OpenAI's streams.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

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
}

/// What the relay must know of a stream before it starts.
pub struct RelaySettings<'a> {
    /// The model name the client shall read; `None` when the provider's is already that.
    pub shown_model: Option<&'a str>,
    /// Whether usage that the client did not ask for must be withheld.
    pub withhold_usage: bool,
    /// The longest event, bytes.
    pub max_event_bytes: usize,
}

/// What was learnt of the stream.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Events that went to the client, the terminal one not counted.
    pub events: u64,
    /// The last usage the provider reported; cumulative, so the last one wins (FAULTS S15).
    pub usage: Option<Usage>,
}

/// Why a stream is over before the provider closed it.
#[derive(Debug)]
pub enum Finish {
    /// The terminal event came and went out.
    Done,
    /// It cannot go on. No terminal event went out; an error event must.
    Broken(Fault),
}

/// One stream's relay.
pub struct Relay {
    reader: SseReader,
    mode: Mode,
    withhold_usage: bool,
    finish: Option<Finish>,
    out: BytesMut,
    /// What was learnt so far.
    pub learnt: Learnt,
}

impl Relay {
    /// Chooses the mode: from what the callbacks can do, and whether a name must be changed.
    pub fn new(
        settings: &RelaySettings<'_>,
        callbacks: &CapabilitySnapshot,
        facts: impl FnOnce() -> CallFacts,
    ) -> Self {
        let restamper = settings.shown_model.map(Restamper::new);
        let mode = if callbacks.hooks.any(Hooks::STREAM | Hooks::STREAM_CHUNK) {
            Mode::Hooked(Box::new(Hooked::new(callbacks, facts(), restamper)))
        } else {
            restamper.map_or(Mode::Verbatim, Mode::Restamp)
        };
        Relay {
            reader: SseReader::new(settings.max_event_bytes),
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

    /// The provider closed the stream properly. Without a terminal event before that, it was cut (FAULTS S7, S12).
    pub fn close(&mut self) {
        self.finish.get_or_insert(Finish::Broken(Fault::Truncated));
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
            Mode::Hooked(hooked) => {
                if let Err(refusal) = hooked.event(data, self.out) {
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

/// Writes one event: `data: `, what `write` writes, a blank line. Every line of multi-line data gets its own field, so
/// that the client's reader joins the same text (FAULTS S6).
pub(crate) fn frame(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut)) {
    out.extend_from_slice(b"data: ");
    let start = out.len();
    write(out);
    if memchr::memchr(b'\n', &out[start..]).is_some() {
        let data = out.split_off(start);
        for (n, line) in data.as_ref().split(|b| *b == b'\n').enumerate() {
            if n > 0 {
                out.extend_from_slice(b"\ndata: ");
            }
            out.extend_from_slice(line);
        }
    }
    out.extend_from_slice(b"\n\n");
}

/// As [`frame`], without the search for lines.
fn frame_line(out: &mut BytesMut, write: impl FnOnce(&mut BytesMut)) {
    out.extend_from_slice(b"data: ");
    write(out);
    out.extend_from_slice(b"\n\n");
}

/// An error event inside a 200 stream (FAULTS S10). The status is the one the error's own code or type stands for.
pub(crate) fn mid_stream_error(data: &[u8]) -> Fault {
    let error = UpstreamError::parse(data);
    Fault::Provider { status: status_of(&error), error, retry_after: None }
}

/// The status of an error that came without one, from the words OpenAI and its likes use for it; 500 for any other.
pub(crate) fn status_of(error: &UpstreamError) -> u16 {
    let code = error.code.as_deref().unwrap_or_default();
    if let Ok(status @ 400..=599) = code.parse::<u16>() {
        return status;
    }
    match (code, error.kind.as_deref().unwrap_or_default()) {
        ("rate_limit_exceeded" | "insufficient_quota", _)
        | (_, "rate_limit_error" | "insufficient_quota" | "tokens" | "requests") => 429,
        ("invalid_api_key", _) | (_, "authentication_error") => 401,
        ("model_not_found", _) | (_, "not_found_error") => 404,
        (_, "permission_error") => 403,
        (_, "overloaded_error") => 529,
        (_, "invalid_request_error") => 400,
        _ => 500,
    }
}

/// What a refusal or fault looks like as the last event of a stream.
pub fn error_event(fault: &Fault) -> Bytes {
    let mut out = BytesMut::new();
    frame(&mut out, |out| out.extend_from_slice(&fault.shape().body()));
    out.freeze()
}

pub(crate) type Refused<T> = Result<T, Refusal>;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_hooks;
