//! The demo's self-check: one whole answer and one stream through the real server over a real socket, and what they show.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use awc::ClientRequest;
use futures_util::StreamExt;
use millrace_actors::wire::sse::SseReader;
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
    match &outcome {
        Ok(line) => println!("ok    {what}: {line}"),
        Err(cause) => println!("FAIL  {what}: {cause}"),
    }
    outcome.is_ok()
}

async fn whole(address: SocketAddr, key: &str, model: &str) -> Result<String, String> {
    let began = Instant::now();
    let mut answer = request(address, key).send_json(&question(model, false)).await.map_err(|e| e.to_string())?;
    let body = answer.body().await.map_err(|e| e.to_string())?;
    let total = began.elapsed();
    let body: Value = serde_json::from_slice(&body).map_err(|e| e.to_string())?;
    expect(answer.status().as_u16() == 200, || format!("status {}: {body}", answer.status()))?;
    expect(body["model"] == model, || format!("the answer names the model {}", body["model"]))?;
    let text = body["choices"][0]["message"]["content"].as_str().unwrap_or_default();
    expect(!text.is_empty(), || "the answer has no text".into())?;
    let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("absent").to_owned();
    expect(header("x-litellm-response-cost") != "absent", || "the answer has no cost".into())?;
    Ok(format!(
        "{} tokens, cost ${}, total {:.2} ms, of it the gateway's own {} ms: {text:.40?}",
        body["usage"]["total_tokens"],
        header("x-litellm-response-cost"),
        total.as_secs_f64() * 1e3,
        header("x-litellm-overhead-duration-ms"),
    ))
}

async fn stream(address: SocketAddr, key: &str, model: &str) -> Result<String, String> {
    let began = Instant::now();
    let mut answer = request(address, key).send_json(&question(model, true)).await.map_err(|e| e.to_string())?;
    expect(answer.status().as_u16() == 200, || format!("status {}", answer.status()))?;
    let overhead = answer.headers().get("x-litellm-overhead-duration-ms").and_then(|v| v.to_str().ok()).map(str::to_owned);
    let mut reader = SseReader::new(1 << 20);
    let (mut events, mut text, mut first) = (Vec::<String>::new(), String::new(), None);
    while let Some(chunk) = answer.next().await {
        let chunk = chunk.map_err(|e| e.to_string())?;
        let fed = reader.feed(&chunk, |event| events.push(String::from_utf8_lossy(event.data).into_owned()));
        fed.map_err(|e| e.to_string())?;
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
        "{} events, TTFT {:.2} ms, total {:.2} ms, the gateway's own until the head {} ms: {text:.40?}",
        events.len(),
        first.unwrap_or_default().as_secs_f64() * 1e3,
        total.as_secs_f64() * 1e3,
        overhead.as_deref().unwrap_or("absent"),
    ))
}

fn request(address: SocketAddr, key: &str) -> ClientRequest {
    let client = awc::Client::builder().timeout(LIMIT).disable_redirects().finish();
    client.post(format!("http://{address}/v1/chat/completions")).bearer_auth(key)
}

fn question(model: &str, stream: bool) -> Value {
    json!({ "model": model, "stream": stream, "messages": [{ "role": "user", "content": "hi" }] })
}

fn expect(fine: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if fine { Ok(()) } else { Err(otherwise()) }
}
