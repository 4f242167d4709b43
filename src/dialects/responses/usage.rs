//! `usage`, written: OpenAI's description, `ResponseUsage`.

use millrace_actors::wire::usage::Usage;
use serde::Serialize;

/// The object.
#[derive(Serialize)]
pub struct Written {
    input_tokens: u64,
    input_tokens_details: Input,
    output_tokens: u64,
    output_tokens_details: Output,
    total_tokens: u64,
}

#[derive(Serialize)]
struct Input {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize)]
struct Output {
    reasoning_tokens: u64,
}

impl Written {
    /// The object for these counts.
    pub fn of(usage: &Usage) -> Self {
        Written {
            input_tokens: usage.prompt_tokens,
            input_tokens_details: Input {
                cached_tokens: usage.cached_tokens,
                cache_write_tokens: usage.cache_creation_tokens,
            },
            output_tokens: usage.completion_tokens,
            output_tokens_details: Output { reasoning_tokens: usage.reasoning_tokens },
            total_tokens: usage.total_told(),
        }
    }
}
