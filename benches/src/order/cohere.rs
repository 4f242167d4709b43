//! Cohere's events, version 2.

use serde_json::Value;

use super::machine::{End, Order};
use super::read::{Judged, count, ensure, equal, one_of, text, word};

const REASONS: [&str; 6] = ["COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL", "ERROR", "TIMEOUT"];

/// What has been told of a stream.
#[derive(Default)]
pub struct Cohere {
    stage: Stage,
    contents: u64,
    calls: u64,
    citations: u64,
    ended: bool,
}

#[derive(Default, PartialEq)]
enum Stage {
    #[default]
    Nothing,
    Between,
    Content(String),
    Call,
}

impl Order for Cohere {
    fn take(&mut self, data: &Value) -> Judged<End> {
        if data == "[DONE]" {
            return ensure(self.ended, "the end before message-end").map(|()| End::Whole);
        }
        ensure(!self.ended, "something behind message-end")?;
        let message = &data["delta"]["message"];
        let stage = std::mem::take(&mut self.stage);
        self.stage = match (stage, text(data, "type")?) {
            (Stage::Nothing, "message-start") => {
                word(data, "id")?;
                equal(message, "role", "assistant").map(|()| Stage::Between)?
            }
            (Stage::Between, "content-start") => {
                equal(data, "index", self.contents)?;
                one_of(&message["content"], "type", &["text", "thinking"])?;
                Stage::Content(text(&message["content"], "type")?.to_owned())
            }
            (Stage::Content(kind), "content-delta") => {
                equal(data, "index", self.contents)?;
                word(&message["content"], &kind)?;
                Stage::Content(kind)
            }
            (Stage::Content(_), "content-end") => {
                equal(data, "index", self.contents)?;
                self.contents += 1;
                Stage::Between
            }
            (Stage::Between, "tool-plan-delta") => word(message, "tool_plan").map(|_| Stage::Between)?,
            (Stage::Between, "tool-call-start") => {
                equal(data, "index", self.calls)?;
                word(&message["tool_calls"], "id")?;
                word(&message["tool_calls"]["function"], "name").map(|_| Stage::Call)?
            }
            (Stage::Call, "tool-call-delta") => {
                equal(data, "index", self.calls)?;
                word(&message["tool_calls"]["function"], "arguments").map(|_| Stage::Call)?
            }
            (Stage::Call, "tool-call-end") => {
                equal(data, "index", self.calls)?;
                self.calls += 1;
                Stage::Between
            }
            (stage @ (Stage::Between | Stage::Content(_)), "citation-start") => {
                equal(data, "index", self.citations)?;
                count(&message["citations"], "start")?;
                count(&message["citations"], "end").map(|_| stage)?
            }
            (stage @ (Stage::Between | Stage::Content(_)), "citation-end") => {
                equal(data, "index", self.citations)?;
                self.citations += 1;
                stage
            }
            (stage, "message-end") if stage == Stage::Between || data["delta"]["finish_reason"] == "ERROR" => {
                return self.end(&data["delta"]);
            }
            (_, kind) => return Err(format!("{kind} has no place here")),
        };
        Ok(End::Open)
    }

    fn closed(&self) -> End {
        if self.ended { End::Whole } else { End::Open }
    }
}

impl Cohere {
    /// Some of its servers send OpenAI's terminal word behind.
    fn end(&mut self, delta: &Value) -> Judged<End> {
        one_of(delta, "finish_reason", &REASONS)?;
        if delta["finish_reason"] == "ERROR" {
            return Ok(End::Error);
        }
        self.ended = true;
        ensure(delta["usage"].is_object(), "no `usage`").map(|()| End::Open)
    }
}
