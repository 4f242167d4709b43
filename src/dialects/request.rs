//! A chat request, whatever dialect it was written in.
//!
//! Numbers are kept as written ([`Number`]), schemas and sources as JSON. What a dialect has and this model has not stays in
//! [`Request::rest`] under the caller's name: the writer of the target's dialect takes what it knows from there, and notes
//! the remainder as dropped.

use std::fmt;

use serde_json::{Map, Number, Value};

/// The request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// The conversation in the caller's order; system messages may stand anywhere.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// Whether it must.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    pub parallel_tool_calls: Option<bool>,
    /// Most tokens it may write.
    pub max_tokens: Option<Number>,
    /// `temperature`.
    pub temperature: Option<Number>,
    /// `top_p`.
    pub top_p: Option<Number>,
    /// `top_k`.
    pub top_k: Option<Number>,
    /// Texts at which it stops.
    pub stop: Vec<String>,
    /// How many answers.
    pub n: Option<Number>,
    /// `seed`.
    pub seed: Option<Number>,
    /// `presence_penalty`.
    pub presence_penalty: Option<Number>,
    /// `frequency_penalty`.
    pub frequency_penalty: Option<Number>,
    /// `logit_bias`.
    pub logit_bias: Option<Value>,
    /// `logprobs`.
    pub logprobs: Option<bool>,
    /// `top_logprobs`.
    pub top_logprobs: Option<Number>,
    /// The form of the answer's text.
    pub format: Option<Format>,
    /// How much it shall think.
    pub reasoning: Option<Reasoning>,
    /// Whether its thought shall be told in words; `None` where the caller's protocol leaves that open.
    pub show_reasoning: Option<bool>,
    /// The caller's user, as it names them.
    pub user: Option<String>,
    /// `service_tier`, in the caller's word.
    pub service_tier: Option<String>,
    /// Free labels.
    pub metadata: Option<Map<String, Value>>,
    /// A stream is asked for.
    pub stream: bool,
    /// Top-level fields with no place above, as the caller wrote them.
    pub rest: Map<String, Value>,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The operator of the conversation. OpenAI's `developer` too: the two mean the same (OpenAI's description,
    /// `ChatCompletionRequestDeveloperMessage`).
    System,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool's result: its parts are one [`Content::ToolResult`] each.
    Tool,
}

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// A participant's name, where given.
    pub name: Option<String>,
    /// What is said, in order.
    pub parts: Vec<Part>,
}

/// A part of a message.
#[derive(Clone, PartialEq)]
pub struct Part {
    /// What it is.
    pub content: Content,
    /// `cache_control`, as the caller wrote it: a mark that the prompt up to here may be cached.
    pub cache_control: Option<Value>,
    /// Where it stood in the caller's body.
    pub place: Place,
}

/// A JSON pointer into the caller's body, for complaints; empty where something stood nowhere. It is no part of what is said,
/// so any two are equal.
#[derive(Clone, Default)]
pub struct Place(Option<Box<str>>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part").field("content", &self.content).field("cache_control", &self.cache_control).finish()
    }
}

impl Part {
    /// A part without a mark.
    pub fn of(content: Content) -> Self {
        Part { content, cache_control: None, place: Place::default() }
    }

    /// The same, from a place in the caller's body.
    pub fn at(mut self, place: impl Into<Box<str>>) -> Self {
        self.place = Place(Some(place.into()));
        self
    }

    /// Where it stood in the caller's body, or else where it stands in the model.
    pub fn place<'p>(&'p self, or: &'p str) -> &'p str {
        self.place.0.as_deref().unwrap_or(or)
    }

