//! `webhook`: posts records in batches, as a JSON array, signed.
//!
//! ```text
//! log_* hooks ── Sink ── thread: courier (collects, retries, splits) ── post (one try: signature, UpstreamClient)
//! ```
//!
//! One batch is on its way at a time, so a receiver sees records in order and never more than one connection.

mod courier;
mod post;

use std::time::Duration;

use millrace_actors::ports::ParamError;
use millrace_actors::secret::Secret;
use millrace_actors::upstream::{HeaderName, HeaderValue, Origin, TlsTrust, UpstreamClient, UpstreamSettings};
use serde_json::Value;

use super::params::{Reader, step};
use super::sink::{Bounds, Sink};
use super::sink_callback::SinkCallback;
use super::sink_params::{self, Events};
use courier::{Courier, Pace};
use post::Post;

/// Headers that are set here.
const OURS: [&str; 9] = [
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "content-type",
    "expect",
    "te",
    post::SIGNATURE,
    post::DELIVERY,
];

/// Checked parameters.
#[derive(Debug)]
pub(super) struct Params {
    post: Post,
    pace: Pace,
    events: Events,
    bounds: Bounds,
}

/// Checks `url`, `secret`, `headers`, `timeout_ms`, the pace and what every sink takes. Nothing is called.
pub(super) fn read(params: &Value) -> Result<Params, Vec<ParamError>> {
    let mut reader = Reader::new(params);
    let url = reader.need::<String>("url", "where to post to, such as https://logs.example.com/in");
    let secret = reader.get::<String>("secret");
    let headers = headers(&mut reader);
    let timeout = Duration::from_millis(reader.within("timeout_ms", 10..=120_000, 5000));
    let pace = Pace {
        batch_size: reader.within("batch_size", 1..=10_000, 100),
        interval: Duration::from_millis(reader.within("flush_interval_ms", 1..=600_000, 1000)),
        tries: reader.within("tries", 1..=100, 5),
        backoff: Duration::from_millis(reader.within("backoff_ms", 1..=60_000, 500)),
        backoff_most: Duration::from_millis(reader.within("backoff_most_ms", 1..=600_000, 30_000)),
    };
    let (events, bounds) = sink_params::read(&mut reader);
    if secret.as_ref().is_some_and(|secret| secret.len() < 16) {
        reader.complain("/secret", "is too short to sign with: give at least 16 characters");
    }
    let target = url.and_then(|url| match Origin::split(&url) {
        Ok(target) => Some(target),
        Err(error) => {
            reader.complain("/url", error.to_string());
            None
        }
    });
    reader.finish(target.map(|(origin, path)| {
        let path = if path.starts_with('/') { path } else { format!("/{path}") };
        let post = Post { origin, path, secret: secret.map(Secret::new), headers, timeout };
        Params { post, pace, events, bounds }
    }))
}

fn headers(reader: &mut Reader<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = Vec::new();
    for (name, value) in reader.pairs("headers") {
        let at = format!("/headers{}", step(&name));
        match (HeaderName::try_from(name.as_str()), HeaderValue::from_str(&value)) {
            (Ok(name), _) if OURS.contains(&name.as_str()) => reader.complain(at, "is set by the webhook itself"),
            (Ok(name), Ok(mut value)) if value.to_str().is_ok() => {
                value.set_sensitive(true);
                headers.push((name, value));
            }
            (Err(_), _) => reader.complain(at, "is not a header name: use letters, digits and hyphens"),
            // the value may be a credential, so it is not repeated
            _ => reader.complain(at, "has a value with a line break, a control character or a letter beyond ASCII"),
        }
    }
    headers
}

/// Starts the thread. `trust` is whose certificates are believed; the public roots if nothing is said.
pub(super) fn start(name: &str, params: Params, trust: Option<&TlsTrust>) -> Result<SinkCallback, Vec<ParamError>> {
    let Params { post, pace, events, bounds } = params;
    let failed = |what: &str, error: std::io::Error| {
        vec![ParamError { pointer: String::new(), message: format!("{what}: {error}") }]
    };
    let settings = match trust {
        Some(trust) => UpstreamSettings::with_trust(trust.clone()),
        None => UpstreamSettings::new().map_err(|error| failed("no tls", error))?,
    };
    let sink = Sink::start(name, bounds, move |queue| {
        // the upstream client belongs to one thread, and its connections are tasks of that thread
        match actix_rt::Runtime::new() {
            Ok(runtime) => runtime.block_on(async {
                let overdue = queue.pacer().overdue();
                let courier = Courier::new(queue, &post, pace, UpstreamClient::new(settings.clone()));
                tokio::select! {
                    () = courier.run() => {}
                    // what is left is dropped with the courier, and counted
                    () = overdue => {}
                }
            }),
            Err(error) => log::error!("webhook cannot start its runtime error={error}"),
        }
    });
    Ok(SinkCallback { kind: "webhook", events, sink: sink.map_err(|error| failed("no thread for it", error))? })
}

#[cfg(test)]
mod server;
#[cfg(test)]
mod tests;
