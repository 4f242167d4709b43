//! What the relay's modes share: what was learnt of a stream, and how it ends.

use super::written::Written;
use crate::fault::{Fault, Refusal};
use crate::wire::answer::UpstreamError;
use crate::wire::usage::Usage;

/// What was learnt of the stream.
#[derive(Debug, Default)]
pub struct Learnt {
    /// Events that went to the client, the terminal one not counted.
    pub events: u64,
    /// The last usage the provider reported; cumulative, so the last one wins (FAULTS S15).
    pub usage: Option<Usage>,
    /// What was written, for an estimate where none is told.
    pub written: Written,
}

/// Why a stream is over before the provider closed it.
#[derive(Debug)]
pub enum Finish {
    /// The terminal event came and went out.
    Done,
    /// It cannot go on. No terminal event went out; an error event must.
    Broken(Fault),
}

/// What goes on, or a callback's no.
pub(crate) type Refused<T> = Result<T, Refusal>;

/// An error event inside a 200 stream (FAULTS S10). The status is the one the error's own code or type stands for.
pub fn mid_stream_error(data: &[u8]) -> Fault {
    let mut error = UpstreamError::parse(data);
    // the type of an event of OpenAI's responses, not of what went wrong
    error.kind = error.kind.filter(|kind| kind != "error");
    Fault::Provider { status: status_of(&error), error, retry_after: None }
}

/// The status of an error that came without one, from the words that OpenAI, Anthropic, AWS and their likes use for it; 500
/// for any other.
pub(crate) fn status_of(error: &UpstreamError) -> u16 {
    let code = error.code.as_deref().unwrap_or_default();
    if let Ok(status @ 400..=599) = code.parse::<u16>() {
        return status;
    }
    match (code, error.kind.as_deref().unwrap_or_default()) {
        ("rate_limit_exceeded" | "insufficient_quota", _)
        | (_, "rate_limit_error" | "insufficient_quota" | "tokens" | "requests") => 429,
        ("invalid_api_key", _) | (_, "authentication_error") => 401,
        ("model_not_found", _) | (_, "not_found_error") => 404,
        (_, "permission_error") => 403,
        (_, "billing_error") => 402,
        (_, "request_too_large") => 413,
        (_, "timeout_error") => 504,
        (_, "overloaded_error") => 529,
        (_, "invalid_request_error" | "validationException") => 400,
        (_, "throttlingException") => 429,
        (_, "modelTimeoutException") => 504,
        (_, "serviceUnavailableException") => 503,
        // told with status 424 where there is one; whose dependency failed is the provider's affair
        (_, "modelStreamErrorException") => 502,
        _ => 500,
    }
}
