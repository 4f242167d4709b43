//! Judging in whatever protocol was asked: the one place that knows them all.

use std::borrow::Cow;

use super::text::Text;
use super::{Expect, Fault, message, message_stream, stream, whole};
use crate::bench::http::sse::Event;
use crate::bench::protocol::Protocol;

/// The state of judging one stream.
#[derive(Debug)]
pub enum Judge<'e> {
    /// OpenAI's.
    Completion(stream::Judge<'e>),
    /// Anthropic's.
    Message(message_stream::Judge<'e>),
}

impl<'e> Judge<'e> {
    /// Begins a stream.
    pub fn new(protocol: Protocol, expect: &'e Expect) -> Self {
        match protocol {
            Protocol::Openai => Self::Completion(stream::Judge::new(expect)),
            Protocol::Anthropic => Self::Message(message_stream::Judge::new(expect)),
        }
    }

    /// The text so far. When its first piece has come, the first token has, as the script defines it.
    pub fn text(&mut self) -> &mut Text<'e> {
        match self {
            Self::Completion(judge) => &mut judge.text,
            Self::Message(judge) => &mut judge.text,
        }
    }

    /// Whether the terminal event has come.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Completion(judge) => judge.is_done(),
            Self::Message(judge) => judge.is_done(),
        }
    }

    /// Judges one event.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn event(&mut self, event: Event<'_>) -> Result<(), Fault> {
        match (self, event.name) {
            (Self::Completion(judge), None) => judge.event(event.data),
            (Self::Completion(_), Some(_)) => {
                Err(Fault::Sse("a name, which events of this protocol have not".to_owned()))
            }
            (Self::Message(judge), name) => judge.event(name.unwrap_or_default(), event.data),
        }
    }

    /// Judges the end of the body.
    ///
    /// # Errors
    /// What was missing.
    pub fn end(&self) -> Result<(), Fault> {
        match self {
            Self::Completion(judge) => judge.end(),
            Self::Message(judge) => judge.end(),
        }
    }
}

/// Judges the body of a whole answer and returns its text.
///
/// # Errors
/// What is wrong with it.
pub fn whole<'a>(protocol: Protocol, expect: &Expect, body: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    match protocol {
        Protocol::Openai => whole::judge(expect, body),
        Protocol::Anthropic => message::judge(expect, body),
    }
}
