//! Counts of tokens: what is asked and told by Google's `countTokens` and by Anthropic's `count_tokens`.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// The body of `countTokens` for a body of `generateContent`, which counts the instruction and the tools too.
pub fn request(body: &[u8], model: &str) -> Bytes {
    let mut inner: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    inner.insert("model".into(), format!("models/{model}").into());
    Bytes::from(json!({ "generateContentRequest": inner }).to_string())
}

/// The body of `generateContent` that a body of `countTokens` asks about: the one within, or its own contents.
pub fn counted(body: &[u8]) -> Option<Bytes> {
    #[derive(Deserialize)]
    struct Asked<'a> {
        #[serde(borrow, default, rename = "generateContentRequest", alias = "generate_content_request")]
        request: Option<&'a RawValue>,
    }
    let asked: Asked<'_> = serde_json::from_slice(body).ok()?;
    asked.request.map(|raw| Bytes::copy_from_slice(raw.get().as_bytes()))
}

/// The count that an answer in either protocol is; nothing where it is another answer.
pub fn told(body: &[u8]) -> Option<u64> {
    #[derive(Deserialize)]
    struct Count {
        #[serde(rename = "totalTokens", alias = "input_tokens")]
        count: u64,
    }
    let count: Count = serde_json::from_slice(body).ok()?;
    Some(count.count)
}
