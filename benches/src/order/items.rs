//! The items of a response: each begins, tells its parts, and ends as what its parts have come to.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read::{Judged, count, ensure, equal, list, one_of, present, text, word};

/// All items so far.
#[derive(Default)]
pub struct Items {
    open: BTreeMap<u64, Item>,
    /// As each was told at its end, by its place.
    done: BTreeMap<u64, Value>,
    ids: Vec<String>,
}

#[derive(Default)]
struct Item {
    id: String,
    kind: String,
    part: Option<Part>,
    /// As each was told at its end.
    parts: Vec<Value>,
    /// A call's arguments so far.
    arguments: String,
    /// The arguments are told.
    called: bool,
}

#[derive(Default)]
struct Part {
    kind: String,
    text: String,
    annotations: Vec<Value>,
    /// The text is told whole.
    said: bool,
}

impl Items {
    /// An event of an item.
    ///
    /// # Errors
    /// It has no place here.
    pub fn take(&mut self, kind: &str, data: &Value) -> Judged {
        let at = count(data, "output_index")?;
        match kind {
            "response.output_item.added" => return self.added(at, &data["item"]),
            "response.output_item.done" => return self.ended(at, &data["item"]),
            _ => {}
        }
        let item = self.open.get_mut(&at).ok_or("an item that is not open")?;
        equal(data, "item_id", item.id.as_str())?;
        item.take(kind, data)
    }

    /// The items as they were told.
    ///
    /// # Errors
    /// One has not ended.
    pub fn done(&self) -> Judged<Vec<Value>> {
        ensure(self.open.is_empty(), "an item has not ended")?;
        Ok(self.done.values().cloned().collect())
    }

    /// What functions were called with, in items that are complete.
    pub fn arguments(&self) -> Vec<&str> {
        let calls = self.done.values().filter(|item| item["type"] == "function_call" && item["status"] == "completed");
        calls.filter_map(|item| item["arguments"].as_str()).collect()
    }

    fn added(&mut self, at: u64, item: &Value) -> Judged {
        let next = self.open.len() + self.done.len();
        ensure(usize::try_from(at).is_ok_and(|at| at == next), "`output_index` leaps")?;
        let id = word(item, "id")?.to_owned();
        ensure(!self.ids.contains(&id), "an id that another item has")?;
        let kind = word(item, "type")?.to_owned();
        match &*kind {
            "message" => {
                equal(item, "role", "assistant")?;
                equal(item, "status", "in_progress")?;
                ensure(list(item, "content")?.is_empty(), "a message begins with content")?;
            }
            "function_call" => {
                word(item, "call_id")?;
                word(item, "name")?;
                equal(item, "arguments", "")?;
                equal(item, "status", "in_progress")?;
            }
            "custom_tool_call" => {
                word(item, "call_id")?;
                word(item, "name")?;
                equal(item, "input", "")?;
            }
            "reasoning" => ensure(list(item, "summary")?.is_empty(), "thought begins with a summary")?,
            _ => {}
        }
        self.ids.push(id.clone());
        self.open.insert(at, Item { id, kind, ..Item::default() });
        Ok(())
    }

    fn ended(&mut self, at: u64, told: &Value) -> Judged {
        let item = self.open.remove(&at).ok_or("an item that is not open")?;
        equal(told, "id", item.id.as_str())?;
        equal(told, "type", item.kind.as_str())?;
        ensure(item.part.is_none(), "a part has not ended")?;
        match &*item.kind {
            "message" => {
                one_of(told, "status", &["completed", "incomplete"])?;
                ensure(*list(told, "content")? == item.parts, "`content` is not what its parts told")?;
            }
            "function_call" => {
                ensure(item.called, "a call whose arguments are not done")?;
                one_of(told, "status", &["completed", "incomplete"])?;
                present(told, &["call_id", "name"])?;
                equal(told, "arguments", item.arguments.as_str())?;
            }
            "custom_tool_call" => {
                ensure(item.called, "a call whose input is not done")?;
                equal(told, "input", item.arguments.as_str())?;
            }
            "reasoning" => {
                let parts: Vec<Value> = list(told, "summary")?
                    .iter()
                    .chain(told["content"].as_array().into_iter().flatten())
                    .cloned()
                    .collect();
                ensure(parts == item.parts, "the summary is not what its parts told")?;
            }
            _ => {}
        }
        self.done.insert(at, told.clone());
        Ok(())
    }
}

