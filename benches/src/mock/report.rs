//! `GET /requests`: the recorded requests as JSON, for tests that run the mock as a process of its own.

use super::stats::Recorded;
use serde_json::{Value, json};

/// Bodies up to this are shown whole; of a longer one its beginning as text.
const MAX_SHOWN: usize = 1 << 20;
/// How much of a longer one.
const SHOWN: usize = 4 << 10;

/// The recorded requests, oldest first. Nothing is struck out: the credentials that arrive here are the mock's own.
pub fn report(requests: &[Recorded]) -> String {
    json!({ "requests": requests.iter().map(one).collect::<Vec<_>>() }).to_string()
}

fn one(request: &Recorded) -> Value {
    let shown = match request.body.len() {
        0..=MAX_SHOWN => &request.body[..],
        _ => &request.body[..SHOWN],
    };
    // JSON as JSON, so that a test need not parse twice; what is none as text.
    let body = serde_json::from_slice(shown).unwrap_or_else(|_| Value::from(String::from_utf8_lossy(shown)));
    json!({
        "method": request.method,
        "path": request.path,
        "headers": request.headers,
        "body": body,
        "body_bytes": request.body.len(),
        "connection": request.connection,
    })
}
