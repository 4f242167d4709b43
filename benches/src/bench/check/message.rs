//! Judging a whole answer of Anthropic's protocol.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Expect, Fault};

/// What is read of a message: enough to know that it is one.
#[derive(Debug, Deserialize)]
pub struct Message<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    content: Vec<Block<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
}

/// The counts that every usage has.
#[derive(Debug, Deserialize)]
struct Usage {
    #[serde(rename = "input_tokens")]
    _input: u64,
    #[serde(rename = "output_tokens")]
    _output: u64,
}

impl Message<'_> {
    /// Judges what the message says of itself, but for its content.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn head(&self, expect: &Expect) -> Result<(), Fault> {
        if self.kind != "message" || self.role != "assistant" {
            return Err(Fault::Shape("not a message, or not the assistant's"));
        }
        if self.id.is_empty() {
            return Err(Fault::Shape("no id"));
        }
        if self.usage.is_none() {
            return Err(Fault::Shape("no usage"));
        }
        expect.model(&self.model)
    }

    /// Whether it has neither content nor an end, as at the start of a stream.
    pub fn is_open(&self) -> bool {
        self.content.is_empty() && self.stop_reason.is_none()
    }
}

/// Judges the body of a whole answer and returns its text.
///
/// # Errors
/// What is wrong with it.
pub fn judge<'a>(expect: &Expect, body: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    let message: Message<'a> = serde_json::from_slice(body).map_err(|problem| Fault::Json(problem.to_string()))?;
    message.head(expect)?;
    if message.stop_reason.is_none() {
        return Err(Fault::Shape("no stop_reason"));
    }
    let [block] = <[Block<'_>; 1]>::try_from(message.content).map_err(|_| Fault::Shape("not one block"))?;
    if block.kind != "text" || block.text.is_empty() {
        return Err(Fault::Shape("no content"));
    }
    match &expect.content {
        Some(content) if content.concat() != *block.text => Err(Fault::Content { at: 0 }),
        _ => Ok(block.text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const GOOD: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text",
        "text":"hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":2,"output_tokens":1}}"#;

    #[test]
    fn each_fault_is_told_apart() {
        let content = Some(Arc::new(vec!["hel".to_owned(), "lo".to_owned()]));
        let expect = Expect { model: Some("m".to_owned()), content };
        let kind = |body: &str| judge(&expect, body.as_bytes()).map_or_else(|fault| fault.kind(), |_| "good");
        assert_eq!(kind(GOOD), "good");
        for (from, to, fault) in [
            ("\"message\"", "\"completion\"", "shape"),
            ("assistant", "user", "shape"),
            ("msg_1", "", "shape"),
            ("\"model\":\"m\"", "\"model\":\"n\"", "model"),
            ("\"end_turn\"", "null", "shape"),
            ("hello", "hallo", "content"),
            ("\"hello\"", "\"\"", "shape"),
            ("\"type\":\"text\"", "\"type\":\"thinking\"", "shape"),
            ("\"content\":[", "\"content\":[],\"x\":[", "shape"),
            ("{\"input_tokens\":2,\"output_tokens\":1}", "null", "shape"),
            ("\"output_tokens\":1", "\"output_tokens\":-1", "json"),
        ] {
            let body = GOOD.replace(from, to);
            assert_ne!(body, GOOD, "{from} is not in the answer");
            assert_eq!(kind(&body), fault, "{from} -> {to}");
        }
    }
}
