//! `usage`, written: OpenAI's members (its description, `CompletionUsage`) and, where they are not zero, LiteLLM's for what
//! was read from and written to a prompt cache, and for how long (`cache_creation_token_details`).

use millrace_actors::wire::usage::Usage;
use serde::Serialize;

/// The object.
#[derive(Serialize)]
pub struct Written {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: Prompt,
    completion_tokens_details: Completion,
    #[serde(skip_serializing_if = "zero")]
    cache_creation_input_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    cache_read_input_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_tool_use: Option<Searched>,
}

/// Searches of the web that the provider made, as LiteLLM and Anthropic tell them.
#[derive(Debug, Serialize)]
pub struct Searched {
    web_search_requests: u64,
}

impl Searched {
    /// Those of a usage, if there were any.
    pub fn of(usage: &Usage) -> Option<Self> {
        (usage.web_searches > 0).then_some(Searched { web_search_requests: usage.web_searches })
    }
}

#[derive(Serialize)]
struct Prompt {
    cached_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    cache_write_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    cache_creation_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_creation_token_details: Option<Lives>,
    #[serde(skip_serializing_if = "zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    image_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_tokens_details: Option<Apart>,
}

/// What of that which was cached was no text (OpenAI's realtime API).
#[derive(Serialize)]
struct Apart {
    audio_tokens: u64,
    image_tokens: u64,
}

/// For how long, told where some of it is for longer than usual: elsewhere we would have to guess.
#[derive(Serialize)]
struct Lives {
    ephemeral_5m_input_tokens: u64,
    ephemeral_1h_input_tokens: u64,
}

#[derive(Serialize)]
struct Completion {
    reasoning_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    audio_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    image_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    accepted_prediction_tokens: u64,
    #[serde(skip_serializing_if = "zero")]
    rejected_prediction_tokens: u64,
}

impl Written {
    /// The object for these counts.
    pub fn of(usage: &Usage) -> Self {
        let hour = usage.cache_creation_hour_tokens.min(usage.cache_creation_tokens);
        Written {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total_told(),
            prompt_tokens_details: Prompt {
                cached_tokens: usage.cached_tokens,
                cache_write_tokens: usage.cache_creation_tokens,
                cache_creation_tokens: usage.cache_creation_tokens,
                cache_creation_token_details: (hour > 0).then(|| Lives {
                    ephemeral_5m_input_tokens: usage.cache_creation_tokens - hour,
                    ephemeral_1h_input_tokens: hour,
                }),
                audio_tokens: usage.audio_input_tokens,
                image_tokens: usage.image_input_tokens,
                cached_tokens_details: (usage.cached_audio_tokens + usage.cached_image_tokens > 0).then_some(Apart {
                    audio_tokens: usage.cached_audio_tokens,
                    image_tokens: usage.cached_image_tokens,
                }),
            },
            completion_tokens_details: Completion {
                reasoning_tokens: usage.reasoning_tokens,
                audio_tokens: usage.audio_output_tokens,
                image_tokens: usage.image_output_tokens,
                accepted_prediction_tokens: usage.accepted_prediction_tokens,
                rejected_prediction_tokens: usage.rejected_prediction_tokens,
            },
            cache_creation_input_tokens: usage.cache_creation_tokens,
            cache_read_input_tokens: usage.cached_tokens,
            server_tool_use: Searched::of(usage),
        }
    }
}

/// serde hands over a reference.
fn zero(count: &u64) -> bool {
    *count == 0
}
