//! Response headers: LiteLLM's (COMPAT 3.6), copies of the provider's, and `server-timing` with our phases.

use std::fmt::Write;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use millrace_actors::record::NAME_BYTES;
use millrace_actors::reply::ReplyFacts;
use millrace_actors::routing::Shown;
use millrace_actors::wire::protocol::Protocol;

use super::ids::{REQUEST_ID, RequestId, UPSTREAM_ID};
use super::upstream_names::{self, Copied};

/// The version that `x-litellm-version` shows: ours, so nobody takes us for a LiteLLM of some number.
const VERSION: &str = concat!("millrace-", env!("CARGO_PKG_VERSION"));

// Names as constants: made at run time each would be checked and looked up again for every answer.
const CALL_ID: HeaderName = HeaderName::from_static("x-litellm-call-id");
const SHOWN_VERSION: HeaderName = HeaderName::from_static("x-litellm-version");
const MODEL_ID: HeaderName = HeaderName::from_static("x-litellm-model-id");
const API_BASE: HeaderName = HeaderName::from_static("x-litellm-model-api-base");
const MODEL_GROUP: HeaderName = HeaderName::from_static("x-litellm-model-group");
const COST: HeaderName = HeaderName::from_static("x-litellm-response-cost");
const RETRIES: HeaderName = HeaderName::from_static("x-litellm-attempted-retries");
const FALLBACKS: HeaderName = HeaderName::from_static("x-litellm-attempted-fallbacks");
const DURATION: HeaderName = HeaderName::from_static("x-litellm-response-duration-ms");
const OVERHEAD: HeaderName = HeaderName::from_static("x-litellm-overhead-duration-ms");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const PARAMS: HeaderName = HeaderName::from_static("x-millrace-params");
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("llm_provider-request-id");

/// The head of a whole answer.
pub fn whole() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    response
}

/// The head of a stream: nothing on the way may buffer or transform it.
pub fn stream() -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8")))
        .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")))
        .insert_header(("x-accel-buffering", HeaderValue::from_static("no")));
    response
}

/// The headers that every answer of an exchange has.
pub fn add_ids(headers: &mut HeaderMap, call_id: &str) {
    put(headers, CALL_ID, call_id);
    headers.insert(SHOWN_VERSION, HeaderValue::from_static(VERSION));
}

/// All of them.
pub fn add(headers: &mut HeaderMap, call_id: &str, facts: &ReplyFacts) {
    add_ids(headers, call_id);
    if let Some(deployment) = &facts.deployment {
        let Shown { id, api_base } = &deployment.shown;
        id.iter().for_each(|id| drop(headers.insert(MODEL_ID, id.clone())));
        api_base.iter().for_each(|base| drop(headers.insert(API_BASE, base.clone())));
    }
    if let Some(group) = &facts.group {
        put(headers, MODEL_GROUP, group);
    }
    if let Some(cost) = &facts.cost {
        put(headers, COST, &cost.total.to_string());
    }
    if !facts.notes.is_empty() {
        put(headers, PARAMS, &facts.notes.to_string());
    }
    headers.insert(RETRIES, facts.retries.into());
    headers.insert(FALLBACKS, facts.fallbacks.into());
    put(headers, DURATION, &ms(facts.total));
    put(headers, OVERHEAD, &ms(facts.overhead));
    put(headers, SERVER_TIMING, &server_timing(facts));
    copy_upstream(headers, &facts.upstream_headers);
    for (name, value) in &facts.added {
        headers.insert(name.clone(), value.clone());
    }
}

fn server_timing(facts: &ReplyFacts) -> String {
    let phases = [
        ("body;dur=", facts.body_read),
        (", prepare;dur=", facts.prepared),
        (", upstream;dur=", facts.waited),
        (", gateway;dur=", facts.overhead),
    ];
    let mut text = String::with_capacity(96);
    for (name, duration) in phases {
        text.push_str(name);
        push_ms(&mut text, duration);
    }
    text
}

/// `request-id` for a caller whose protocol has it on every answer: ours, where the provider's is not known.
pub fn add_request_id(headers: &mut HeaderMap, of: &RequestId) {
    if of.protocol == Protocol::Messages && !headers.contains_key(&UPSTREAM_ID) {
        put(headers, UPSTREAM_ID, &of.id);
    }
}

/// Copies of the provider's headers, each under its prefixed name; rate limits under their own name too.
fn copy_upstream(headers: &mut HeaderMap, upstream: &HeaderMap) {
    for (name, value) in upstream {
        let Copied { prefixed, plain } = upstream_names::copied(name);
        if let Some(prefixed) = prefixed {
            headers.append(prefixed, value.clone());
        }
        if plain {
            headers.insert(name.clone(), value.clone());
        }
    }
    // OpenAI's name for it, or Anthropic's
    if let Some(id) = upstream.get(&REQUEST_ID).or_else(|| upstream.get(&UPSTREAM_ID)) {
        headers.insert(UPSTREAM_ID, id.clone());
        headers.insert(UPSTREAM_REQUEST_ID, id.clone());
    }
}

fn ms(duration: Duration) -> String {
    let mut text = String::with_capacity(16);
    push_ms(&mut text, duration);
    text
}

/// Milliseconds with microseconds behind the point.
fn push_ms(text: &mut String, duration: Duration) {
    let us = duration.as_micros();
    // writing to a String cannot fail
    let _ = write!(text, "{}.{:03}", us / 1000, us % 1000);
}

/// Values that no header may hold are left out, never sent in part. So is a name longer than a record keeps: behind a
/// wildcard it is the caller's, and a head of many kilobytes is refused by clients and by proxies in between.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
        && value.len() <= NAME_BYTES
    {
        headers.insert(name, value);
    }
}
