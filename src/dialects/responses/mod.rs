//! OpenAI's responses, as a caller speaks it and as a provider does.
//!
//! Source: OpenAI's API description, version 2.3.0: `CreateResponse`, `Response`, `ResponseStreamEvent` and what they are
//! made of.
//!
//! ```text
//! request_in.rs, items_in.rs, parts_in.rs, tools.rs       caller's body -> Request
//! request_out.rs, items_out.rs, parts_out.rs, tools.rs    Request -> provider's body
//! decoder.rs, whole.rs, answer_in.rs                      provider's answer -> events
//! encoder.rs, item.rs, answer_out.rs, frames.rs           events -> caller's stream, whose last event is the whole answer
//! split.rs                                                whole answer -> stream and back, within the protocol
//! thought.rs                                              sealed thought, to and fro
//! ```

mod answer_in;
mod answer_out;
mod decoder;
mod encoder;
mod frames;
mod item;
mod items_in;
mod items_out;
mod parts_in;
mod parts_out;
mod request_in;
mod request_out;
mod split;
#[cfg(test)]
mod tests;
mod thought;
mod tools;
mod usage;
mod whole;

pub use decoder::Decoder;
pub use encoder::{Encoder, has_form};
pub use request_in::{kept, read_request};
pub use request_out::write_request;
pub use split::{collect, split};
pub(super) use thought::is_elsewhere;
#[cfg(test)]
pub(super) use thought::of_sealed;
pub use whole::{read_whole, write_whole};
