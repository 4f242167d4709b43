//! Counts of tokens: what Google's `countTokens` is asked and tells.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The body of `countTokens` for a body of `generateContent`, which counts the instruction and the tools too.
pub fn request(body: &[u8], model: &str) -> Bytes {
    let mut inner: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    inner.insert("model".into(), format!("models/{model}").into());
    Bytes::from(json!({ "generateContentRequest": inner }).to_string())
}

/// What Vertex AI counts, which takes no whole request: the members of one stand by themselves there (its reference,
/// `CountTokensRequest`).
const COUNTED: [&str; 4] = ["contents", "systemInstruction", "tools", "generationConfig"];

/// The body of Vertex AI's `countTokens` for one of `generateContent`, or for one of AI Studio's `countTokens`.
pub fn request_at_vertex(body: &[u8]) -> Bytes {
    let mut outer: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    let mut inner = match outer.shift_remove("generateContentRequest") {
        Some(Value::Object(inner)) => inner,
        _ => outer,
    };
    inner.retain(|name, _| COUNTED.contains(&name.as_str()));
    Bytes::from(Value::Object(inner).to_string())
}

/// The count that an answer is; nothing where it is another answer.
pub fn told(body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Count {
        #[serde(rename = "totalTokens")]
        count: u64,
    }
    let count: Count = serde_json::from_slice(body).ok()?;
    Some(count.count)
}
