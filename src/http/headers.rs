//! Response headers: LiteLLM's (COMPAT 3.6), copies of the provider's, and `server-timing` with our phases.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use millrace_actors::deployment::Shown;
use millrace_actors::record::NAME_BYTES;
use millrace_actors::reply::ReplyFacts;
use millrace_actors::upstream::UpstreamHeaders;
use millrace_actors::wire::protocol::Protocol;

use super::ids::{REQUEST_ID, RequestId, UPSTREAM_ID};
use super::upstream_names;

/// The version that `x-litellm-version` shows: ours, so nobody takes us for a LiteLLM of some number.
const VERSION: &str = concat!("millrace-", env!("CARGO_PKG_VERSION"));

// Names as constants: made at run time each would be checked and looked up again for every answer.
/// The exchange's id, which a caller may choose.
pub const CALL_ID: HeaderName = HeaderName::from_static("x-litellm-call-id");
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
const ESTIMATED: HeaderName = HeaderName::from_static("x-millrace-estimated");
const UPSTREAM_REQUEST_ID: HeaderName = HeaderName::from_static("llm_provider-request-id");

/// The head of a whole answer: JSON, unless the provider's answer may be something else and says so.
pub fn whole(told: Option<&HeaderValue>) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    let json = || HeaderValue::from_static("application/json");
    response.insert_header((CONTENT_TYPE, told.cloned().unwrap_or_else(json)));
    response
}

/// The head of bytes that pass as they come. One that names no kind stays without: a browser must not guess one.
pub fn bytes(status: u16, told: Option<&HeaderValue>) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
    let unknown = || HeaderValue::from_static("application/octet-stream");
    response
        .insert_header((CONTENT_TYPE, told.cloned().unwrap_or_else(unknown)))
        .insert_header((X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")));
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

/// The headers that every answer of an exchange has. `headers` is that of a new response: nothing of ours is in it yet, so
/// this and [`add`] append, which costs half of looking for what is to be replaced.
pub fn add_ids(headers: &mut HeaderMap, call_id: &str) {
    put(headers, CALL_ID, call_id);
    headers.append(SHOWN_VERSION, HeaderValue::from_static(VERSION));
}

/// All of them.
pub fn add(headers: &mut HeaderMap, call_id: &str, facts: ReplyFacts) {
    add_ids(headers, call_id);
    if let Some(deployment) = &facts.deployment {
        let Shown { id, api_base } = &deployment.shown;
        id.iter().for_each(|id| headers.append(MODEL_ID, id.clone()));
        api_base.iter().for_each(|base| headers.append(API_BASE, base.clone()));
    }
    if let Some(group) = &facts.group {
        put(headers, MODEL_GROUP, group);
    }
    if let Some(cost) = &facts.cost {
        put(headers, COST, &cost.total.to_string());
    }
    if facts.estimated {
        headers.append(ESTIMATED, HeaderValue::from_static("tokens"));
    }
    if !facts.notes.is_empty() {
        put(headers, PARAMS, &facts.notes.to_string());
    }
    headers.append(RETRIES, count(facts.retries));
    headers.append(FALLBACKS, count(facts.fallbacks));
    add_times(headers, &facts);
    copy_upstream(headers, facts.upstream_headers);
    for (name, value) in facts.added {
        headers.insert(name, value);
    }
}

fn add_times(headers: &mut HeaderMap, facts: &ReplyFacts) {
    let mut text = String::with_capacity(128);
    for (name, duration) in [(DURATION, facts.total), (OVERHEAD, facts.overhead)] {
        text.clear();
        push_ms(&mut text, duration);
        put(headers, name, &text);
    }
    text.clear();
    let phases = [
        ("body;dur=", facts.body_read),
        (", prepare;dur=", facts.prepared),
        (", upstream;dur=", facts.waited),
        (", gateway;dur=", facts.overhead),
    ];
    for (name, duration) in phases {
        text.push_str(name);
        push_ms(&mut text, duration);
    }
    put(headers, SERVER_TIMING, &text);
}

/// `request-id` for a caller whose protocol has it on every answer: ours, where the provider's is not known.
pub fn add_request_id(headers: &mut HeaderMap, of: &RequestId) {
    if of.protocol == Protocol::Messages && !headers.contains_key(&UPSTREAM_ID) {
        put(headers, UPSTREAM_ID, &of.id);
    }
}

/// The provider's headers, each under its prefixed name; rate limits under their own name too.
fn copy_upstream(headers: &mut HeaderMap, upstream: UpstreamHeaders) {
    // OpenAI's name for it, or Anthropic's
    let id = upstream.get(REQUEST_ID).or_else(|| upstream.get(UPSTREAM_ID)).cloned();
    upstream_names::copy(upstream, headers);
    if let Some(id) = id {
        // an error that has told ours, within its body too, is known by that
        if !headers.contains_key(&UPSTREAM_ID) {
            headers.append(UPSTREAM_ID, id.clone());
        }
        headers.insert(UPSTREAM_REQUEST_ID, id);
    }
}

/// Nearly always none.
fn count(n: u32) -> HeaderValue {
    if n == 0 { HeaderValue::from_static("0") } else { n.into() }
}

/// Milliseconds with microseconds behind the point. Digit by digit, since `write!` was a tenth of all the headers' cost.
fn push_ms(text: &mut String, duration: Duration) {
    let ms = duration.as_secs().saturating_mul(1000).saturating_add(duration.subsec_millis().into());
    let us = duration.subsec_micros() % 1000;
    let mut digits = itoa::Buffer::new();
    text.push_str(digits.format(ms));
    text.push('.');
    // the leading 1 makes it four digits, whatever they are
    text.push_str(&digits.format(1000 + us)[1..]);
}

/// Values that no header may hold are left out, never sent in part. So is a name longer than a record keeps: behind a
/// wildcard it is the caller's, and a head of many kilobytes is refused by clients and by proxies in between.
fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value)
        && !value.is_empty()
        && value.len() <= NAME_BYTES
    {
        headers.append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_milliseconds_to_the_microsecond() {
        for (us, want) in
            [(0, "0.000"), (7, "0.007"), (1_020, "1.020"), (999_999, "999.999"), (60_000_001, "60000.001")]
        {
            let mut text = String::new();
            push_ms(&mut text, Duration::from_micros(us));
            assert_eq!(text, want);
        }
    }

    #[test]
    fn no_header_of_ours_is_there_twice() {
        let mut facts = ReplyFacts { group: Some("g".into()), retries: 2, ..ReplyFacts::default() };
        for name in ["x-request-id", "request-id", "x-ratelimit-limit-tokens", "x-litellm-version"] {
            facts.upstream_headers.append(HeaderName::from_static(name), HeaderValue::from_static(name));
        }
        facts.added.push((RETRIES, HeaderValue::from_static("by a hook")));
        let mut response = whole(None).finish();
        add(response.headers_mut(), "call", facts);
        let headers = response.headers();
        assert_eq!(headers.len(), headers.len_keys());
        assert_eq!(headers.get(&UPSTREAM_REQUEST_ID).unwrap(), "x-request-id");
        assert_eq!(headers.get(&RETRIES).unwrap(), "by a hook");
        assert_eq!(headers.get("llm_provider-x-litellm-version").unwrap(), "x-litellm-version");
    }
}
