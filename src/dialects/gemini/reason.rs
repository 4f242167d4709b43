//! `finishReason`, in and out.

use crate::dialects::event::Reason;

/// What a provider's word means (Google's reference, `FinishReason`), as LiteLLM has it. `called`: it has called a function.
pub fn read(word: &str, called: bool) -> Reason {
    match word {
        "STOP" if called => Reason::ToolCalls,
        "STOP" => Reason::Stop,
        "MAX_TOKENS" => Reason::Length,
        "SAFETY" | "RECITATION" | "LANGUAGE" | "OTHER" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII"
        | "MODEL_ARMOR" => Reason::ContentFilter,
        image if image.starts_with("IMAGE_") || image == "NO_IMAGE" => Reason::ContentFilter,
        // a call that went wrong, and what is newer than this list
        other => Reason::Other(other.to_owned()),
    }
}

/// The nearest of Google's words.
pub fn write(reason: &Reason) -> &str {
    match reason {
        Reason::Stop | Reason::StopSequence | Reason::ToolCalls => "STOP",
        Reason::Length | Reason::Pause => "MAX_TOKENS",
        Reason::ContentFilter | Reason::Refusal => "SAFETY",
        Reason::Other(word) if is_own(word) => word,
        // clients take Google's own OTHER for an answer that was held back
        Reason::Other(_) => "STOP",
    }
}

/// Google's words are of one kind.
pub fn is_own(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}
