//! Bedrock's events, each with its name as `type` and its payload as `data`. What has no start of its own (texts, thought)
//! begins with its first delta.

use serde_json::Value;

use super::machine::{End, Order};
use super::read::{Judged, count, ensure, equal, text, word};

/// What has been told of a stream.
#[derive(Default)]
pub struct Converse {
    stage: Stage,
    /// Blocks that have ended.
    blocks: u64,
}

#[derive(Default)]
enum Stage {
    #[default]
    Nothing,
    Between,
    /// Within a block, with the one member that its deltas have.
    In(String),
    Stopped,
}

impl Order for Converse {
    fn take(&mut self, event: &Value) -> Judged<End> {
        let data = &event["data"];
        let stage = std::mem::take(&mut self.stage);
        self.stage = match (stage, text(event, "type")?) {
            (_, kind) if kind.ends_with("Exception") => return word(data, "message").map(|_| End::Error),
            (Stage::Nothing, "messageStart") => equal(data, "role", "assistant").map(|()| Stage::Between)?,
            (Stage::Between, "contentBlockStart") => {
                equal(data, "contentBlockIndex", self.blocks)?;
                let start = &data["start"]["toolUse"];
                if data["start"].get("toolUse").is_some() {
                    word(start, "toolUseId")?;
                    word(start, "name")?;
                }
                Stage::In(only(&data["start"])?)
            }
            (stage @ (Stage::Between | Stage::In(_)), "contentBlockDelta") => {
                equal(data, "contentBlockIndex", self.blocks)?;
                let kind = only(&data["delta"])?;
                match stage {
                    Stage::In(open) => {
                        let kin = open == kind || (open == "text" && kind == "citation");
                        ensure(kin, "a delta of another kind than its block")?;
                        Stage::In(open)
                    }
                    _ => {
                        ensure(kind != "toolUse", "a call without its start")?;
                        Stage::In(kind)
                    }
                }
            }
            (Stage::In(_), "contentBlockStop") => {
                equal(data, "contentBlockIndex", self.blocks)?;
                self.blocks += 1;
                Stage::Between
            }
            (Stage::Between, "messageStop") => word(data, "stopReason").map(|_| Stage::Stopped)?,
            (Stage::Stopped, "metadata") => {
                let sum = count(&data["usage"], "inputTokens")?.saturating_add(count(&data["usage"], "outputTokens")?);
                ensure(count(&data["usage"], "totalTokens")? >= sum, "`totalTokens` is less than what it is of")?;
                return Ok(End::Whole);
            }
            (_, kind) => return Err(format!("{kind} has no place here")),
        };
        Ok(End::Open)
    }
}

/// The one member of a union.
fn only(of: &Value) -> Judged<String> {
    let members = of.as_object().filter(|members| members.len() == 1).ok_or("not one member")?;
    members.keys().next().cloned().ok_or_else(|| "not one member".to_owned())
}
