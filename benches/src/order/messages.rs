//! Anthropic's events.

use serde_json::{Value, json};

use super::machine::{End, Order};
use super::read::{Judged, count, ensure, equal, one_of, present, text, word};

const REASONS: [&str; 7] =
    ["end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"];

/// What has been told of a stream.
#[derive(Default)]
pub struct Messages {
    stage: Stage,
    /// Blocks that have ended.
    blocks: u64,
    /// What tools were called with, in those.
    arguments: Vec<String>,
}

#[derive(Default)]
enum Stage {
    #[default]
    Nothing,
    Between,
    In(Block),
    Finished,
}

/// The block that is open.
struct Block {
    kind: String,
    /// Nothing follows a signature.
    signed: bool,
    /// The input of a call so far.
    input: String,
}

impl Order for Messages {
    fn take(&mut self, data: &Value) -> Judged<End> {
        let stage = std::mem::take(&mut self.stage);
        self.stage = match (stage, text(data, "type")?) {
            (_, "error") => {
                word(&data["error"], "type")?;
                word(&data["error"], "message")?;
                return Ok(End::Error);
            }
            (Stage::Nothing, "message_start") => started(&data["message"]).map(|()| Stage::Between)?,
            (stage @ (Stage::Between | Stage::In(_) | Stage::Finished), "ping") => stage,
            (Stage::Between, "content_block_start") => {
                equal(data, "index", self.blocks)?;
                Stage::In(opened(&data["content_block"])?)
            }
            (Stage::In(block), "content_block_delta") => {
                equal(data, "index", self.blocks)?;
                Stage::In(block.delta(&data["delta"])?)
            }
            (Stage::In(block), "content_block_stop") => {
                equal(data, "index", self.blocks)?;
                self.arguments.push(block.input);
                self.blocks += 1;
                Stage::Between
            }
            (Stage::Between, "message_delta") => {
                finished(data)?;
                // cut at a limit, within the last block
                if matches!(data["delta"]["stop_reason"].as_str(), Some("max_tokens" | "model_context_window_exceeded"))
                {
                    self.arguments.pop();
                }
                Stage::Finished
            }
            (Stage::Finished, "message_stop") => return Ok(End::Whole),
            (_, kind) => return Err(format!("{kind} has no place here")),
        };
        Ok(End::Open)
    }

    fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }
}

fn started(message: &Value) -> Judged {
    word(message, "id")?;
    word(message, "model")?;
    equal(message, "type", "message")?;
    equal(message, "role", "assistant")?;
    equal(message, "content", json!([]))?;
    present(message, &["stop_reason", "stop_sequence"])?;
    ensure(message["stop_reason"].is_null() && message["stop_sequence"].is_null(), "it stops where it starts")?;
    count(&message["usage"], "input_tokens")?;
    count(&message["usage"], "output_tokens").map(drop)
}

fn opened(block: &Value) -> Judged<Block> {
    let kind = word(block, "type")?;
    match kind {
        "text" => equal(block, "text", "")?,
        "thinking" => {
            equal(block, "thinking", "")?;
            equal(block, "signature", "")?;
        }
        "redacted_thinking" => word(block, "data").map(drop)?,
        "tool_use" | "server_tool_use" => {
            // of any characters: it may be another provider's, and must come back as that one gave it
            word(block, "id")?;
            word(block, "name")?;
            equal(block, "input", json!({}))?;
        }
        _ => {}
    }
    Ok(Block { kind: kind.to_owned(), signed: false, input: String::new() })
}

fn finished(data: &Value) -> Judged {
    let delta = &data["delta"];
    one_of(delta, "stop_reason", &REASONS)?;
    present(delta, &["stop_sequence"])?;
    count(&data["usage"], "output_tokens").map(drop)
}

impl Block {
    fn delta(mut self, delta: &Value) -> Judged<Self> {
        ensure(!self.signed, "something behind a signature")?;
        match (&*self.kind, text(delta, "type")?) {
            ("text", "text_delta") => word(delta, "text").map(drop)?,
            ("text", "citations_delta") => word(&delta["citation"], "type").map(drop)?,
            ("thinking", "thinking_delta") => word(delta, "thinking").map(drop)?,
            ("thinking", "signature_delta") => {
                word(delta, "signature")?;
                self.signed = true;
            }
            ("tool_use" | "server_tool_use", "input_json_delta") => self.input.push_str(text(delta, "partial_json")?),
            (kind @ ("text" | "thinking" | "redacted_thinking" | "tool_use" | "server_tool_use"), delta) => {
                return Err(format!("{delta} in a block of {kind}"));
            }
            _ => {}
        }
        Ok(self)
    }
}
