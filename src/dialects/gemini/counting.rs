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
