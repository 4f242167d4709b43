//! Cohere's chat and embeddings, version 2, as a dialect of translation (its "API reference", 2026-11). Its messages are nearly
//! OpenAI's; its own are plans before calls, documents to cite, and citations told by the characters they stand behind.
//!
//! ```text
//! request -> messages   the model into a body
//! shape                 what events and whole answers have in common
//! answer                a stream; a whole answer
//! ```

mod answer;
mod embed;
mod messages;
mod request;
mod shape;
#[cfg(test)]
mod tests;

pub use embed::{embed_answer, embed_body, embed_request};

use super::own::Own;

/// The dialect.
pub const COHERE: Own = Own {
    write_request: request::write,
    read_whole: answer::read_whole,
    usage: shape::usage_of,
    decoder: || Box::new(answer::Decoder::default()),
};
