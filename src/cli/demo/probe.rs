//! The demo's self-check: one whole answer and one stream through the real server over a real socket, and what they show.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use millrace_actors::upstream::{
    HeaderValue, Method, Origin, UpstreamClient, UpstreamRequest, UpstreamResponse, UpstreamSettings,
};
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::sse::SseReader;
use millrace_lab::say::say;
use serde_json::{Value, json};

/// More than any of it takes; what hangs must fail, not hang the check.
const LIMIT: Duration = Duration::from_secs(20);

/// Sends both, prints what came back, and says whether all of it was right.
pub async fn check(address: SocketAddr, key: &str, model: &str) -> bool {
    let whole = report("whole answer", whole(address, key, model).await);
    let stream = report("stream", stream(address, key, model).await);
    whole && stream
}

fn report(what: &str, outcome: Result<String, String>) -> bool {
    // the exit code tells as well, so nobody need read it
    say(&match &outcome {
        Ok(line) => format!("ok    {what}: {line}\n"),
        Err(cause) => format!("FAIL  {what}: {cause}\n"),
    });
    outcome.is_ok()
}

async fn whole(address: SocketAddr, key: &str, model: &str) -> Result<String, String> {
    let began = Instant::now();
    let mut answer = send(address, key, &question(model, false)).await?;
    let body = answer.read_all(1 << 20).await.map_err(|e| e.to_string())?;
    let total = began.elapsed();
    let body: Value = serde_json::from_slice(&body).map_err(|e| e.to_string())?;
    expect(answer.status == 200, || format!("status {}: {body}", answer.status))?;
    expect(body["model"] == model, || format!("the answer names the model {}", body["model"]))?;
    let text = body["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    expect(!text.is_empty(), || "the answer has no text".into())?;
    let cost = header(&answer, "x-litellm-response-cost");
    expect(cost != "absent", || "the answer has no cost".into())?;
    Ok(format!(
        "{} tokens, cost ${cost}, total {:.2} ms, of it the gateway's own {} ms: {:?}",
        body["usage"]["total_tokens"],
        total.as_secs_f64() * 1e3,
        header(&answer, "x-litellm-overhead-duration-ms"),
        beginning(text),
    ))
}

async fn stream(address: SocketAddr, key: &str, model: &str) -> Result<String, String> {
    let began = Instant::now();
    let mut answer = send(address, key, &question(model, true)).await?;
    expect(answer.status == 200 && answer.is_stream(Framing::Events), || format!("status {}", answer.status))?;
    let mut reader = SseReader::new(1 << 20);
    let (mut events, mut text, mut first) = (Vec::<String>::new(), String::new(), None);
    let mut batch = Vec::new();
    while answer.next_batch(&mut batch, 1 << 16).await.map_err(|e| e.to_string())? {
        for chunk in batch.drain(..) {
            let fed = reader.feed(&chunk, |event| events.push(String::from_utf8_lossy(event.data).into_owned()));
            fed.map_err(|e| e.to_string())?;
        }
        first.get_or_insert_with(|| began.elapsed());
    }
    let total = began.elapsed();
    expect(events.pop().as_deref() == Some("[DONE]"), || "the stream does not end in [DONE]".into())?;
    for event in &events {
        let event: Value = serde_json::from_str(event).map_err(|e| e.to_string())?;
        expect(event["model"] == model, || format!("an event names the model {}", event["model"]))?;
        expect(event["usage"].is_null(), || "usage was sent though nobody asked".into())?;
        text.push_str(event["choices"][0]["delta"]["content"].as_str().unwrap_or_default());
    }
    expect(!text.is_empty(), || "the stream has no text".into())?;
    Ok(format!(
        "{} events, TTFT {:.2} ms, total {:.2} ms, the gateway's own until the head {} ms: {:?}",
        events.len(),
        first.unwrap_or_default().as_secs_f64() * 1e3,
        total.as_secs_f64() * 1e3,
        header(&answer, "x-litellm-overhead-duration-ms"),
        beginning(&text),
    ))
}

async fn send(address: SocketAddr, key: &str, question: &Value) -> Result<UpstreamResponse, String> {
    let origin = Origin::parse(&format!("http://{address}")).map_err(|e| e.to_string())?;
    let bearer = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|e| e.to_string())?;
    let headers = [(AUTHORIZATION, bearer), (CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let client = UpstreamClient::new(UpstreamSettings::new().map_err(|e| e.to_string())?);
    let request = UpstreamRequest {
        origin: &origin,
        path_and_query: "/v1/chat/completions",
        method: Method::POST,
        headers: &headers,
        more_headers: &[],
        body: &[question.to_string().into()],
        upload: None,
        stall: Duration::ZERO,
        head_deadline: Some(LIMIT),
    };
    client.call(&request).await.map_err(|e| e.to_string())
}

fn header<'a>(answer: &'a UpstreamResponse, name: &str) -> &'a str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("absent")
}

fn question(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "hi" }] })
}

/// Enough of a text to recognise it.
fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}

fn expect(fine: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(otherwise()) }
}
