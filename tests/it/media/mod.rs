//! Pictures and sound in answers, custom tools, and earlier turns with what only their provider knows: to callers of every
//! protocol, whole and streamed, and what those are told whose protocol has no form for it.

mod custom;
mod history;
mod pictures;
mod search;
mod sound;

use serde_json::{Value, json};

use crate::gemini::Scene;
use crate::harness::Answer;

/// A question to a model, in the protocol of a path.
fn ask(scene: &Scene, path: &str, model: &str, stream: bool) -> Answer {
    let client = scene.gateway.client();
    let said = json!([{"role": "user", "content": "hi"}]);
    match path {
        "chat" => client.post("/v1/chat/completions", &json!({"model": model, "messages": said, "stream": stream})),
        "messages" => {
            let body = json!({"model": model, "messages": said, "stream": stream, "max_tokens": 9});
            client.post("/v1/messages", &body)
        }
        "responses" => client.post("/v1/responses", &json!({"model": model, "input": "hi", "stream": stream})),
        _ => scene.ask(model, if stream { "streamGenerateContent?alt=sse" } else { "generateContent" }),
    }
}

/// All members of this name, wherever they stand in what was told, in order.
fn members(told: &[Value], name: &str) -> Vec<Value> {
    fn walk(value: &Value, name: &str, out: &mut Vec<Value>) {
        match value {
            Value::Object(members) => members.iter().for_each(|(known, value)| match known == name {
                true => out.push(value.clone()),
                false => walk(value, name, out),
            }),
            Value::Array(list) => list.iter().for_each(|value| walk(value, name, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    told.iter().for_each(|value| walk(value, name, &mut out));
    out
}

/// What an answer told, event by event or as one.
fn told(answer: &Answer, stream: bool) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    if stream { answer.events().json() } else { vec![answer.json()] }
}
