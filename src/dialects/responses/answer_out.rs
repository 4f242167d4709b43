//! The response itself, as a caller's events and whole answers show it.
//!
//! What the caller asked for is not repeated in it: whoever writes an answer does not know the request. Members that the
//! description demands are there with the value that stands for nothing.

use millrace_actors::wire::usage::Usage;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::AnswerFacts;
use super::super::event::{Reason, Start};
use super::super::openai::tier;
use super::usage;

/// Who answers, and when.
#[derive(Debug)]
pub struct Head {
    /// The response's id.
    pub id: String,
    /// What the ids of its items are made from.
    pub base: String,
    created: u64,
    model: String,
    service_tier: Option<String>,
}

/// How an answer stands.
#[derive(Clone, Copy, Debug)]
pub enum Stand<'a> {
    /// It goes on.
    Begun,
    /// It is over.
    Over(Option<&'a Reason>),
}

#[derive(Serialize)]
struct Response<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    error: Option<()>,
    incomplete_details: Option<Value>,
    instructions: Option<()>,
    max_output_tokens: Option<()>,
    model: &'a str,
    output: Vec<Value>,
    parallel_tool_calls: bool,
    previous_response_id: Option<()>,
    reasoning: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    store: bool,
    temperature: Option<()>,
    text: Value,
    tool_choice: &'static str,
    tools: [(); 0],
    top_p: Option<()>,
    truncation: &'static str,
    /// Left out while the answer goes on; null where it is over and nobody counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Option<usage::Written>>,
    metadata: Map<String, Value>,
}

impl Head {
    /// From what the answer says of itself, and what we know of it.
    pub fn of(facts: &AnswerFacts, start: Start) -> Self {
        let told = start.id.as_deref().unwrap_or(&facts.id);
        let own = told.strip_prefix("resp_").unwrap_or(told);
        let base: String = own.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
        Head {
            id: if told.starts_with("resp_") { told.to_owned() } else { format!("resp_{base}") },
            base,
            created: start.created.unwrap_or(facts.created),
            model: facts.model.clone(),
            service_tier: start.service_tier,
        }
    }

    /// The response.
    pub fn response(&self, stand: Stand<'_>, output: Vec<Value>, usage: Option<&Usage>) -> Value {
        let cut = match stand {
            Stand::Begun | Stand::Over(None) => None,
            Stand::Over(Some(reason)) => cut(reason),
        };
        let status = match (stand, cut) {
            (Stand::Begun, _) => "in_progress",
            (Stand::Over(_), Some(_)) => "incomplete",
            (Stand::Over(_), None) => "completed",
        };
        let response = Response {
            id: &self.id,
            object: "response",
            created_at: self.created,
            status,
            background: false,
            error: None,
            incomplete_details: cut.map(|reason| json!({"reason": reason})),
            instructions: None,
            max_output_tokens: None,
            model: &self.model,
            output,
            parallel_tool_calls: true,
            previous_response_id: None,
            reasoning: json!({"effort": null, "summary": null}),
            service_tier: self.service_tier.as_deref().and_then(tier::told),
            store: false,
            temperature: None,
            text: json!({"format": {"type": "text"}}),
            tool_choice: "auto",
            tools: [],
            top_p: None,
            truncation: "disabled",
            usage: matches!(stand, Stand::Over(_)).then(|| usage.map(usage::Written::of)),
            metadata: Map::new(),
        };
        serde_json::to_value(&response).unwrap_or_default()
    }
}

/// What cut an answer short, in the protocol's words (OpenAI's description, `Response.incomplete_details`).
pub fn cut(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Length | Reason::Pause => Some("max_output_tokens"),
        Reason::ContentFilter => Some("content_filter"),
        Reason::Stop | Reason::StopSequence | Reason::ToolCalls | Reason::Refusal | Reason::Other(_) => None,
    }
}
