//! `finish_reason`, in and out.

use super::super::event::Reason;

/// What a provider's word means. Servers that speak this dialect have words beside OpenAI's five.
pub fn read(word: &str) -> Reason {
    match word {
        "stop" | "eos" | "eos_token" | "end_turn" => Reason::Stop,
        "stop_sequence" => Reason::StopSequence,
        "length" | "max_tokens" | "model_length" => Reason::Length,
        "tool_calls" | "function_call" | "tool_use" => Reason::ToolCalls,
        "content_filter" | "safety" => Reason::ContentFilter,
        other => Reason::Other(other.to_owned()),
    }
}

/// The nearest of OpenAI's words, as LiteLLM has it: an unknown reason is `stop`, a turn that paused was too long.
pub fn write(reason: &Reason) -> &'static str {
    match reason {
        Reason::Stop | Reason::StopSequence | Reason::Other(_) => "stop",
        Reason::Length | Reason::Pause => "length",
        Reason::ToolCalls => "tool_calls",
        Reason::ContentFilter | Reason::Refusal => "content_filter",
    }
}

/// The word for a choice whose provider ended the answer without one.
pub fn unsaid(called: bool) -> &'static str {
    if called { "tool_calls" } else { "stop" }
}
