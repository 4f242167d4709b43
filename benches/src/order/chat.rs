//! OpenAI's chat completion chunks.

use std::collections::BTreeMap;

use serde_json::Value;

use super::machine::{End, Order};
use super::read::{Judged, Same, count, ensure, equal, list, one_of, present, word};

const REASONS: [&str; 5] = ["stop", "length", "tool_calls", "content_filter", "function_call"];

/// What has been told of a stream.
#[derive(Default)]
pub struct Chat {
    head: Same,
    choices: BTreeMap<u64, Choice>,
    usage: bool,
}

#[derive(Default)]
struct Choice {
    /// What each was called with so far; nothing for a custom tool, whose input is any text.
    calls: BTreeMap<u64, String>,
    finished: bool,
}

impl Order for Chat {
    fn take(&mut self, data: &Value) -> Judged<End> {
        if data == "[DONE]" {
            ensure(!self.choices.is_empty(), "the end of an answer that said nothing")?;
            ensure(self.choices.values().all(|choice| choice.finished), "a choice has no finish_reason")?;
            return Ok(End::Whole);
        }
        if data.get("error").is_some() {
            return error(data).map(|()| End::Error);
        }
        word(data, "id")?;
        equal(data, "object", "chat.completion.chunk")?;
        count(data, "created")?;
        word(data, "model")?;
        self.head.check(data, &["id", "created", "model"])?;
        ensure(!self.usage, "something behind the usage")?;
        let choices = list(data, "choices")?;
        self.usage = data["usage"].is_object();
        if choices.is_empty() {
            ensure(self.usage, "a chunk without choices and without usage")?;
            ensure(self.choices.values().all(|choice| choice.finished), "usage before the last finish_reason")?;
            return usage(&data["usage"]).map(|()| End::Open);
        }
        ensure(!self.usage, "usage in a chunk with choices")?;
        choices.iter().try_for_each(|choice| self.choice(choice)).map(|()| End::Open)
    }

    fn arguments(&self) -> Vec<&str> {
        self.choices.values().flat_map(|choice| choice.calls.values().map(String::as_str)).collect()
    }
}

impl Chat {
    fn choice(&mut self, told: &Value) -> Judged {
        let index = count(told, "index")?;
        let delta = told["delta"].as_object().ok_or("no `delta`")?;
        present(told, &["finish_reason"])?;
        let opening = !self.choices.contains_key(&index);
        let choice = self.choices.entry(index).or_default();
        ensure(!choice.finished, "a choice goes on behind its finish_reason")?;
        ensure(opening == delta.contains_key("role"), "`role` stands in the first delta of a choice, and there only")?;
        if opening {
            equal(&told["delta"], "role", "assistant")?;
        }
        let content = delta.get("content").is_none_or(|content| content.is_string() || content.is_null());
        ensure(content, "`content` is no text")?;
        if let Some(calls) = delta.get("tool_calls") {
            calls.as_array().ok_or("`tool_calls` is no list")?.iter().try_for_each(|call| choice.call(call))?;
        }
        if !told["finish_reason"].is_null() {
            one_of(told, "finish_reason", &REASONS)?;
            choice.finished = true;
            if told["finish_reason"] == "length" || told["finish_reason"] == "content_filter" {
                choice.calls.clear();
            }
            // the reason is the provider's word, and no promise that a call was told
            return Ok(());
        }
        let says =
            |value: &Value| !value.is_null() && value != "" && value.as_array().is_none_or(|list| !list.is_empty());
        let told_more = told["logprobs"].is_object() || delta.values().any(says);
        ensure(told_more, "a delta that tells nothing")
    }
}

impl Choice {
    fn call(&mut self, told: &Value) -> Judged {
        let index = count(told, "index")?;
        // a call may begin late, where a provider was late with its name
        let known = self.calls.contains_key(&index);
        let arguments = self.calls.entry(index).or_default();
        arguments.push_str(told["function"]["arguments"].as_str().unwrap_or_default());
        if !known {
            word(told, "id")?;
            one_of(told, "type", &["function", "custom"])?;
            let (of, said) = called(told);
            word(of, "name")?;
            return ensure(said.is_string(), "a call begins without what it is called with");
        }
        let (of, said) = called(told);
        ensure(told.get("id").is_none() && of.get("name").is_none(), "a call begins twice")?;
        ensure(said.as_str().is_some_and(|said| !said.is_empty()), "a piece of a call that tells nothing")
    }
}

/// What a piece of a call is of, and what it says: of a function its arguments, of a custom tool its input.
fn called(told: &Value) -> (&Value, &Value) {
    match told.get("custom") {
        Some(custom) => (custom, &custom["input"]),
        None => (&told["function"], &told["function"]["arguments"]),
    }
}

/// Tokens, which add up.
pub fn usage(told: &Value) -> Judged {
    let sum = count(told, "prompt_tokens")?.saturating_add(count(told, "completion_tokens")?);
    ensure(count(told, "total_tokens")? >= sum, "`total_tokens` is less than what it is of")
}

/// An error in OpenAI's shape.
pub fn error(data: &Value) -> Judged {
    let error = &data["error"];
    word(error, "message")?;
    word(error, "type")?;
    present(error, &["param", "code"])
}
