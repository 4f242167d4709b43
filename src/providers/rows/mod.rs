//! The rows, in one file for each family of protocols.

mod compatible;
mod local;
mod own;

pub use compatible::COMPATIBLE;
pub use local::LOCAL;
pub use own::{ANTHROPIC, GEMINI, OPENAI, OWN};
