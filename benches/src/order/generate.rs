//! Google's responses, each a part of one answer. There is no terminal event: an answer is whole when each candidate has told
//! why it finished.

use std::collections::BTreeMap;

use serde_json::Value;

use super::machine::{End, Order};
use super::read::{Judged, Same, count, ensure, equal, list, word};

/// Members of which a part has exactly one ("Part", `data`).
const DATA: [&str; 9] = [
    "text",
    "inlineData",
    "fileData",
    "functionCall",
    "functionResponse",
    "executableCode",
    "codeExecutionResult",
    "toolCall",
    "toolResponse",
];

/// What has been told of a stream.
#[derive(Default)]
pub struct Generate {
    head: Same,
    /// Whether each candidate is finished.
    candidates: BTreeMap<u64, bool>,
    blocked: bool,
}

impl Order for Generate {
    fn take(&mut self, data: &Value) -> Judged<End> {
        if let Some(error) = data.get("error") {
            count(error, "code")?;
            word(error, "message")?;
            word(error, "status")?;
            return Ok(End::Error);
        }
        ensure(self.closed() == End::Open, "something behind the last finishReason")?;
        word(data, "modelVersion")?;
        word(data, "responseId")?;
        self.head.check(data, &["modelVersion", "responseId"])?;
        if let Some(usage) = data.get("usageMetadata") {
            tokens(usage)?;
        }
        if data.get("candidates").is_none() {
            self.blocked |= word(&data["promptFeedback"], "blockReason").is_ok();
            ensure(self.blocked || data.get("usageMetadata").is_some(), "it tells nothing")?;
            return Ok(End::Open);
        }
        list(data, "candidates")?.iter().try_for_each(|told| self.candidate(told)).map(|()| End::Open)
    }

    fn closed(&self) -> End {
        let finished = !self.candidates.is_empty() && self.candidates.values().all(|finished| *finished);
        if self.blocked || finished { End::Whole } else { End::Open }
    }
}

impl Generate {
    fn candidate(&mut self, told: &Value) -> Judged {
        let index = told.get("index").map_or(Ok(0), |_| count(told, "index"))?;
        let finished = self.candidates.entry(index).or_default();
        ensure(!*finished, "a candidate goes on behind its finishReason")?;
        *finished = told.get("finishReason").is_some();
        if *finished {
            word(told, "finishReason")?;
        }
        let Some(content) = told.get("content") else {
            let more = told.as_object().is_some_and(|members| members.keys().any(|name| name != "index"));
            return ensure(more, "a candidate that tells nothing");
        };
        equal(content, "role", "model")?;
        let parts = list(content, "parts")?;
        ensure(!parts.is_empty(), "a content without parts")?;
        parts.iter().try_for_each(|told| part(told, *finished))
    }
}

fn part(told: &Value, last: bool) -> Judged {
    let data = DATA.iter().filter(|name| told.get(**name).is_some()).count();
    ensure(data == 1, "a part is one thing")?;
    if let Some(call) = told.get("functionCall") {
        word(call, "name")?;
        return ensure(call.get("args").is_none_or(Value::is_object), "`args` is no object");
    }
    if let Some(sound) = told.get("inlineData") {
        word(sound, "mimeType")?;
        word(sound, "data")?;
    }
    ensure(told.get("text").is_none_or(Value::is_string), "`text` is no text")?;
    let says = told["text"] != "" || told.get("thoughtSignature").is_some();
    ensure(says || last, "a part that tells nothing")
}

/// Tokens, which add up ("UsageMetadata").
fn tokens(told: &Value) -> Judged {
    let of = |name: &str| told.get(name).map_or(Ok(0), |_| count(told, name));
    let parts = ["promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount"];
    let sum = parts.iter().try_fold(0, |sum: u64, name| Ok::<_, String>(sum.saturating_add(of(name)?)))?;
    ensure(of("totalTokenCount")? >= sum, "`totalTokenCount` is less than what it is of")
}
