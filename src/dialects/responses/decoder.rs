//! A provider's stream.

use std::borrow::Cow;
use std::collections::BTreeSet;

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;
use millrace_actors::wire::responses::{self, COMPLETED, ERROR, FAILED, INCOMPLETE, kind};
use serde::Deserialize;
use serde_json::Value;

use super::super::{Decode, Event};
use super::answer_in::{self, Calls, Spoken};

/// Most items of one answer that are kept track of: far more than any model makes.
const MOST: usize = 4096;

/// Reads one stream.
#[derive(Debug, Default)]
pub struct Decoder {
    started: bool,
    ended: bool,
    calls: Calls,
    spoken: Spoken,
    /// Places of the output of which a piece was told.
    told: BTreeSet<u64>,
}

/// The members that are read, of whatever event.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(default)]
    output_index: u64,
    #[serde(default)]
    content_index: u64,
    #[serde(default)]
    summary_index: u64,
    #[serde(borrow, default)]
    delta: Cow<'a, str>,
    #[serde(default)]
    logprobs: Value,
    #[serde(default)]
    item: Value,
    #[serde(default)]
    annotation: Value,
    #[serde(default)]
    response: Value,
}

impl Decode for Decoder {
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        let data = data.trim_ascii();
        // some servers end this stream as they do the other
        if self.ended || data.is_empty() || data == b"[DONE]" {
            return Ok(());
        }
        let kind = kind(name, data).unwrap_or_default();
        match &*kind {
            ERROR => return Err(mid_stream_error(data)),
            FAILED => return Err(mid_stream_error(responses::error(data).unwrap_or(data))),
            known if known.starts_with("response.") => {}
            _ if name.is_none() && !data.starts_with(b"{") => return Err(invalid("an event that is no JSON object")),
            // of a kind that came after us
            _ => return Ok(()),
        }
        if !KNOWN.contains(&&*kind) {
            return Ok(());
        }
        let told: Told<'_> = serde_json::from_slice(data).map_err(|why| invalid(&format!("{kind}: {why}")))?;
        self.read(&kind, told, out)
    }
}

/// Kinds that say something which the others don't.
const KNOWN: [&str; 15] = [
    "response.created",
    "response.in_progress",
    "response.queued",
    "response.output_item.added",
    "response.output_item.done",
    "response.output_text.delta",
    "response.output_text.annotation.added",
    "response.refusal.delta",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_text.delta",
    "response.reasoning_text.delta",
    "response.function_call_arguments.delta",
    "response.custom_tool_call_input.delta",
    COMPLETED,
    INCOMPLETE,
];

impl Decoder {
    fn read(&mut self, kind: &str, told: Told<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let at = told.output_index;
        let text = told.delta.into_owned();
        match kind {
            COMPLETED | INCOMPLETE => {
                self.start(&told.response, out);
                self.ended = true;
                let output = told.response["output"].as_array().map(Vec::as_slice).unwrap_or_default();
                answer_in::end(&told.response, answer_in::searches(output), &self.calls, out);
                return Ok(());
            }
            "response.created" | "response.in_progress" | "response.queued" => self.start(&told.response, out),
            "response.output_item.added" => self.begun(at, &told.item, out)?,
            "response.output_item.done" => self.done(at, told.item, out)?,
            "response.output_text.annotation.added" => {
                self.spoken.begin((at, told.content_index));
                out.extend(answer_in::citation(told.annotation, &self.spoken));
            }
            "response.reasoning_summary_part.added" if told.summary_index > 0 => {
                out.push(Event::Reasoning { choice: 0, text: "\n\n".into() });
            }
            _ if text.is_empty() => {}
            "response.output_text.delta" => {
                self.tell(at)?;
                self.spoken.add((at, told.content_index), &text);
                out.extend(answer_in::logprobs(told.logprobs));
                out.push(Event::Text { choice: 0, text });
            }
            "response.refusal.delta" => {
                self.tell(at)?;
                out.push(Event::Refusal { choice: 0, text });
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.tell(at)?;
                out.push(Event::Reasoning { choice: 0, text });
            }
            "response.function_call_arguments.delta" => {
                let call = self.calls.at(at).ok_or_else(|| invalid("arguments of a call that was not begun"))?;
                self.tell(at)?;
                out.push(Event::Arguments { choice: 0, call, json: text });
            }
            "response.custom_tool_call_input.delta" => {
                let call = self.calls.at(at).ok_or_else(|| invalid("input of a call that was not begun"))?;
                self.tell(at)?;
                out.push(Event::Input { choice: 0, call, text });
            }
            _ => {}
        }
        Ok(())
    }

    fn start(&mut self, response: &Value, out: &mut Vec<Event>) {
        if !std::mem::replace(&mut self.started, true) {
            out.push(answer_in::start(response));
        }
    }

    fn tell(&mut self, at: u64) -> Result<(), Fault> {
        if self.told.len() >= MOST {
            return Err(invalid(&format!("more than {MOST} items")));
        }
        self.told.insert(at);
        Ok(())
    }

    fn begun(&mut self, at: u64, item: &Value, out: &mut Vec<Event>) -> Result<(), Fault> {
        let call = matches!(item["type"].as_str(), Some("function_call" | "custom_tool_call"));
        if !call || self.calls.at(at).is_some() {
            return Ok(());
        }
        if answer_in::nameless(item) {
            return Err(invalid("a tool call without a name"));
        }
        if self.calls.count() >= MOST {
            return Err(invalid(&format!("more than {MOST} calls")));
        }
        let call = self.calls.begin(at);
        out.push(answer_in::begun(item, call));
        Ok(())
    }

    /// What an item says that its pieces did not: all of it, where there were none.
    fn done(&mut self, at: u64, item: Value, out: &mut Vec<Event>) -> Result<(), Fault> {
        let told = self.told.contains(&at);
        match (item["type"].as_str(), self.calls.at(at)) {
            (Some("reasoning"), _) if told => out.extend(answer_in::sealed(&item, true)),
            (Some("function_call" | "custom_tool_call"), Some(call)) => {
                out.extend(answer_in::arguments(&item, call).filter(|_| !told));
                out.extend(answer_in::over(&item, call));
            }
            _ if told => {}
            _ if answer_in::nameless(&item) => return Err(invalid("a tool call without a name")),
            _ => answer_in::item((at, item), &mut self.calls, &mut self.spoken, out),
        }
        self.tell(at)
    }
}

fn invalid(cause: &str) -> Fault {
    Fault::InvalidAnswer { cause: cause.to_owned() }
}
