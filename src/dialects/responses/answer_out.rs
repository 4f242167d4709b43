//! The response itself, as a caller's events and whole answers show it.
//!
//! What the caller asked for is repeated in it as the caller wrote it, without a look into it. Where nothing was asked,
//! members that the description demands are there with the value that stands for nothing: what a provider takes for its
//! default we do not know.

use millrace_actors::wire::usage::Usage;
use serde::Serialize;
use serde_json::value::RawValue;
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
    /// Members of the request, checked once to be JSON.
    asked: Vec<(&'static str, Box<RawValue>)>,
}

/// How an answer stands.
#[derive(Clone, Copy, Debug)]
pub enum Stand<'a> {
    /// It goes on.
    Begun,
    /// It is over.
    Over(Option<&'a Reason>),
}

/// A member of the request, or what stands for nothing.
#[derive(Serialize)]
#[serde(untagged)]
enum Or<'a, T> {
    Asked(&'a RawValue),
    Else(T),
}

type Raw<'a> = Option<&'a RawValue>;

/// The response, ready to be written.
#[derive(Serialize)]
pub struct Response<'a> {
    id: &'a str,
    object: &'static str,
    created_at: u64,
    status: &'static str,
    background: bool,
    error: Option<()>,
    incomplete_details: Option<Value>,
    instructions: Raw<'a>,
    max_output_tokens: Raw<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tool_calls: Raw<'a>,
    model: &'a str,
    output: Vec<Value>,
    parallel_tool_calls: Or<'a, bool>,
    previous_response_id: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Raw<'a>,
    reasoning: Or<'a, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_identifier: Raw<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'a str>,
    store: bool,
    temperature: Raw<'a>,
    text: Or<'a, Value>,
    tool_choice: Or<'a, &'static str>,
    tools: Or<'a, [(); 0]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Raw<'a>,
    top_p: Raw<'a>,
    truncation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<usage::Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Raw<'a>,
    metadata: Or<'a, Map<String, Value>>,
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
            asked: facts.asked.iter().filter_map(|(name, raw)| Some((*name, checked(raw)?))).collect(),
        }
    }

    fn asked(&self, name: &str) -> Raw<'_> {
        self.asked.iter().find(|(known, _)| *known == name).map(|(_, raw)| &**raw)
    }

    fn asked_or<T>(&self, name: &str, nothing: T) -> Or<'_, T> {
        self.asked(name).map_or(Or::Else(nothing), Or::Asked)
    }

    /// The response.
    pub fn response(&self, stand: Stand<'_>, output: Vec<Value>, usage: Option<&Usage>) -> Response<'_> {
        let cut = match stand {
            Stand::Begun | Stand::Over(None) => None,
            Stand::Over(Some(reason)) => cut(reason),
        };
        let status = match (stand, cut) {
            (Stand::Begun, _) => "in_progress",
            (Stand::Over(_), Some(_)) => "incomplete",
            (Stand::Over(_), None) => "completed",
        };
        Response {
            id: &self.id,
            object: "response",
            created_at: self.created,
            status,
            background: false,
            error: None,
            incomplete_details: cut.map(|reason| json!({"reason": reason})),
            instructions: self.asked("instructions"),
            max_output_tokens: self.asked("max_output_tokens"),
            max_tool_calls: self.asked("max_tool_calls"),
            model: &self.model,
            output,
            parallel_tool_calls: self.asked_or("parallel_tool_calls", true),
            previous_response_id: None,
            prompt_cache_key: self.asked("prompt_cache_key"),
            reasoning: self.asked_or("reasoning", json!({"effort": null, "summary": null})),
            safety_identifier: self.asked("safety_identifier"),
            service_tier: self.service_tier.as_deref().and_then(tier::told),
            store: false,
            temperature: self.asked("temperature"),
            text: self.asked_or("text", json!({"format": {"type": "text"}})),
            tool_choice: self.asked_or("tool_choice", "auto"),
            tools: self.asked_or("tools", []),
            top_logprobs: self.asked("top_logprobs"),
            top_p: self.asked("top_p"),
            truncation: "disabled",
            usage: usage.map(usage::Written::of),
            user: self.asked("user"),
            metadata: self.asked_or("metadata", Map::new()),
        }
    }
}

/// A member's raw JSON; nothing where it says nothing.
fn checked(raw: &[u8]) -> Option<Box<RawValue>> {
    serde_json::from_slice::<Box<RawValue>>(raw).ok().filter(|raw| raw.get() != "null")
}

/// What cut an answer short, in the protocol's words (OpenAI's description, `Response.incomplete_details`).
pub fn cut(reason: &Reason) -> Option<&'static str> {
    match reason {
        Reason::Length | Reason::Pause => Some("max_output_tokens"),
        Reason::ContentFilter => Some("content_filter"),
        Reason::Stop | Reason::StopSequence | Reason::ToolCalls | Reason::Refusal | Reason::Other(_) => None,
    }
}
