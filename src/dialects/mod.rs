//! Translation between dialects: one model of a request and one of an answer's events, and for each dialect a reader and a
//! writer of both. So N dialects need N files, not N times N.
//!
//! Everything here is pure: bytes in, bytes out. Where caller and provider speak the same dialect none of it runs: their
//! bytes pass as they came (ARCHITECTURE.md, "Streams").
//!
//! ```text
//! caller's body  --read_request--> Request --write_request--> provider's body, and notes of what changed
//! provider's SSE --Decode-------> Event*  --Encode---------> caller's SSE
//! provider's JSON--read_whole---> Event*  --write_whole----> caller's JSON
//! ```
//!
//! A whole answer is the same events as a stream, folded by the writer; so both always agree.

pub mod anthropic;
pub mod bedrock;
pub mod bridge;
mod check;
pub mod cohere;
mod custom;
mod defaults;
pub mod embeddings;
pub mod event;
mod foreign;
pub mod gemini;
mod given;
mod halves;
mod hidden;
mod logprobs;
pub mod media;
mod members;
mod middle;
mod native;
pub mod ollama;
pub mod openai;
pub mod own;
mod own_names;
pub mod request;
pub mod responses;
mod sealed;
mod search;
pub mod signature;
mod speech;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod text;
mod untold;
mod unwrap;

use bytes::Bytes;
use millrace_actors::fault::Fault;

pub use event::Event;
pub use millrace_actors::ports::{AnswerFacts, Frame};
pub use millrace_actors::wire::notes::{Did, Notes};
pub use request::Request;

/// A caller's body that cannot be understood: its own fault, status 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRequest {
    /// JSON pointer (RFC 6901) of the place, such as `/messages/2/content/0/type`.
    pub pointer: String,
    /// What is wrong there and what would do, one sentence without its place.
    pub what: String,
}

/// What a writer of requests must know besides the request.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The provider's name of the model.
    pub model: &'a str,
    /// The most tokens the model can write, where known: for dialects that insist on a limit.
    pub max_output_tokens: Option<u64>,
    /// Whether usage must be asked for in a stream, whoever wants to see it.
    pub stream_usage: bool,
}

/// A request in the provider's dialect.
#[derive(Clone, Debug)]
pub struct Written {
    /// The body.
    pub body: Bytes,
    /// What of the caller's request is not in it as the caller wrote it. Whether a dropped parameter is let pass or refused
    /// is the deployment's `drop_params`, and not decided here.
    pub notes: Notes,
}

/// Reads a provider's stream. One per stream.
pub trait Decode {
    /// One event: its SSE name, if any, and its data. What it means is pushed to `out`, [`Event::End`] last of all.
    ///
    /// # Errors
    /// The provider reports a fault ([`Fault::Provider`]), or the event cannot be understood ([`Fault::InvalidAnswer`]).
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault>;

    /// The body is over. A dialect without a terminal event pushes [`Event::End`] here, if the answer may end so.
    ///
    /// # Errors
    /// As [`Decode::event`].
    fn close(&mut self, _out: &mut Vec<Event>) -> Result<(), Fault> {
        Ok(())
    }
}

/// Writes the caller's stream. One per stream; [`Event::End`] makes it write the dialect's terminal event.
pub trait Encode {
    /// One event; whatever is ready to go is pushed to `out`.
    fn event(&mut self, event: Event, out: &mut Vec<Frame>);
}
