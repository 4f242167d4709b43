//! OpenAI chat completions, as a dialect of translation: with what OpenAI-compatible servers add to it (`reasoning_content`,
//! `reasoning`) and what LiteLLM's clients send and expect (`thinking_blocks`, `thinking`, `cache_control`, `top_k`).
//!
//! ```text
//! request_in  -> messages_in -> parts_in     a caller's body into the model
//! request_out -> messages_out -> parts_out   the model into a provider's body; `names` says which models take what
//! shape, said, calls                         what chunks and whole answers have in common, read into events
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
mod messages_in;
mod messages_out;
mod names;
mod object;
mod parts_in;
mod parts_out;
mod reason;
mod request_in;
mod request_out;
mod said;
mod shape;
mod signed;
mod sources;
#[cfg(test)]
mod tests;
mod tools;
mod usage;
mod whole_in;
mod whole_out;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use request_in::read_request;
pub use request_out::write_request;
pub use whole_in::read_whole;
pub use whole_out::write_whole;
