//! Random answers as the providers would write them that no caller speaks like: their documentation's own order of events, whole
//! and streamed.

mod bedrock;
mod cohere;
mod ollama;

pub use bedrock::bedrock;
pub use cohere::cohere;
pub use ollama::ollama;
use proptest::sample::Index;
use serde_json::Value;

use super::said::Gist;

/// An answer in a provider's words.
pub struct Written {
    /// The stream as a fixture would have it.
    pub stream: String,
    pub whole: Value,
    /// What is to be understood of it.
    pub meant: Gist,
}

fn event(out: &mut String, name: &str, data: &Value) {
    out.push_str(&format!("event: {name}\ndata: {data}\n\n"));
}

/// The text in two pieces, cut where a character ends.
fn halves(text: &str, cut: Index) -> [&str; 2] {
    let at = (0..=cut.index(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap();
    [&text[..at], &text[at..]]
}