impl Item {
    fn take(&mut self, kind: &str, data: &Value) -> Judged {
        match kind {
            "response.content_part.added" => self.begin(data, "content_index"),
            "response.reasoning_summary_part.added" => self.begin(data, "summary_index"),
            "response.content_part.done" => self.end(data, "content_index"),
            "response.reasoning_summary_part.done" => self.end(data, "summary_index"),
            "response.output_text.delta" => {
                list(data, "logprobs")?;
                self.part(data, "output_text")?.more(data)
            }
            "response.refusal.delta" => self.part(data, "refusal")?.more(data),
            "response.reasoning_summary_text.delta" => self.part(data, "summary_text")?.more(data),
            "response.reasoning_text.delta" => self.part(data, "reasoning_text")?.more(data),
            "response.output_text.annotation.added" => {
                let part = self.part(data, "output_text")?;
                equal(data, "annotation_index", part.annotations.len())?;
                part.annotations.push(data["annotation"].clone());
                Ok(())
            }
            "response.output_text.done" => {
                list(data, "logprobs")?;
                self.part(data, "output_text")?.whole(data, "text")
            }
            "response.refusal.done" => self.part(data, "refusal")?.whole(data, "refusal"),
            "response.reasoning_summary_text.done" => self.part(data, "summary_text")?.whole(data, "text"),
            "response.reasoning_text.done" => self.part(data, "reasoning_text")?.whole(data, "text"),
            "response.function_call_arguments.delta" => self.called("function_call", data, None),
            "response.function_call_arguments.done" => self.called("function_call", data, Some("arguments")),
            "response.custom_tool_call_input.delta" => self.called("custom_tool_call", data, None),
            "response.custom_tool_call_input.done" => self.called("custom_tool_call", data, Some("input")),
            // the tools that run at the provider tell how far they are
            _ => ensure(
                !matches!(&*self.kind, "message" | "function_call" | "custom_tool_call" | "reasoning"),
                "an event of no such item",
            ),
        }
    }

    /// A piece of what a call is called with; or all of it, in the member of this name.
    fn called(&mut self, kind: &str, data: &Value, whole: Option<&str>) -> Judged {
        ensure(self.kind == kind && !self.called, "arguments of no such call, or behind their end")?;
        match whole {
            Some(name) => {
                self.called = true;
                equal(data, name, self.arguments.as_str())
            }
            None => {
                self.arguments.push_str(word(data, "delta")?);
                Ok(())
            }
        }
    }

    fn begin(&mut self, data: &Value, index: &str) -> Judged {
        ensure(self.part.is_none(), "a part begins within another")?;
        equal(data, index, self.parts.len())?;
        let kind = word(&data["part"], "type")?.to_owned();
        let of = match &*kind {
            "output_text" => {
                present(&data["part"], &["annotations", "logprobs"])?;
                ("message", "text")
            }
            "refusal" => ("message", "refusal"),
            "summary_text" | "reasoning_text" => ("reasoning", "text"),
            _ => return Err(format!("a part of the type {kind}")),
        };
        ensure(self.kind == of.0, "a part of another item's kind")?;
        equal(&data["part"], of.1, "")?;
        self.part = Some(Part { kind, ..Part::default() });
        Ok(())
    }

    fn end(&mut self, data: &Value, index: &str) -> Judged {
        equal(data, index, self.parts.len())?;
        let part = self.part.take().ok_or("no part is open")?;
        ensure(part.said, "a part ends before its text is done")?;
        let told = &data["part"];
        equal(told, "type", part.kind.as_str())?;
        equal(told, if part.kind == "refusal" { "refusal" } else { "text" }, part.text)?;
        if part.kind == "output_text" {
            equal(told, "annotations", part.annotations)?;
        }
        self.parts.push(told.clone());
        Ok(())
    }

    /// The open part, which must be of this kind.
    fn part(&mut self, data: &Value, kind: &str) -> Judged<&mut Part> {
        let index = if kind == "summary_text" { "summary_index" } else { "content_index" };
        equal(data, index, self.parts.len())?;
        self.part.as_mut().filter(|part| part.kind == kind && !part.said).ok_or_else(|| format!("no open {kind}"))
    }
}

impl Part {
    fn more(&mut self, data: &Value) -> Judged {
        self.text.push_str(word(data, "delta")?);
        Ok(())
    }

    fn whole(&mut self, data: &Value, name: &str) -> Judged {
        self.said = true;
        ensure(text(data, name)? == self.text, "the whole text is not its pieces")
    }
}
