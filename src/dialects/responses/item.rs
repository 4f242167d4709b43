//! An item of an answer while it is written, and as it stands in the end.

use serde_json::{Value, json};

use super::super::openai::object;
use super::frames::{refusal_part, summary_part, text_part};

/// An item.
#[derive(Debug)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Its last event is written.
    pub done: bool,
    /// The answer was cut while it was open.
    pub cut: bool,
}

/// What an item is.
#[derive(Debug)]
pub enum Kind {
    /// Text for the caller.
    Message(Vec<Said>),
    /// Thought.
    Reasoning {
        /// In words.
        text: String,
        /// `encrypted_content`.
        sealed: Option<String>,
    },
    /// A call of a tool.
    Call(Call),
    /// A picture.
    Picture {
        /// `image/png` ...
        media_type: String,
        /// Base64.
        data: String,
    },
}

/// A part of a message.
#[derive(Debug, Default)]
pub struct Said {
    /// The model declines.
    pub refusal: bool,
    /// What it says.
    pub text: String,
    /// Characters of it.
    pub position: u64,
    /// Characters of the answer before it.
    pub before: u64,
    /// Its sources.
    pub annotations: Vec<Value>,
    /// Its log probabilities.
    pub logprobs: Vec<Value>,
}

/// A call.
#[derive(Debug)]
pub struct Call {
    /// Which of the answer's calls.
    pub call: u32,
    /// The id that its result names.
    pub call_id: String,
    /// The tool.
    pub name: String,
    /// JSON so far; of a custom tool, the text.
    pub arguments: String,
    /// It is of a custom tool.
    pub custom: bool,
}

impl Said {
    /// As a part.
    pub fn part(&self) -> Value {
        match self.refusal {
            true => refusal_part(&self.text),
            false => text_part(&self.text, &self.annotations, &self.logprobs),
        }
    }
}

impl Item {
    /// As it stands now; `begun`, as it began.
    pub fn value(&self, begun: bool) -> Value {
        let status = match (begun, self.cut) {
            (true, _) => "in_progress",
            (false, true) => "incomplete",
            (false, false) => "completed",
        };
        match &self.kind {
            Kind::Message(parts) => {
                let content: Vec<Value> = parts.iter().filter(|_| !begun).map(Said::part).collect();
                json!({"id": self.id, "type": "message", "status": status, "role": "assistant", "content": content})
            }
            Kind::Reasoning { text, sealed } => {
                let summary: Vec<Value> =
                    Some(summary_part(text)).filter(|_| !begun && !text.is_empty()).into_iter().collect();
                let mut item = json!({"id": self.id, "type": "reasoning", "summary": summary});
                if let Some(sealed) = sealed.as_deref().filter(|_| !begun) {
                    item["encrypted_content"] = sealed.into();
                }
                item
            }
            // the format is no member of the description, but of what OpenAI sends
            Kind::Picture { media_type, data } => {
                let result = if begun { Value::Null } else { data.as_str().into() };
                let mut item = object([
                    ("id", self.id.as_str().into()),
                    ("type", "image_generation_call".into()),
                    ("status", status.into()),
                    ("result", result),
                ]);
                if !begun {
                    item["output_format"] = media_type.trim_start_matches("image/").into();
                }
                item
            }
            Kind::Call(Call { call_id, name, arguments, custom, .. }) => {
                let arguments = if begun { "" } else { arguments };
                if *custom {
                    return json!({"id": self.id, "type": "custom_tool_call", "status": status, "call_id": call_id,
                        "name": name, "input": arguments});
                }
                json!({"id": self.id, "type": "function_call", "status": status, "call_id": call_id, "name": name,
                    "arguments": arguments})
            }
        }
    }
}

impl Call {
    /// Its arguments are a whole JSON text. Of any other text nobody can tell.
    pub fn complete(&self) -> bool {
        !self.custom && serde_json::from_str::<serde::de::IgnoredAny>(&self.arguments).is_ok()
    }
}