    /// Text without a mark.
    pub fn text(text: impl Into<String>) -> Self {
        Part::of(Content::Text { text: text.into(), citations: Vec::new() })
    }
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        text: String,
        /// Sources told with it in an earlier turn, in Anthropic's form.
        citations: Vec<Value>,
    },
    /// A picture.
    Image {
        /// Where it is.
        source: Source,
        /// OpenAI's `detail`.
        detail: Option<String>,
    },
    /// A file to read: a PDF, a text.
    Document {
        /// Where it is.
        source: Source,
        /// Its title or file name.
        name: Option<String>,
        /// Other members of the caller's object, such as Anthropic's `citations` and `context`.
        more: Map<String, Value>,
    },
    /// Sound.
    Audio {
        /// Base64.
        data: String,
        /// `wav`, `mp3` ...
        format: String,
    },
    /// Thought of an earlier turn, to be handed back.
    Reasoning {
        /// In words; empty where it was withheld.
        text: String,
        /// The provider's signature of it.
        signature: Option<String>,
    },
    /// Thought that only the provider can read.
    Redacted {
        /// As the provider wrote it.
        data: String,
    },
    /// The model declined, in an earlier turn.
    Refusal(String),
    /// The model called a tool.
    ToolCall {
        /// Its id.
        id: String,
        /// The tool.
        name: String,
        /// JSON text as the model wrote it; may be no valid JSON, for models err. Empty means `{}`.
        arguments: String,
    },
    /// What a tool gave back.
    ToolResult {
        /// The call's id.
        id: String,
        /// Text, pictures, documents.
        parts: Vec<Part>,
        /// The tool failed.
        is_error: bool,
    },
    /// A part that this model has no word for: the caller's object, whole. Kept for a writer of the same family.
    Other(Value),
}

/// Where a picture or file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Here, in base64.
    Base64 {
        /// `image/png` ...
        media_type: String,
        /// The bytes.
        data: String,
    },
    /// Here, as text.
    Text(String),
    /// There. Never fetched by us: the provider does, or it is refused.
    Url(String),
    /// At the provider, uploaded before.
    File(String),
}

/// A tool.
#[derive(Clone, Debug, PartialEq)]
pub enum Tool {
    /// One that the caller runs.
    Function {
        /// Its name.
        name: String,
        /// What it does.
        description: Option<String>,
        /// JSON schema of its arguments; `None` where none was given.
        parameters: Option<Value>,
        /// Whether arguments must fit the schema exactly.
        strict: Option<bool>,
        /// As in [`Part`].
        cache_control: Option<Value>,
    },
    /// One that the provider runs, or of a form we don't know: the caller's object, whole.
    Native(Value),
}

/// Whether tools must be called.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolChoice {
    /// As the model likes.
    Auto,
    /// None may.
    None,
    /// One or more must.
    Required,
    /// This one must.
    Function(String),
    /// A form we don't know: the caller's value, whole.
    Native(Value),
}

impl ToolChoice {
    /// Whether some tool or other must be called: a function, or one that is given a text; or one of some that are allowed.
    pub fn demands(&self) -> bool {
        match self {
            ToolChoice::Auto | ToolChoice::None => false,
            ToolChoice::Required | ToolChoice::Function(_) => true,
            ToolChoice::Native(value) => match value["type"].as_str() {
                Some("custom") => true,
                Some("allowed_tools") => value["mode"] == "required" || value["allowed_tools"]["mode"] == "required",
                _ => false,
            },
        }
    }
}

/// The form of the answer's text.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// Any JSON object.
    JsonObject,
    /// JSON by a schema.
    JsonSchema {
        /// Its name.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The schema.
        schema: Value,
        /// Whether it must fit exactly.
        strict: Option<bool>,
    },
}

impl Reasoning {
    /// Whether it shall not think, in whatever words.
    pub fn is_off(&self) -> bool {
        match self {
            Reasoning::Off => true,
            Reasoning::Effort(word) => word == "none",
            Reasoning::Budget(_) | Reasoning::Adaptive => false,
        }
    }
}

/// How much the model shall think.
#[derive(Clone, Debug, PartialEq)]
pub enum Reasoning {
    /// In a word: `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`.
    Effort(String),
    /// At most so many tokens (Anthropic's `thinking: {type: enabled, budget_tokens}`).
    Budget(Number),
    /// As much as it finds fit (Anthropic's `thinking: {type: adaptive}`).
    Adaptive,
    /// Not at all.
    Off,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_demand_is_one_in_every_form() {
        for (choice, want) in [
            (ToolChoice::Auto, false),
            (ToolChoice::None, false),
            (ToolChoice::Required, true),
            (ToolChoice::Function("f".into()), true),
            (ToolChoice::Native(json!({"type": "custom", "custom": {"name": "c"}})), true),
            (ToolChoice::Native(json!({"type": "allowed_tools", "allowed_tools": {"mode": "required"}})), true),
            (ToolChoice::Native(json!({"type": "allowed_tools", "mode": "auto"})), false),
            (ToolChoice::Native(json!({"type": "web_search"})), false),
        ] {
            assert_eq!(choice.demands(), want, "{choice:?}");
        }
    }
}
