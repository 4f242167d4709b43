//! Amazon Bedrock's Converse, as a dialect of translation. A provider's only: no caller speaks it to us.
//!
//! Facts are from Amazon Bedrock's API reference (`Converse`, `ConverseStream` and their data types), its user guide on
//! prompt caching, structured output and Claude's parameters, as of 2026-11.
//!
//! ```text
//! writing.rs, fields.rs, turns.rs, blocks.rs, tools.rs, format.rs, thinking.rs   Request -> provider's body
//! stream.rs, whole.rs, answer.rs, picture.rs, usage.rs                           provider's answer -> events
//! embed.rs                                                                       embeddings, both ways, by `InvokeModel`
//! ```
//!
//! What only Anthropic's models take goes through `additionalModelRequestFields` under Anthropic's own names, so how much
//! such a model thinks, and how it is sampled, is decided by the same code as for Anthropic itself.

mod answer;
mod blocks;
mod embed;
mod fields;
mod format;
mod picture;
mod stream;
mod thinking;
mod tools;
mod turns;
mod usage;
mod whole;
mod writing;

pub use embed::{read_embed, write_embed};
pub use fields::FIELDS;
pub use stream::{Decoder, WHOLE};
pub use whole::{read_whole, usage_of};
pub use writing::{write_request, write_with_betas};

#[cfg(test)]
mod tests;

/// What of a model's name matters to how it is asked. An id, an inference profile or an ARN; what an ARN names only by a
/// code is known by nothing.
#[derive(Clone, Copy, Debug)]
struct Family {
    claude: bool,
    nova: bool,
    gpt_oss: bool,
    /// An ARN that names no model.
    unknown: bool,
}

impl Family {
    fn of(model: &str) -> Self {
        let named = |part: &str| model.contains(part);
        let known = model.contains('.');
        Family {
            claude: named("claude"),
            nova: named("amazon.nova"),
            gpt_oss: named("gpt-oss"),
            unknown: model.starts_with("arn:") && !known,
        }
    }

    /// Whether it takes cache points (the user guide's table of prompt caching); who is not known is trusted.
    fn caches(self) -> bool {
        self.claude || self.nova || self.unknown
    }
}
