//! Anthropic messages (API version 2023-06-01), as a dialect of translation.
//!
//! Facts are from Anthropic's API reference, its pages on streaming, thinking, effort, structured outputs, citations and
//! errors, and the types of its SDK for Python, as of 2026-11.
//!
//! ```text
//! request.rs, messages.rs, parts.rs   caller's body -> Request            fields.rs   typed access to it, with pointers
//! writing.rs, turns.rs, blocks.rs, tools.rs, thinking.rs, models.rs, closing.rs   Request -> provider's body
//! stream.rs, whole.rs, answer.rs      provider's answer -> events             usage.rs    its tokens, both ways
//! sequence.rs, ending.rs              events -> blocks one after another, from which
//! encoder.rs, folding.rs              the caller's stream and the caller's whole answer are written
//! ```
//!
//! What does not come back in the caller's own words from a request that is read and written again:
//!
//! - one text block without a mark is a string, in messages, `system` and tool results; empty texts are left out;
//! - messages of one role in a row are one, and system messages within the conversation stand in `system`;
//! - `disable_parallel_tool_use: false`, `stream: false`, `is_error: false` and a tool's `type: custom` are left out;
//! - `output_format` is `output_config.format`;
//! - `output_config.effort` alone comes with `thinking: {type: adaptive}` where the model has that, with a budget where not;
//! - a redundant `thinking: {type: disabled}` is left out for models that don't think unless asked.

mod answer;
mod blocks;
mod closing;
mod encoder;
mod ending;
pub(in crate::dialects) mod fields;
mod folding;
mod gathering;
mod messages;
mod models;
mod parts;
mod request;
mod sequence;
mod sources;
mod stream;
mod thinking;
mod tools;
mod turns;
mod usage;
mod whole;
mod writing;

// what Claude takes, and how a call is written, is the same wherever Claude is asked
pub(super) use blocks::{Input, input, of_claude, tool_id};
pub(super) use closing::{CLOSED, close};
pub(super) use fields::bad;
pub(super) use models::{Traits, traits_of};
pub(super) use thinking::decide;
pub(super) use tools::{MEMBERS as TOOL_MEMBERS, schema};
pub(super) use writing::{OUTPUT, absent, of_output, own_config, sampling};

pub use encoder::Encoder;
pub use folding::write_whole;
pub use gathering::collect;
pub use request::read_request;
pub use sources::has_form;
pub use stream::Decoder;
pub use whole::read_whole;
pub use writing::write_request;

#[cfg(test)]
mod tests;
