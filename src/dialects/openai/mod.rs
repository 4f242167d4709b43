//! OpenAI chat completions, as a dialect of translation: with what OpenAI-compatible servers add to it (`reasoning_content`,
//! `reasoning`) and what LiteLLM's clients send and expect (`thinking_blocks`, `thinking`, `cache_control`, `top_k`).
//!
//! ```text
//! request_in  -> messages_in -> parts_in     a caller's body into the model
//! request_out -> messages_out -> parts_out   the model into a provider's body; `names` says which models take what
//! shape, said, calls, thought                what chunks and whole answers have in common, read into events
//! decoder, whole_in                          a provider's stream; its whole answer
//! encoder, whole_out                         a caller's stream; its whole answer
//! ```
//!
//! Written after OpenAI's API description, version 2.3.0 (`CreateChatCompletionRequest`, `CreateChatCompletionResponse`,
//! `CreateChatCompletionStreamResponse` and what they name).

mod calls;
mod decoder;
mod encoder;
mod fields;
mod media;
mod messages_in;
mod messages_out;
mod names;
mod object;
pub(super) mod outer;
mod parts_in;
mod parts_out;
pub(super) mod reason;
mod request_in;
mod request_out;
mod said;
mod shape;
mod signed;
mod sources;
#[cfg(test)]
mod tests;
mod thought;
pub(super) mod tier;
mod tools;
pub(super) mod usage;
mod whole_in;
mod whole_out;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub(super) use fields::{Fields, Strays};
pub(super) use names::Takes;
pub(super) use object::object;
pub(super) use parts_in::{address, mark, part as other_part};
pub(super) use request_in::read_fields;
pub use request_in::read_request;
pub use request_out::write_request;
pub(super) use request_out::{effort_of, lost_thought};
pub(super) use tools::read_function;
pub(super) use usage::Searched;
pub use whole_in::read_whole;
pub use whole_out::write_whole;

use serde_json::Value;

use super::request::{Message, Tool};
use super::{BadRequest, Notes, native};

/// The conversation alone, for protocols whose messages are like these.
///
/// # Errors
/// A message holds what the dialect has no form for.
pub fn write_messages(messages: &[Message], model: &str, notes: &mut Notes) -> Result<Vec<Value>, BadRequest> {
    messages_out::write(messages, names::Takes::of(model), notes)
}

/// The functions among the tools, for protocols whose tools are like these; what is none is noted.
pub fn write_functions(tools: &[Tool], model: &str, notes: &mut Notes) -> Vec<Value> {
    let takes = names::Takes::of(model);
    let (functions, others): (Vec<Value>, Vec<Value>) =
        tools.iter().filter_map(|tool| tools::write(tool, &takes, notes)).partition(|tool| tool["type"] == "function");
    for other in others {
        native::unserved(&Tool::Native(other), "the provider has functions only", notes);
    }
    functions
}
