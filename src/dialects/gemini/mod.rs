//! Google's generateContent (Gemini API, v1beta), as a dialect of translation.
//!
//! Facts are from Google's API reference, its pages on function calling, thinking, thought signatures, structured output and
//! token counts, and the types of its SDK for Python, as of 2026-11.
//!
//! ```text
//! request_in.rs, contents_in.rs, declarations.rs   caller's body -> Request     fields.rs   members in either spelling
//! request_out.rs, contents_out.rs, parts_out.rs, tools.rs, schema.rs, thinking.rs, models.rs   Request -> provider's body
//! shape.rs, said.rs, decoder.rs      provider's answer -> events       usage.rs, reason.rs, logprobs.rs   both ways
//! parts.rs, encoder.rs, folding.rs   events -> the caller's stream and the caller's whole answer       place.rs   files
//! ```
//!
//! Neither the model nor whether a stream is wanted is in a body: both are in the path.
//!
//! What does not come back in the caller's own words from a request that is read and written again:
//!
//! - members in snake_case are in camelCase, types of schemas in lower case, `responseSchema` is `responseJsonSchema`;
//! - contents of one role in a row are one; what a function gave back stands in a content of its own;
//! - `thinkingConfig.includeThoughts` follows from whether thought is asked for;
//! - a tool's result that is an object with nothing but `output`, `result` or `error` is that text.

mod contents_in;
mod contents_out;
pub mod counting;
mod declarations;
mod decoder;
pub mod embeddings;
mod encoder;
mod fields;
mod folding;
mod gathering;
mod logprobs;
mod models;
mod parts;
mod parts_out;
mod place;
mod reason;
mod request_in;
mod request_out;
mod said;
mod schema;
mod shape;
mod sources;
mod thinking;
mod tools;
mod usage;

pub use decoder::{Decoder, read_whole};
pub use encoder::Encoder;
pub use folding::write_whole;
pub use gathering::collect;
pub use parts::has_form;
pub(super) use reason::is_own as is_own_reason;
pub use request_in::read_request;
pub use request_out::write_request;

#[cfg(test)]
mod tests;
