//! OpenAI's responses: the envelope. What is in it is told item by item (`items.rs`).

use serde_json::{Value, json};

use super::items::Items;
use super::machine::{End, Order};
use super::read::{Judged, count, ensure, equal, list, present, text, word};

/// Members that every snapshot has ("The response object").
const MEMBERS: [&str; 14] = [
    "created_at",
    "error",
    "incomplete_details",
    "instructions",
    "metadata",
    "model",
    "parallel_tool_calls",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_p",
    "output",
    "usage",
];

/// What has been told of a stream.
#[derive(Default)]
pub struct Responses {
    /// Events so far.
    events: u64,
    id: Option<String>,
    items: Items,
}

impl Order for Responses {
    fn take(&mut self, data: &Value) -> Judged<End> {
        let kind = word(data, "type")?;
        equal(data, "sequence_number", self.events)?;
        let place = self.events;
        self.events += 1;
        match (place, kind) {
            (_, "error") => {
                present(data, &["code", "param"])?;
                word(data, "message").map(|_| End::Error)
            }
            (0, "response.created") | (1, "response.in_progress") | (1, "response.queued") => {
                self.snapshot(&data["response"], if kind == "response.queued" { "queued" } else { "in_progress" })?;
                equal(&data["response"], "output", json!([])).map(|()| End::Open)
            }
            (2.., "response.completed") => self.end(&data["response"], "completed"),
            (2.., "response.incomplete") => {
                word(&data["response"]["incomplete_details"], "reason")?;
                self.end(&data["response"], "incomplete")
            }
            (1.., "response.failed") => {
                word(&data["response"]["error"], "code")?;
                word(&data["response"]["error"], "message")?;
                self.snapshot(&data["response"], "failed").map(|()| End::Error)
            }
            (2.., _) => self.items.take(kind, data).map(|()| End::Open),
            _ => Err(format!("{kind} has no place here")),
        }
    }

    fn arguments(&self) -> Vec<&str> {
        self.items.arguments()
    }
}

impl Responses {
    fn snapshot(&mut self, response: &Value, status: &str) -> Judged {
        equal(response, "object", "response")?;
        equal(response, "status", status)?;
        let id = self.id.get_or_insert(word(response, "id")?.to_owned());
        ensure(*id == text(response, "id")?, "the id has changed")?;
        count(response, "created_at")?;
        list(response, "output")?;
        list(response, "tools")?;
        word(response, "model")?;
        ensure(response["parallel_tool_calls"].is_boolean(), "`parallel_tool_calls` is no switch")?;
        let usage = response.get("usage").is_some() || matches!(status, "in_progress" | "queued" | "failed");
        ensure(usage, "no `usage`")?;
        let members = MEMBERS.iter().filter(|name| **name != "usage").copied().collect::<Vec<_>>();
        present(response, &members)
    }

    fn end(&mut self, response: &Value, status: &str) -> Judged<End> {
        self.snapshot(response, status)?;
        if let Some(usage) = response.get("usage").filter(|usage| !usage.is_null()) {
            let sum = count(usage, "input_tokens")?.saturating_add(count(usage, "output_tokens")?);
            ensure(count(usage, "total_tokens")? >= sum, "`total_tokens` is less than what it is of")?;
            count(&usage["input_tokens_details"], "cached_tokens")?;
            count(&usage["output_tokens_details"], "reasoning_tokens")?;
        }
        let told = self.items.done()?;
        let output = list(response, "output")?;
        ensure(*output == told, "`output` is not what the items' events told")?;
        Ok(End::Whole)
    }
}
