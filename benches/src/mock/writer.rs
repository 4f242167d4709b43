//! What a protocol must bring: its shapes. Faults, framing and playing are the same for all protocols and stand elsewhere.

use super::{
    behaviour::Behaviour,
    body::Body,
    job::{Endpoint, Job},
    request::Head,
};

/// One event of a stream before it is framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name, for the `event:` line; protocols that have no names leave it out.
    pub name: Option<&'static str>,
    /// Its data.
    pub data: String,
}

impl Event {
    /// An event without a name.
    pub fn unnamed(data: String) -> Self {
        Self { name: None, data }
    }

    /// An event with a name.
    pub fn named(name: &'static str, data: String) -> Self {
        Self { name: Some(name), data }
    }
}

/// What an error says; what is absent is the status's own.
#[derive(Clone, Copy, Default)]
pub struct Words<'a> {
    /// `message`.
    pub message: Option<&'a str>,
    /// `type`.
    pub kind: Option<&'a str>,
    /// `param`.
    pub param: Option<&'a str>,
    /// `code`.
    pub code: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// Those that a behaviour asks for.
    pub fn of(behaviour: &'a Behaviour) -> Self {
        Words {
            message: behaviour.message.as_deref(),
            kind: behaviour.error_type.as_deref(),
            param: behaviour.error_param.as_deref(),
            code: behaviour.code.as_deref(),
        }
    }
}

/// A request that the provider itself would refuse, whatever behaviour is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// Why, in the provider's words.
    pub message: String,
}

/// The shapes of one protocol: the only place where its field names are written.
pub trait Writer: Sync {
    /// The whole answer, as JSON.
    fn whole(&self, job: &Job<'_>) -> String;
    /// The whole answer as a body: JSON, but where the resource has another kind of answer.
    fn answer(&self, job: &Job<'_>) -> Body {
        Body::json(200, self.whole(job))
    }
    /// The events of a proper stream, all but the terminal one.
    fn events(&self, job: &Job<'_>) -> Vec<Event>;
    /// The event that says that a stream is over, where the protocol has one.
    fn terminal(&self, job: &Job<'_>) -> Option<Event>;
    /// The bytes of each event of a stream, where that is framed otherwise than as server-sent events.
    fn frame(&self, _behaviour: &Behaviour, _events: &[Event]) -> Option<Vec<Vec<u8>>> {
        None
    }
    /// The content-type of a stream.
    fn stream_type(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }
    /// Data that begins well and is no JSON.
    fn broken(&self) -> &'static str;
    /// The body of an error.
    fn error(&self, status: u16, words: Words<'_>) -> String;
    /// An error within a stream.
    fn error_event(&self, words: Words<'_>) -> Event;
    /// What the provider sends to keep a stream alive, framed.
    fn keep_alive(&self) -> &'static [u8];
    /// The usage of the whole answer, for a trailer.
    fn usage(&self, job: &Job<'_>) -> String;
    /// The provider's own headers.
    fn headers(&self) -> String;
    /// What stands right before content, the likeliest first: there a flood begins.
    fn openings(&self) -> &'static [&'static str];
    /// The credential of a request, from the header in which this provider looks for it.
    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str>;
    /// Whether the request is signed as the behaviour wants it, for providers whose requests are.
    ///
    /// # Errors
    /// What it would refuse with.
    fn signed(&self, _head: &Head, _body: &[u8], _behaviour: &Behaviour) -> Result<(), Refusal> {
        Ok(())
    }
    /// Whether its streams are of frames that tell their length beforehand, so that nothing can be filled in.
    fn in_frames(&self) -> bool {
        false
    }
    /// Whether a stream is asked for, where the path says so and not the body.
    fn streams_by_path(&self, _endpoint: Endpoint) -> Option<bool> {
        None
    }
    /// Whether the provider would take the request at all.
    ///
    /// # Errors
    /// What it would refuse with.
    fn check(&self, job: &Job<'_>, head: &Head) -> Result<(), Refusal>;
}
