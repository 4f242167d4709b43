//! Anthropic's errors ("Errors" of its API reference).

use crate::mock::{content::json_text, job::NUMBER_MARK};

/// The body of an error; `kind` and `message` are the status's own when absent.
pub fn error(status: u16, kind: Option<&str>, message: Option<&str>) -> String {
    let (own_kind, own_message) = words(status);
    format!(
        "{{\"type\":\"error\",\"error\":{{\"type\":\"{}\",\"message\":\"{}\"}},\"request_id\":\"req_{NUMBER_MARK}\"}}",
        json_text(kind.unwrap_or(own_kind)),
        json_text(message.unwrap_or(own_message)),
    )
}

/// Type and message of a status.
fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        401 => ("authentication_error", "invalid x-api-key"),
        402 => ("billing_error", "Your credit balance is too low"),
        403 => ("permission_error", "Your API key does not have permission to use the specified resource"),
        404 => ("not_found_error", "The requested resource could not be found"),
        413 => ("request_too_large", "Request exceeds the maximum allowed number of bytes"),
        429 => ("rate_limit_error", "Number of requests has exceeded your rate limit"),
        504 => ("timeout_error", "The request timed out while processing"),
        529 => ("overloaded_error", "Overloaded"),
        500.. => ("api_error", "Internal server error"),
        _ => ("invalid_request_error", "The request is wrong"),
    }
}
