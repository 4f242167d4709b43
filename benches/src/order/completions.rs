//! OpenAI's older completions.

use std::collections::BTreeMap;

use serde_json::Value;

use super::chat::{error, usage};
use super::machine::{End, Order};
use super::read::{Judged, Same, count, ensure, equal, list, one_of, present, text, word};

/// What has been told of a stream.
#[derive(Default)]
pub struct Completions {
    head: Same,
    /// Whether each choice is finished.
    choices: BTreeMap<u64, bool>,
    usage: bool,
}

impl Order for Completions {
    fn take(&mut self, data: &Value) -> Judged<End> {
        let finished = self.choices.values().all(|finished| *finished);
        if data == "[DONE]" {
            ensure(finished && !self.choices.is_empty(), "a choice has no finish_reason")?;
            return Ok(End::Whole);
        }
        if data.get("error").is_some() {
            return error(data).map(|()| End::Error);
        }
        word(data, "id")?;
        equal(data, "object", "text_completion")?;
        count(data, "created")?;
        word(data, "model")?;
        self.head.check(data, &["id", "created", "model"])?;
        ensure(!self.usage, "something behind the usage")?;
        let choices = list(data, "choices")?;
        self.usage = data["usage"].is_object();
        if choices.is_empty() {
            ensure(self.usage && finished, "no choices, and no usage at the end")?;
            return usage(&data["usage"]).map(|()| End::Open);
        }
        for choice in choices {
            present(choice, &["index", "text", "finish_reason", "logprobs"])?;
            let finished = self.choices.entry(count(choice, "index")?).or_default();
            ensure(!*finished, "a choice goes on behind its finish_reason")?;
            *finished = !choice["finish_reason"].is_null();
            if *finished {
                one_of(choice, "finish_reason", &["stop", "length", "content_filter"])?;
            } else {
                // thought stands beside the text, as servers of this protocol write it
                let beside = choice.get("reasoning_content").is_some() || !choice["logprobs"].is_null();
                ensure(!text(choice, "text")?.is_empty() || beside, "a piece without a text")?;
            }
        }
        Ok(End::Open)
    }
}
