//! An answer: a line of a stream and a whole answer have the same shape, and the last line, `"done": true`, has the counts.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;
use millrace_actors::wire::scan;
use millrace_actors::wire::usage::Usage;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::dialects::Decode;
use crate::dialects::event::{Event, Reason, Start};

/// A value that was not read yet; `null` counts as absent.
type Raw<'a> = Option<&'a RawValue>;

/// Most calls of one answer.
const MOST_CALLS: u32 = 1024;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default)]
    model: Raw<'a>,
    #[serde(borrow, default)]
    error: Raw<'a>,
    #[serde(borrow, default)]
    message: Option<Message<'a>>,
    #[serde(default)]
    done: Option<bool>,
    #[serde(borrow, default)]
    done_reason: Raw<'a>,
    #[serde(borrow, default)]
    prompt_eval_count: Raw<'a>,
    #[serde(borrow, default)]
    eval_count: Raw<'a>,
    #[serde(borrow, default)]
    logprobs: Raw<'a>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default)]
    content: Raw<'a>,
    #[serde(borrow, default)]
    thinking: Raw<'a>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    id: Raw<'a>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Raw<'a>,
    #[serde(borrow, default)]
    arguments: Raw<'a>,
}

/// Reads a stream's lines.
#[derive(Default)]
pub struct Decoder {
    started: bool,
    calls: u32,
    ended: bool,
}

impl Decode for Decoder {
    fn event(&mut self, _: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        if self.ended {
            return Ok(());
        }
        // serde would read a list, too, member by member
        if data.first() != Some(&b'{') {
            return Err(invalid("not a line of a chat: it is no JSON object".into()));
        }
        let line: Line<'_> = serde_json::from_slice(data).map_err(|e| invalid(format!("not a line of a chat: {e}")))?;
        if line.error.is_some() {
            return Err(mid_stream_error(data));
        }
        if !self.started {
            self.started = true;
            out.push(Event::Start(Start { model: word(line.model).map(Cow::into_owned), ..Start::default() }));
        }
        if let Some(probabilities) = line.logprobs.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok()) {
            out.push(Event::Logprobs { choice: 0, value: json!({"content": probabilities}) });
        }
        if let Some(message) = &line.message {
            self.said(message, out)?;
        }
        if line.done == Some(true) {
            self.ended = true;
            self.finish(&line, out);
        }
        Ok(())
    }
}

impl Decoder {
    fn said(&mut self, message: &Message<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        if let Some(text) = word(message.thinking) {
            out.push(Event::Reasoning { choice: 0, text: text.into_owned() });
        }
        if let Some(text) = word(message.content) {
            out.push(Event::Text { choice: 0, text: text.into_owned() });
        }
        for piece in message.tool_calls.iter().flatten() {
            if self.calls == MOST_CALLS {
                return Err(invalid(format!("more than {MOST_CALLS} tool calls")));
            }
            let name = word(piece.function.name).ok_or_else(|| invalid("a tool call without a name".into()))?;
            // older servers give no id; a client must be able to name the call
            let id = word(piece.id).map_or_else(|| format!("call_{}", uuid::Uuid::new_v4().simple()), Cow::into_owned);
            let call = self.calls;
            self.calls += 1;
            out.push(Event::ToolCall { choice: 0, call, id, name: name.into_owned() });
            let json = piece.function.arguments.map(|raw| raw.get()).filter(|raw| *raw != "null" && *raw != "{}");
            out.extend(json.map(|json| Event::Arguments { choice: 0, call, json: json.to_owned() }));
        }
        Ok(())
    }

    fn finish(&self, line: &Line<'_>, out: &mut Vec<Event>) {
        let reason = match word(line.done_reason).as_deref() {
            None | Some("stop" | "load" | "unload") if self.calls > 0 => Reason::ToolCalls,
            None | Some("stop" | "load" | "unload") => Reason::Stop,
            Some("length") => Reason::Length,
            Some(other) => Reason::Other(other.to_owned()),
        };
        out.push(Event::Finish { choice: 0, reason, stop_sequence: None });
        out.extend(usage(line).map(Event::Usage));
        out.push(Event::End);
    }
}

/// The tokens. A prompt that was cached whole is not counted.
fn usage(line: &Line<'_>) -> Option<Usage> {
    let count = |raw: Raw<'_>| raw.map_or("null", RawValue::get).to_owned();
    let (prompt, completion) = (count(line.prompt_eval_count), count(line.eval_count));
    Usage::parse(format!("{{\"prompt_tokens\":{prompt},\"completion_tokens\":{completion}}}").as_bytes())
}

/// The tokens of a whole answer.
pub fn usage_of(body: &[u8]) -> Option<Usage> {
    usage(&serde_json::from_slice(body).ok()?)
}

/// The events of a whole answer.
///
/// # Errors
/// It is an error after all, no chat, or unfinished.
pub fn read_whole(body: &[u8]) -> Result<Vec<Event>, Fault> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    decoder.event(None, body.trim_ascii_start(), &mut out)?;
    match decoder.ended {
        true => Ok(out),
        false => Err(invalid("not a whole chat: it is not done".into())),
    }
}

/// The string that a raw value is; nothing where it is absent, empty or something else.
fn word(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    scan::string(raw?.get().as_bytes()).filter(|text| !text.is_empty())
}

fn invalid(cause: String) -> Fault {
    Fault::InvalidAnswer { cause }
}
