//! What the tests share: a gateway of one's own, a client that speaks plain HTTP over a plain socket, and the invariants.

mod client;
mod gateway;
mod logs;
mod own;
mod process;
mod scripted;

pub use client::{Answer, Client, Events, Stream};
pub use gateway::{Gateway, KEY, PROVIDER_KEY};
pub use logs::logged;
pub use own::with_own;
pub use process::{Process, finished, millrace};
pub use scripted::{Asked, Reply, Scripted};

use std::time::{Duration, Instant};

/// Longer than anything a test waits for takes, even on a busy machine: what is late by this much will not come.
pub const LIVENESS: Duration = Duration::from_secs(30);

/// Waits until `test` holds: by looking again, not by hoping that some time is enough.
#[track_caller]
pub fn eventually(what: &str, mut test: impl FnMut() -> bool) {
    let began = Instant::now();
    while !test() {
        assert!(began.elapsed() < LIVENESS, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A chat request for `model`, with `more` members.
pub fn chat(model: &str, more: serde_json::Value) -> serde_json::Value {
    let mut body = serde_json::json!({ "model": model, "messages": [{ "role": "user", "content": "hi" }] });
    if let (Some(body), serde_json::Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

/// The lines of a file of records, as JSON; none if there is no file yet.
pub fn records(path: &std::path::Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // the last line may be half written
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}
