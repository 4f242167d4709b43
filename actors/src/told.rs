//! How a fault is told in each protocol: an error answer's body, and the one error event that ends a broken stream (I2, I8).

use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use crate::fault::{Fault, Shape, kind_of_status};
use crate::wire::protocol::Protocol;

/// An error answer's body. OpenAI: `{"error":{"message","type","param","code"}}`; Anthropic:
/// `{"type":"error","error":{"type","message","details"?},"request_id"}`; Google: `{"error":{"code","message","status","details"}}`.
pub fn body(shape: &Shape, protocol: Protocol, request_id: &str) -> Vec<u8> {
    let mut error = match protocol {
        Protocol::Chat | Protocol::Text | Protocol::Responses | Protocol::Own => {
            let (kind, code) = chat_words(shape);
            json!({ "error": { "message": shape.message, "type": kind, "param": shape.param, "code": code }})
        }
        Protocol::GenerateContent => json!({ "error": {
            "code": shape.status,
            "message": shape.message,
            "status": generate_status(shape.status),
            "details": [{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": shape.kind.to_ascii_uppercase(),
                "metadata": { "request_id": request_id },
            }],
        }}),
        Protocol::Messages => json!({
            "type": "error",
            "error": { "type": messages_type(shape), "message": shape.message },
            "request_id": request_id,
        }),
    };
    more(shape, protocol, &mut error["error"]);
    error.to_string().into_bytes()
}

/// What is told besides the words: the provider's own, where the protocol has a place for it, and what SDKs go by.
fn more(shape: &Shape, protocol: Protocol, error: &mut Value) {
    let of_provider = |name: &str| shape.more.as_ref()?.get(name);
    match protocol {
        // LiteLLM's place for it
        Protocol::Chat | Protocol::Text | Protocol::Own => {
            if let Some(inner) = of_provider("innererror") {
                error["provider_specific_fields"] = json!({ "innererror": inner });
            }
        }
        Protocol::Responses => {}
        // the two that have the member differ in its form, which tells whose it is
        Protocol::GenerateContent => {
            if let (Some(Value::Array(theirs)), Value::Array(details)) = (of_provider("details"), &mut error["details"])
            {
                details.splice(..0, theirs.iter().cloned());
            }
        }
        Protocol::Messages => {
            // before it goes on without a conversation that the server keeps, Anthropic's SDK looks for this (Python's, 2.12:
            // `lib/threads/_thread_state.py`)
            let unkept = shape.status == 400 && shape.param.as_deref() == Some("thread");
            let ours = unkept.then(|| json!({ "error_code": "thread_unsupported_request" }));
            let details = of_provider("details").filter(|details| details.is_object()).cloned().or(ours);
            if let Some(details) = details {
                error["details"] = details;
            }
        }
    }
}

/// A fault as the last event of a stream.
///
/// `sent` is how many events went out before it: OpenAI's responses number theirs.
pub fn event(fault: &Fault, protocol: Protocol, request_id: &str, sent: u64) -> Bytes {
    let mut out = BytesMut::new();
    let shape = fault.shape();
    let body = match protocol {
        Protocol::Responses => numbered(&shape, sent),
        _ => body(&shape, protocol, request_id),
    };
    protocol.frame(&mut out, Some(b"error"), |out| out.extend_from_slice(&body));
    out.freeze()
}

/// OpenAI's description, `ResponseErrorEvent`.
fn numbered(shape: &Shape, sent: u64) -> Vec<u8> {
    let (_, code) = chat_words(shape);
    let event = json!({
        "type": "error", "code": code, "message": shape.message, "param": shape.param, "sequence_number": sent,
    });
    event.to_string().into_bytes()
}

/// Google's word for a status (its `google.rpc.Code`, "HTTP Mapping").
fn generate_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        402 | 429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        408 | 504 => "DEADLINE_EXCEEDED",
        502 | 503 | 529 => "UNAVAILABLE",
        400..=498 => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

/// OpenAI's `type` and `code` of an error. The provider's own words are kept, unless its word is one of another protocol: Google's
/// (`RESOURCE_EXHAUSTED`), AWS's (`ThrottlingException`), or of Anthropic's those that OpenAI does not have. The type is then
/// what the status stands for, and that word the code, if there is none yet.
fn chat_words(shape: &Shape) -> (&str, &str) {
    const MESSAGES_OWN: [&str; 6] =
        ["billing_error", "not_found_error", "request_too_large", "api_error", "overloaded_error", "conflict_error"];
    let (kind, code) = (shape.kind.as_str(), shape.code.as_str());
    let generate_own = kind.len() > 1 && kind.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if !(generate_own || kind.ends_with("Exception") || MESSAGES_OWN.contains(&kind)) {
        return (kind, code);
    }
    let unnamed = code.bytes().all(|byte| byte.is_ascii_digit());
    (kind_of_status(shape.status), if unnamed { kind } else { code })
}

