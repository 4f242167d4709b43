//! The types of errors of this API and their statuses, both ways (Anthropic's page "Errors").

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::wire::answer::UpstreamError;
use serde::Serialize;

use crate::dialects::Frame;

/// Type and status; where two statuses have one type, the first is told.
const TYPES: [(&str, u16); 11] = [
    ("invalid_request_error", 400),
    ("authentication_error", 401),
    ("billing_error", 402),
    ("permission_error", 403),
    ("not_found_error", 404),
    ("request_too_large", 413),
    ("rate_limit_error", 429),
    ("api_error", 500),
    ("timeout_error", 504),
    ("overloaded_error", 529),
    ("overloaded_error", 503),
];

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    error: Error<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Error<'a> {
    r#type: &'a str,
    message: &'a str,
}

/// The type of an error that is answered with a status.
pub fn error_type(status: u16) -> &'static str {
    let known = TYPES.iter().find(|(_, of_type)| *of_type == status).map(|(kind, _)| *kind);
    known.unwrap_or(match status {
        408 => "timeout_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    })
}

/// The status that a type of error stands for where there is none, as within a stream. An unknown type is taken for the
/// provider's own failure.
pub fn error_status(kind: &str) -> u16 {
    TYPES.iter().find(|(known, _)| *known == kind).map_or(500, |(_, status)| *status)
}

/// The body of an error: `{"type":"error","error":{"type","message"}}`.
pub fn error_body(kind: &str, message: &str) -> Bytes {
    body(kind, message, None)
}

/// The same with the id of the request, as Anthropic has it beside the error.
pub fn error_body_of(kind: &str, message: &str, request_id: &str) -> Bytes {
    body(kind, message, Some(request_id))
}

/// The event that ends a stream which failed.
pub fn error_frame(kind: &str, message: &str) -> Frame {
    Frame { name: Some("error"), data: body(kind, message, None) }
}

/// The fault that a provider reports in a body of this form, in a stream or in an answer of status 200.
pub fn fault_of(data: &[u8]) -> Fault {
    let error = UpstreamError::parse(data);
    let status = error_status(error.kind.as_deref().unwrap_or_default());
    Fault::Provider { status, error, retry_after: None }
}

fn body(kind: &str, message: &str, request_id: Option<&str>) -> Bytes {
    let body = Body { r#type: "error", error: Error { r#type: kind, message }, request_id };
    // texts only: this cannot fail, and an empty body would still end the exchange
    Bytes::from(serde_json::to_vec(&body).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_a_type_and_each_type_a_status() {
        for (status, kind) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (405, "invalid_request_error"),
            (408, "timeout_error"),
            (413, "request_too_large"),
            (415, "invalid_request_error"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "overloaded_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(error_type(status), kind, "{status}");
        }
        assert_eq!(error_status("overloaded_error"), 529);
        assert_eq!(error_status("rate_limit_error"), 429);
        assert_eq!(error_status("what_is_this"), 500);
    }

    #[test]
    fn bodies_read_as_anthropics() {
        assert_eq!(
            error_body("not_found_error", "no \"x\"\n"),
            r#"{"type":"error","error":{"type":"not_found_error","message":"no \"x\"\n"}}"#
        );
        assert_eq!(
            error_body_of("api_error", "m", "req_1"),
            r#"{"type":"error","error":{"type":"api_error","message":"m"},"request_id":"req_1"}"#
        );
        assert_eq!(error_frame("api_error", "m").name, Some("error"));
    }
}
