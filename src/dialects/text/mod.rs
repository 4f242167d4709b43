//! OpenAI's text completions, as a caller speaks them and as a provider does: a prompt that goes on. Before a provider that
//! only chats, the prompt is what the user says, and what the model says is the text.
//!
//! Source: OpenAI's API description, version 2.3.0: `CreateCompletionRequest`, `CreateCompletionResponse`.
//!
//! ```text
//! request_in     caller's body -> Request
//! request_out    Request -> provider's body
//! encoder        events -> caller's stream
//! whole          events -> caller's whole answer
//! echo           the prompt, told once more before the text
//! ```
//!
//! Thought has no member in the description. It stands in `reasoning_content`, as in chats here, rather than nowhere: OpenRouter
//! tells it so too (`reasoning`), and a caller who waits sees that something comes. Calls of tools and sources are left out;
//! a request cannot ask for them.
//!
//! A provider's answer is read by the reader of chat completions: the two differ in what a choice holds.

mod echo;
mod encoder;
mod request_in;
mod request_out;
#[cfg(test)]
mod tests;
mod whole;

pub use super::openai::{Decoder, read_whole};
pub use encoder::Encoder;
pub use request_in::read_request;
pub use request_out::write_request;
pub use whole::write_whole;

use super::event::{Event, Reason};
use super::openai::reason;

/// `object` of an answer, whole or in part.
const OBJECT: &str = "text_completion";

/// What of an event is text here, and of which choice: there is one text only, so a refusal is that text, and of sound what is
/// said in it.
fn said(event: &Event) -> Option<(u32, &str)> {
    match event {
        Event::Text { choice, text } | Event::Refusal { choice, text } => Some((*choice, text)),
        Event::Audio { choice, audio } => Some((*choice, &audio.transcript)),
        _ => None,
    }
}

/// `finish_reason`: the nearest of the three that there are. Calls of tools cannot be told, so an answer that ends with some
/// has come to its end.
fn finish(reason: &Reason) -> &'static str {
    match reason::write(reason) {
        "tool_calls" => "stop",
        word => word,
    }
}
