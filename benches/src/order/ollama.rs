//! Ollama's lines.

use serde_json::Value;

use super::machine::{End, Order};
use super::read::{Judged, Same, ensure, equal, text, word};

/// What has been told of a stream.
#[derive(Default)]
pub struct Ollama {
    model: Same,
}

impl Order for Ollama {
    fn take(&mut self, data: &Value) -> Judged<End> {
        if data.get("error").is_some() {
            return word(data, "error").map(|_| End::Error);
        }
        word(data, "model")?;
        word(data, "created_at")?;
        self.model.check(data, &["model"])?;
        let message = &data["message"];
        equal(message, "role", "assistant")?;
        let content = text(message, "content")?;
        if let Some(calls) = message.get("tool_calls").and_then(Value::as_array) {
            for call in calls {
                word(&call["function"], "name")?;
                ensure(call["function"]["arguments"].is_object(), "a call without arguments")?;
            }
        }
        match data["done"].as_bool() {
            Some(true) => word(data, "done_reason").map(|_| End::Whole),
            Some(false) => {
                let says = !content.is_empty() || word(message, "thinking").is_ok() || message["tool_calls"].is_array();
                ensure(says, "a line that tells nothing").map(|()| End::Open)
            }
            None => Err("`done` is no truth value".to_owned()),
        }
    }
}
