//! Judging answers: what was expected, what was wrong. A number taken from a wrong answer is worth nothing, so every
//! answer is read in full and judged, also those of the warm-up.

pub mod fault;
pub mod judge;
pub mod message;
pub mod message_stream;
pub mod stream;
pub mod text;
pub mod whole;

use std::sync::Arc;

pub use fault::{Failures, Fault};

/// What every answer of a phase has to be.
#[derive(Debug, Clone)]
pub struct Expect {
    /// The model's name in the answer; nothing for a provider that is not our mock.
    pub model: Option<String>,
    /// The text, one entry a content chunk (one in all for a whole answer), as the provider itself gives it when asked
    /// without a gateway; nothing for a provider that is not our mock. It settles number and order of the chunks.
    pub content: Option<Arc<Vec<String>>>,
}

impl Expect {
    /// Compares the model's name.
    fn model(&self, got: &str) -> Result<(), Fault> {
        match &self.model {
            Some(asked) if asked != got => Err(Fault::Model { asked: asked.clone(), got: got.to_owned() }),
            _ => Ok(()),
        }
    }
}
