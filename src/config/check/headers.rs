//! `extra_headers`: which headers an operator may add to upstream requests.

use actix_web::http::header::{HeaderName, HeaderValue};

use crate::config::finding::Finding;
use crate::config::node::{At, Kind};
use crate::config::reader::{Reader, Section};

/// Headers that belong to the connection or to the body, and so to us: a second one of these is how requests are
/// smuggled past a proxy.
const OURS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The headers, each value marked sensitive: it may hold a credential.
pub(super) fn read(reader: &mut Reader<'_>, params: &Section<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let path = params.path("extra_headers");
    let Some(node) = params.get("extra_headers") else { return Vec::new() };
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong_type(node, &path, "a mapping of names to texts");
        return Vec::new();
    }
    let mut headers: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (key, value) in node.entries() {
        let path = format!("{path}.{}", key.text);
        let mut refuse = |at: At, message: String, help: &str| {
            reader.found.push(Finding::error("MR1036", at, &message, help).key(&path));
        };
        let Ok(name) = HeaderName::try_from(key.text.as_str()) else {
            refuse(key.at, format!("`{path}` is no name of a header"), "use letters, digits and `-`");
            continue;
        };
        if OURS.contains(&name.as_str()) {
            let message = format!("the header `{name}` is set by the gateway itself");
            refuse(key.at, message, "remove it");
            continue;
        }
        if name == "authorization" && params.get("api_key").is_some() {
            let message = "both `api_key` and an `authorization` header are given".to_owned();
            refuse(key.at, message, "keep one of the two: they are the same header upstream");
            continue;
        }
        if headers.iter().any(|(known, _)| *known == name) {
            refuse(key.at, format!("the header `{name}` is given twice"), "keep one of the two");
            continue;
        }
        let Some(text) = reader.scalar(value, &path, "a text") else { continue };
        match HeaderValue::from_str(text.value.trim()) {
            Ok(mut value) => {
                value.set_sensitive(true);
                headers.push((name, value));
            }
            Err(_) => {
                let message = format!("the value of `{path}` cannot be sent in a header");
                reader.error("MR1036", (value, &path), &message, "remove line breaks and control characters");
            }
        }
    }
    headers
}
