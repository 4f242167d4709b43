//! `x-request-id` on every answer: the caller's own where it is sane, else ours; and what else is known of a request from
//! its head.

use std::sync::Arc;
use std::time::Instant;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use millrace_actors::wire::protocol::Protocol;

use super::generate::is_path;

/// The header's name.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name that Anthropic's API has for it; with OpenAI's protocol, the provider's own id.
pub const UPSTREAM_ID: HeaderName = HeaderName::from_static("request-id");

/// The longest id of a caller's that we repeat (FAULTS 3.6).
const LIMIT: usize = 128;

/// One request's id, and when its head was read.
#[derive(Clone, Debug)]
pub struct RequestId {
    /// The id.
    pub id: Arc<str>,
    /// When its head was read.
    pub started: Instant,
    /// What its caller speaks: known from the path, since even a request that goes no further wants its answer in it.
    pub protocol: Protocol,
}

impl RequestId {
    /// What is known of a request. Every request passes the guard, which sets it; the dash is for one in a unit test that did
    /// not.
    pub fn known(request: &HttpRequest) -> RequestId {
        let unguarded = || RequestId { id: "-".into(), started: Instant::now(), protocol: spoken_at(request.path()) };
        request.extensions().get::<RequestId>().cloned().unwrap_or_else(unguarded)
    }

    /// The id of a request.
    pub fn of(request: &HttpRequest) -> Arc<str> {
        Self::known(request).id
    }
}

/// The protocol of a path, by its resource: each is named so in its own API and nowhere else.
pub fn spoken_at(path: &str) -> Protocol {
    let below = |path: &str, resource: &str| {
        path.strip_prefix(resource).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if path.starts_with("/anthropic/") {
        return Protocol::Messages;
    }
    if is_path(path) {
        return Protocol::GenerateContent;
    }
    let path = path.strip_prefix("/v1").unwrap_or(path);
    match () {
        () if path.ends_with("/completions") && !path.ends_with("/chat/completions") => Protocol::Text,
        () if below(path, "/messages") => Protocol::Messages,
        () if below(path, "/responses") || below(path, "/openai/v1/responses") => Protocol::Responses,
        () => Protocol::Chat,
    }
}

/// Writes the id into an answer's head.
pub fn stamp(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}

/// A caller's id, if it can be repeated in headers and logs without harm.
pub fn sane(value: Option<&HeaderValue>) -> Option<Arc<str>> {
    let text = value?.to_str().ok()?;
    let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    (!text.is_empty() && text.len() <= LIMIT && text.bytes().all(fine)).then(|| text.into())
}

/// A new id: a random UUID. Ids need not be secret, so the fast generator will do.
pub fn fresh() -> Arc<str> {
    let mut bytes = [0; 16];
    fastrand::fill(&mut bytes);
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    uuid::Builder::from_random_bytes(bytes).into_uuid().as_hyphenated().encode_lower(&mut text).to_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_the_protocol() {
        for path in ["/v1/messages", "/messages", "/v1/messages/count_tokens", "/anthropic/v1/files"] {
            assert_eq!(spoken_at(path), Protocol::Messages, "{path}");
        }
        for path in ["/v1/responses", "/responses", "/openai/v1/responses", "/v1/responses/resp_1/cancel"] {
            assert_eq!(spoken_at(path), Protocol::Responses, "{path}");
        }
        for path in ["/v1/completions", "/completions", "/engines/m/completions", "/openai/deployments/m/completions"] {
            assert_eq!(spoken_at(path), Protocol::Text, "{path}");
        }
        for path in [
            "/v1/chat/completions",
            "/chat/completions",
            "/engines/m/chat/completions",
            "/v1/messagesque",
            "/x/v1/messages",
            "/",
        ] {
            assert_eq!(spoken_at(path), Protocol::Chat, "{path}");
        }
    }

    #[test]
    fn only_a_sane_id_is_repeated() {
        let read = |text: &str| sane(HeaderValue::from_bytes(text.as_bytes()).ok().as_ref());
        assert_eq!(read("req-1.a:b").as_deref(), Some("req-1.a:b"));
        for bad in ["", "a b", "a\tb", "é", "a;b", &"x".repeat(129)] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(fresh().len(), 36);
        assert_ne!(fresh(), fresh());
    }
}
