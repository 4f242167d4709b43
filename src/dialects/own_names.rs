//! How callers name parameters: what a note or a refusal calls them.

use millrace_actors::wire::protocol::Protocol;

/// The `user` of Anthropic's callers.
pub const USER_ID: &str = "metadata.user_id";

/// Parameters that the model of a request calls otherwise than the caller does.
pub fn of(protocol: Protocol) -> &'static [(&'static str, &'static str)] {
    match protocol {
        Protocol::Text => &[("top_logprobs", "logprobs")],
        Protocol::Responses => &[
            ("max_tokens", "max_output_tokens"),
            ("reasoning_effort", "reasoning"),
            ("response_format", "text"),
            ("thinking", "reasoning"),
        ],
        Protocol::Messages => &[
            ("reasoning_effort", "output_config.effort"),
            ("response_format", "output_config.format"),
            ("stop", "stop_sequences"),
            ("user", USER_ID),
            ("parallel_tool_calls", "tool_choice.disable_parallel_tool_use"),
        ],
        Protocol::GenerateContent => &[
            ("max_tokens", "generationConfig.maxOutputTokens"),
            ("temperature", "generationConfig.temperature"),
            ("top_p", "generationConfig.topP"),
            ("top_k", "generationConfig.topK"),
            ("stop", "generationConfig.stopSequences"),
            ("n", "generationConfig.candidateCount"),
            ("seed", "generationConfig.seed"),
            ("presence_penalty", "generationConfig.presencePenalty"),
            ("frequency_penalty", "generationConfig.frequencyPenalty"),
            ("top_logprobs", "generationConfig.logprobs"),
            ("logprobs", "generationConfig.responseLogprobs"),
            ("response_format", "generationConfig.responseMimeType"),
            ("reasoning_effort", "generationConfig.thinkingConfig"),
            ("thinking", "generationConfig.thinkingConfig"),
            ("tool_choice", "toolConfig.functionCallingConfig"),
        ],
        Protocol::Chat | Protocol::Own => &[],
    }
}
