//! Ollama's own `/api/chat` and `/api/embed`, as a dialect of translation (its "API reference", 2026-11): JSON lines, pictures
//! beside the text, arguments as objects, and options that OpenAI's protocol has no place for (`num_ctx`).
//!
//! ```text
//! request -> messages   the model into a body
//! answer                a line of a stream, or a whole answer: the same shape
//! ```

mod answer;
mod embed;
mod messages;
mod request;
#[cfg(test)]
mod tests;

pub use embed::{embed_answer, embed_request};

use super::own::Own;

/// The dialect.
pub const OLLAMA: Own = Own {
    write_request: request::write,
    read_whole: answer::read_whole,
    usage: answer::usage_of,
    decoder: || Box::new(answer::Decoder::default()),
};