/// Anthropic's word for a status (its "Errors"). A provider's own word is kept where it is one of Anthropic's.
fn messages_type(shape: &Shape) -> &str {
    const WORDS: [&str; 11] = [
        "invalid_request_error",
        "authentication_error",
        "billing_error",
        "permission_error",
        "not_found_error",
        "request_too_large",
        "rate_limit_error",
        "timeout_error",
        "api_error",
        "overloaded_error",
        "conflict_error",
    ];
    // the code is the provider's word where it names one; `invalid_request_error` is every dialect's for all of 4xx
    if shape.kind != "invalid_request_error" && WORDS.contains(&shape.kind.as_str()) {
        return &shape.kind;
    }
    match shape.status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 | 504 => "timeout_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::answer::UpstreamError;

    #[test]
    fn each_protocol_has_its_own_shape() {
        let fault = Fault::TooLarge { limit: 7 };
        let read = |protocol| serde_json::from_slice::<Value>(&body(&fault.shape(), protocol, "req_1")).unwrap();
        assert_eq!(read(Protocol::Chat)["error"]["type"], "invalid_request_error");
        let told = read(Protocol::Messages);
        assert_eq!((&told["type"], &told["request_id"]), (&json!("error"), &json!("req_1")));
        assert_eq!(told["error"]["type"], "request_too_large");
        assert!(told["error"]["message"].as_str().unwrap().contains("7 bytes"));
        let told = &read(Protocol::GenerateContent)["error"];
        assert_eq!((&told["code"], &told["status"]), (&json!(413), &json!("INVALID_ARGUMENT")));
        assert_eq!(told["details"][0]["metadata"]["request_id"], "req_1");
    }

    #[test]
    fn openais_callers_are_told_no_other_protocols_words() {
        for (kind, status, want, code) in [
            ("RESOURCE_EXHAUSTED", 429, "throttling_error", "RESOURCE_EXHAUSTED"),
            ("INTERNAL", 500, "internal_server_error", "INTERNAL"),
            ("ThrottlingException", 429, "throttling_error", "ThrottlingException"),
            ("overloaded_error", 529, "internal_server_error", "overloaded_error"),
            ("not_found_error", 404, "invalid_request_error", "not_found_error"),
            ("rate_limit_error", 429, "rate_limit_error", "429"),
            ("server_error", 500, "server_error", "500"),
            ("insufficient_quota", 429, "insufficient_quota", "429"),
            // servers of the same protocol have words of their own
            ("BadRequestError", 400, "BadRequestError", "400"),
        ] {
            let error = UpstreamError { kind: Some(kind.into()), ..UpstreamError::default() };
            let shape = Fault::Provider { status, error, retry_after: None }.shape();
            let told = serde_json::from_slice::<Value>(&body(&shape, Protocol::Chat, "r")).unwrap();
            assert_eq!((&told["error"]["type"], &told["error"]["code"]), (&json!(want), &json!(code)), "{kind}");
        }
    }

    #[test]
    fn what_a_provider_says_besides_its_words_is_told_where_there_is_a_place_for_it() {
        let told = |error: &str, protocol| {
            let error = UpstreamError::parse(error.as_bytes());
            let shape = Fault::Provider { status: 400, error, retry_after: None }.shape();
            serde_json::from_slice::<Value>(&body(&shape, protocol, "r")).unwrap()["error"].clone()
        };
        let claude =
            r#"{"type":"error","error":{"type":"t","message":"m","details":{"error_code":"thread_not_found"}}}"#;
        assert_eq!(told(claude, Protocol::Messages)["details"], json!({"error_code": "thread_not_found"}));
        assert_eq!(told(claude, Protocol::GenerateContent)["details"].as_array().unwrap().len(), 1, "ours");
        let google = r#"{"error":{"code":429,"message":"m","details":[{"retryDelay":"7s"}]}}"#;
        assert_eq!(told(google, Protocol::GenerateContent)["details"][0], json!({"retryDelay": "7s"}));
        assert_eq!(told(google, Protocol::GenerateContent)["details"][1]["metadata"]["request_id"], "r");
        assert_eq!(told(google, Protocol::Messages).get("details"), None);
        let filter = r#"{"error":{"message":"m","innererror":{"code":"c"},"details":null}}"#;
        assert_eq!(told(filter, Protocol::Chat)["provider_specific_fields"]["innererror"]["code"], "c");
        let long = format!(r#"{{"error":{{"message":"m","details":{{"x":"{}"}}}}}}"#, "x".repeat(5_000));
        assert_eq!(told(&long, Protocol::Messages).get("details"), None);
    }

    #[test]
    fn an_error_event_is_named_where_events_have_names() {
        let event = |protocol| String::from_utf8(event(&Fault::Truncated, protocol, "r", 7).to_vec()).unwrap();
        assert!(event(Protocol::Chat).starts_with("data: {\"error\":"));
        assert!(event(Protocol::Messages).starts_with("event: error\ndata: {"));
        assert!(event(Protocol::Messages).ends_with("}\n\n"));
        let told = event(Protocol::Responses);
        assert!(told.starts_with("event: error\ndata: {") && told.contains("\"sequence_number\":7"), "{told}");
    }
}
