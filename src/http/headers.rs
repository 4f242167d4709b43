//! Response headers: LiteLLM's (COMPAT 3.6), copies of the provider's, and `server-timing` with our phases.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder};
use millrace_actors::request_handler::ReplyFacts;

/// The version that `x-litellm-version` shows: ours, so nobody takes us for a LiteLLM of some number.
const VERSION: &str = concat!("millrace-", env!("CARGO_PKG_VERSION"));

/// Provider headers that are not copied: they speak of the provider's connection, or would set a cookie of its domain.
const NOT_COPIED: [&str; 6] = ["connection", "keep-alive", "set-cookie", "transfer-encoding", "upgrade", "trailer"];

/// Provider headers that clients read under their own name too (COMPAT 3.6): its rate limits.
const RATE_LIMITS: [&str; 4] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
];

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
    put(headers, "x-litellm-call-id", call_id);
    headers.insert(HeaderName::from_static("x-litellm-version"), HeaderValue::from_static(VERSION));
}

/// All of them.
pub fn add(headers: &mut HeaderMap, call_id: &str, facts: &ReplyFacts) {
    add_ids(headers, call_id);
    if let Some(deployment) = &facts.deployment {
        put(headers, "x-litellm-model-id", &deployment.id);
        put(headers, "x-litellm-model-api-base", &deployment.api_base);
    }
    if let Some(group) = &facts.group {
        put(headers, "x-litellm-model-group", group);
    }
    if let Some(cost) = &facts.cost {
        put(headers, "x-litellm-response-cost", &cost.total.to_string());
    }
    put_number(headers, "x-litellm-attempted-retries", facts.retries);
    put_number(headers, "x-litellm-attempted-fallbacks", facts.fallbacks);
    put(headers, "x-litellm-response-duration-ms", &ms(facts.total));
    put(headers, "x-litellm-overhead-duration-ms", &ms(facts.overhead));
    put(headers, "server-timing", &server_timing(facts));
    copy_upstream(headers, &facts.upstream_headers);
    for (name, value) in &facts.added {
        headers.insert(name.clone(), value.clone());
    }
}

fn server_timing(facts: &ReplyFacts) -> String {
    format!(
        "body;dur={}, prepare;dur={}, upstream;dur={}, gateway;dur={}",
        ms(facts.body_read),
        ms(facts.prepared),
        ms(facts.waited),
        ms(facts.overhead)
    )
}

fn copy_upstream(headers: &mut HeaderMap, upstream: &HeaderMap) {
    for (name, value) in upstream {
        if NOT_COPIED.contains(&name.as_str()) {
            continue;
        }
        if let Ok(copied) = HeaderName::from_bytes(format!("llm_provider-{name}").as_bytes()) {
            headers.append(copied, value.clone());
        }
        if RATE_LIMITS.contains(&name.as_str()) {
            headers.insert(name.clone(), value.clone());
        }
    }
    if let Some(id) = upstream.get("x-request-id") {
        headers.insert(HeaderName::from_static("request-id"), id.clone());
        headers.insert(HeaderName::from_static("llm_provider-request-id"), id.clone());
    }
}

/// Milliseconds with microseconds behind the point.
fn ms(duration: Duration) -> String {
    let us = duration.as_micros();
    format!("{}.{:03}", us / 1000, us % 1000)
}

/// Values that no header may hold are left out, never sent in part: they are ids and names that an operator wrote.
fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
    {
        headers.insert(HeaderName::from_static(name), value);
    }
}

fn put_number(headers: &mut HeaderMap, name: &'static str, value: u32) {
    headers.insert(HeaderName::from_static(name), HeaderValue::from(value));
}
