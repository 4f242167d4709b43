//! `headers`: adds fixed response headers to every answer.

use actix_http::header::{HeaderName, HeaderValue};
use millrace_actors::capabilities::Hooks;
use millrace_actors::ports::{CallFacts, Callback, ParamError};
use serde_json::Value;

use super::params::{Reader, step};

/// Headers at most, and bytes a value at most: an answer's head must stay well below the 8 KiB that proxies take.
const MAX_HEADERS: usize = 32;
const MAX_VALUE: usize = 1024;

/// Headers that are not the operator's to set here, with the reason.
const REFUSED: [(&str, &str); 21] = [
    ("connection", HOP),
    ("keep-alive", HOP),
    ("proxy-authenticate", HOP),
    ("proxy-authorization", HOP),
    ("proxy-connection", HOP),
    ("te", HOP),
    ("trailer", HOP),
    ("transfer-encoding", HOP),
    ("upgrade", HOP),
    ("content-length", FRAMING),
    ("content-type", FRAMING),
    ("content-encoding", FRAMING),
    ("content-range", FRAMING),
    ("date", "the server writes it"),
    ("x-request-id", OURS),
    ("x-should-retry", OURS),
    ("retry-after", OURS),
    ("www-authenticate", OURS),
    ("allow", OURS),
    // The gateway has no sessions; a fixed cookie would be shared by all callers.
    ("set-cookie", "one value for all callers cannot be a cookie"),
    ("vary", "answers are never cached by a key of headers"),
];

/// Beginnings of names that are not the operator's either.
const REFUSED_PREFIXES: [(&str, &str); 3] = [
    ("x-litellm-", OURS),
    ("llm_provider-", OURS),
    // `*` beside credentials is the classic hole (FAULTS 3.6); who may call from a browser is the server's setting.
    ("access-control-", "cross-origin rules are not set by a callback"),
];

const HOP: &str = "it is about one connection, not about the answer";
const FRAMING: &str = "it describes the body, which a callback does not write";
const OURS: &str = "the gateway writes it";

/// The callback.
pub(super) struct Headers {
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Checks `headers`, a map of names and values.
pub(super) fn read(params: &Value) -> Result<Headers, Vec<ParamError>> {
    let mut reader = Reader::new(params);
    let mut headers = Vec::new();
    let pairs = reader.pairs("headers");
    if pairs.is_empty() {
        reader.complain("/headers", "give at least one header, such as `x-served-by: eu-1`");
    }
    if pairs.len() > MAX_HEADERS {
        reader.complain("/headers", format!("{} headers are too many: give at most {MAX_HEADERS}", pairs.len()));
    }
    for (name, value) in pairs {
        match header(&name, &value) {
            Ok(header) if headers.iter().any(|(known, _)| *known == header.0) => {
                reader.complain(format!("/headers{}", step(&name)), "is given twice, in other letters");
            }
            Ok(header) => headers.push(header),
            Err(message) => reader.complain(format!("/headers{}", step(&name)), message),
        }
    }
    reader.finish(Some(Headers { headers }))
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let parsed =
        HeaderName::try_from(name).map_err(|_| "is not a header name: use letters, digits and hyphens".to_owned())?;
    let exact = REFUSED.iter().find(|(refused, _)| parsed.as_str() == *refused);
    let refused = exact.or_else(|| REFUSED_PREFIXES.iter().find(|(prefix, _)| parsed.as_str().starts_with(prefix)));
    if let Some((_, why)) = refused {
        return Err(format!("cannot be set here: {why}"));
    }
    // `HeaderValue` would take any byte above 127, and readers differ in what letter that is
    if !value.is_ascii() {
        return Err("has a value with a letter beyond ASCII".to_owned());
    }
    if value.len() > MAX_VALUE {
        return Err(format!("is {} bytes long: give at most {MAX_VALUE}", value.len()));
    }
    let value =
        HeaderValue::from_str(value).map_err(|_| "has a value with a line break or a control character".to_owned())?;
    Ok((parsed, value))
}

impl Callback for Headers {
    fn kind(&self) -> &'static str {
        "headers"
    }

    fn hooks(&self) -> Hooks {
        Hooks::RESPONSE_HEADERS
    }

    fn response_headers(&self, _: &CallFacts, headers: &mut Vec<(HeaderName, HeaderValue)>) {
        headers.extend(self.headers.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn good_headers_are_added() {
        let made = read(&json!({"headers": {"X-Served-By": "eu-1", "cache-control": "no-store"}})).unwrap();
        let mut out = Vec::new();
        made.response_headers(&crate::callbacks::testing::facts(b"{}"), &mut out);
        let names: Vec<_> = out.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert!(
            names.contains(&("x-served-by", "eu-1")) && names.contains(&("cache-control", "no-store")),
            "{names:?}"
        );
    }

    #[test]
    fn what_is_not_the_operators_is_refused() {
        for name in [
            "Connection",
            "transfer-encoding",
            "Content-Length",
            "content-type",
            "Set-Cookie",
            "X-LiteLLM-Call-Id",
            "x-request-id",
            "llm_provider-x",
            "Access-Control-Allow-Origin",
            "a b",
            "",
            "é",
        ] {
            let errors = read(&json!({"headers": {name: "v"}})).err().unwrap();
            assert_eq!(errors[0].pointer, format!("/headers/{name}"), "{name}");
        }
        for value in ["a\r\nx-evil: 1", "a\0", "é", &"v".repeat(MAX_VALUE + 1)] {
            assert!(read(&json!({"headers": {"x-a": value}})).is_err(), "{value:?}");
        }
        assert!(read(&json!({"headers": {"x-a": "1", "X-A": "2"}})).is_err());
        assert!(read(&json!({})).is_err());
    }
}
