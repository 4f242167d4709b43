//! What servers of OpenAI's protocol do otherwise than OpenAI: the proper answer, changed.

use crate::mock::choices::Quirk;
use serde_json::{Map, Value, json};

/// The signature at the end of thought told as `reasoning_details`.
const SIGNATURE: &str = "EqoBCkgIARABGAIiQL+mock/signature==";

/// A whole answer.
pub fn whole(quirk: Quirk, answer: String) -> String {
    changed(quirk, answer, &mut String::new())
}

/// The chunks of a stream.
pub fn stream(quirk: Quirk, chunks: Vec<String>) -> Vec<String> {
    let mut text = String::new();
    chunks.into_iter().map(|chunk| changed(quirk, chunk, &mut text)).collect()
}

/// One answer or chunk; `text` is what was said so far. What is no object of a chat stays.
fn changed(quirk: Quirk, answer: String, text: &mut String) -> String {
    if quirk == Quirk::None {
        return answer;
    }
    let Ok(Value::Object(mut object)) = serde_json::from_str(&answer) else { return answer };
    let usage = match quirk {
        Quirk::Beside | Quirk::Within => object.remove("usage").filter(|usage| !usage.is_null()),
        _ => None,
    };
    if let (Quirk::Beside, Some(usage)) = (quirk, &usage) {
        object.insert("x_groq".into(), json!({"id": "req_1", "usage": usage}));
    }
    if quirk == Quirk::Sources {
        let pages = ["https://a.example/1", "https://b.example/2"];
        object.insert("citations".into(), json!(pages));
        object.insert("search_results".into(), json!([{"title": "First", "url": pages[0]}]));
    }
    for choice in object.get_mut("choices").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(choice) = choice.as_object_mut() else { continue };
        if let (Quirk::Within, Some(usage)) = (quirk, &usage) {
            choice.insert("usage".into(), usage.clone());
        }
        said(quirk, choice, text);
    }
    Value::Object(object).to_string()
}

fn said(quirk: Quirk, choice: &mut Map<String, Value>, text: &mut String) {
    let whole = choice.contains_key("message");
    let name = if whole { "message" } else { "delta" };
    let Some(said) = choice.get_mut(name).and_then(Value::as_object_mut) else { return };
    if quirk == Quirk::Cumulative && !whole {
        text.push_str(said.get("content").and_then(Value::as_str).unwrap_or_default());
        choice.insert("message".into(), json!({"role": "assistant", "content": text}));
        return;
    }
    if !matches!(quirk, Quirk::Reasoning | Quirk::Details) {
        return;
    }
    let thought = said.remove("reasoning_content");
    let ends = quirk == Quirk::Details && (whole || (thought.is_none() && !text.is_empty()));
    if let Some(thought) = thought {
        text.push_str(thought.as_str().unwrap_or_default());
        if quirk == Quirk::Details {
            let signature = if whole { json!(SIGNATURE) } else { Value::Null };
            said.insert("reasoning_details".into(), json!([detail(&thought, &signature)]));
        }
        said.insert("reasoning".into(), thought);
    } else if ends {
        // the signature comes by itself, once the thought is over
        text.clear();
        said.insert("reasoning_details".into(), json!([detail(&json!(""), &json!(SIGNATURE))]));
    }
}

fn detail(text: &Value, signature: &Value) -> Value {
    json!({"type": "reasoning.text", "text": text, "signature": signature, "format": "anthropic-claude-v1", "index": 0})
}
