//! A provider's stream, event by event, and its whole answer: what they say is told by the same functions.

use millrace_actors::fault::Fault;
use millrace_actors::relay::mid_stream_error;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::shape::{Counts, Raw, citation, invalid, reason, usage, value, word};
use crate::dialects::Decode;
use crate::dialects::event::{Event, Start};

/// An event. What a kind has not is absent.
#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Raw<'a>,
    #[serde(borrow, default)]
    id: Raw<'a>,
    #[serde(default)]
    index: Option<u32>,
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    logprobs: Raw<'a>,
    /// Of a whole answer.
    #[serde(borrow, default)]
    message: Raw<'a>,
}

#[derive(Default, Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    message: Option<Piece<'a>>,
    #[serde(borrow, default)]
    finish_reason: Raw<'a>,
    #[serde(borrow, default)]
    usage: Option<Counts<'a>>,
}

/// A piece of the message: one object where a whole answer has lists.
#[derive(Default, Deserialize)]
struct Piece<'a> {
    #[serde(borrow, default)]
    content: Raw<'a>,
    #[serde(borrow, default)]
    tool_plan: Raw<'a>,
    #[serde(borrow, default)]
    tool_calls: Raw<'a>,
    #[serde(borrow, default)]
    citations: Raw<'a>,
}

#[derive(Default, Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    text: Raw<'a>,
    #[serde(borrow, default)]
    thinking: Raw<'a>,
}

#[derive(Default, Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    id: Raw<'a>,
    #[serde(borrow, default)]
    function: Option<Function<'a>>,
}

#[derive(Default, Deserialize)]
struct Function<'a> {
    #[serde(borrow, default)]
    name: Raw<'a>,
    #[serde(borrow, default)]
    arguments: Raw<'a>,
}

/// Reads a stream.
#[derive(Default)]
pub struct Decoder {
    /// The provider's number of each call, in the order of their beginning.
    calls: Vec<u32>,
    ended: bool,
}

impl Decode for Decoder {
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        if self.ended || data == b"[DONE]" {
            return Ok(());
        }
        // serde would read a list, too, member by member
        if data.trim_ascii_start().first() != Some(&b'{') {
            return Err(invalid("not an event of a chat: it is no JSON object"));
        }
        let told: Told<'_> =
            serde_json::from_slice(data).map_err(|e| invalid(format!("not an event of a chat: {e}")))?;
        let kind = word(told.kind).or_else(|| name.map(String::from_utf8_lossy));
        match kind.as_deref() {
            None if told.message.is_some() => {
                // a whole answer where a stream was asked for
                self.ended = true;
                out.extend(read_whole(data)?);
            }
            None | Some("error") => return Err(mid_stream_error(data)),
            Some(kind) => self.told(kind, told, data, out)?,
        }
        Ok(())
    }
}

impl Decoder {
    fn told(&mut self, kind: &str, told: Told<'_>, data: &[u8], out: &mut Vec<Event>) -> Result<(), Fault> {
        let delta = told.delta.unwrap_or_default();
        let piece = delta.message.unwrap_or_default();
        if let Some(probabilities) = logprobs(told.logprobs) {
            out.push(Event::Logprobs { choice: 0, value: probabilities });
        }
        match kind {
            "message-start" => {
                let id = word(told.id).map(|id| id.into_owned());
                out.push(Event::Start(Start { id, ..Start::default() }));
            }
            "content-start" | "content-delta" => content(&part(piece.content)?, out),
            "tool-plan-delta" => plan(piece.tool_plan, out),
            "tool-call-start" | "tool-call-delta" => {
                self.call(told.index.unwrap_or_default(), &part(piece.tool_calls)?, out)?;
            }
            "citation-start" => out.extend(value(piece.citations).map(cited)),
            "message-end" => {
                let word = word(delta.finish_reason).unwrap_or_default();
                let reason = reason(&word).ok_or_else(|| failed(&word, data))?;
                out.push(Event::Finish { choice: 0, reason, stop_sequence: None });
                out.extend(delta.usage.as_ref().and_then(usage).map(Event::Usage));
                out.push(Event::End);
                self.ended = true;
            }
            // ends of parts, and kinds that came after us
            _ => {}
        }
        Ok(())
    }

    fn call(&mut self, index: u32, call: &Call<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let function = call.function.as_ref();
        let known = self.calls.iter().position(|known| *known == index);
        let at = match (known, function.and_then(|function| word(function.name))) {
            (Some(at), _) => at,
            (None, Some(name)) => {
                self.calls.push(index);
                let at = self.calls.len() - 1;
                begin(at, call, name.into_owned(), out)?;
                at
            }
            (None, None) => return Err(invalid(format!("tool call {index} has arguments before its name"))),
        };
        let json = function.and_then(|function| word(function.arguments));
        out.extend(json.map(|json| Event::Arguments { choice: 0, call: at as u32, json: json.into_owned() }));
        Ok(())
    }
}

/// Most calls of one answer.
const MOST_CALLS: usize = 1024;

fn begin(at: usize, call: &Call<'_>, name: String, out: &mut Vec<Event>) -> Result<(), Fault> {
    if at >= MOST_CALLS {
        return Err(invalid(format!("more than {MOST_CALLS} tool calls")));
    }
    let id = word(call.id).ok_or_else(|| invalid(format!("tool call {at} has no id")))?.into_owned();
    out.push(Event::ToolCall { choice: 0, call: at as u32, id, name });
    Ok(())
}

/// The provider says that it failed; its own words, where it has some, stand in the event.
fn failed(word: &str, data: &[u8]) -> Fault {
    let Fault::Provider { status, mut error, retry_after } = mid_stream_error(data) else {
        return invalid(format!("it ended with {word}"));
    };
    error.message = format!("The provider ended the answer with {word}");
    Fault::Provider { status, error, retry_after }
}

fn content(content: &Content<'_>, out: &mut Vec<Event>) {
    if let Some(text) = word(content.thinking) {
        out.push(Event::Reasoning { choice: 0, text: text.into_owned() });
    }
    if let Some(text) = word(content.text) {
        out.push(Event::Text { choice: 0, text: text.into_owned() });
    }
}

/// The plan before calls is thought in words: it is no part of the answer, and goes back with the calls.
fn plan(raw: Raw<'_>, out: &mut Vec<Event>) {
    out.extend(word(raw).map(|text| Event::Reasoning { choice: 0, text: text.into_owned() }));
}

fn cited(native: Value) -> Event {
    Event::Citation { choice: 0, citation: citation(native) }
}

/// An object of a piece; nothing in it where it is absent, or the empty list or text of a start. All else is a fault: it may
/// hold words.
fn part<'a, T: Deserialize<'a> + Default>(raw: Raw<'a>) -> Result<T, Fault> {
    let unread = |why: &str| invalid(format!("not a piece of a chat: {why}"));
    let Some(raw) = raw.map(RawValue::get) else { return Ok(T::default()) };
    match raw.as_bytes().first() {
        Some(b'{') => serde_json::from_str(raw).map_err(|e| unread(&e.to_string())),
        _ if raw == "\"\""
            || raw.split_ascii_whitespace().eq(["[]"])
            || raw.split_ascii_whitespace().eq(["[", "]"]) =>
        {
            Ok(T::default())
        }
        _ => Err(unread("it is no object")),
    }
}

/// `[{token, token_ids, logprobs}]` in OpenAI's form: one entry for each token whose probability is told.
fn logprobs(raw: Raw<'_>) -> Option<Value> {
    let entries = match value(raw)? {
        Value::Array(entries) => entries,
        entry @ Value::Object(_) => vec![entry],
        _ => return None,
    };
    let told = |entry: &Value| {
        let logprob = entry["logprobs"].as_array()?.first()?.clone();
        let text = entry["text"].as_str().unwrap_or_default();
        Some(serde_json::json!({"token": text, "logprob": logprob, "bytes": text.as_bytes(), "top_logprobs": []}))
    };
    let content: Vec<Value> = entries.iter().filter_map(told).collect();
    (!content.is_empty()).then(|| serde_json::json!({"content": content}))
}

#[derive(Deserialize)]
struct Failed<'a> {
    #[serde(borrow)]
    message: &'a RawValue,
}

/// A whole answer.
#[derive(Deserialize)]
struct Whole<'a> {
    #[serde(borrow, default)]
    id: Raw<'a>,
    #[serde(borrow, default)]
    finish_reason: Raw<'a>,
    #[serde(borrow)]
    message: Lists<'a>,
    #[serde(borrow, default)]
    usage: Option<Counts<'a>>,
    #[serde(borrow, default)]
    logprobs: Raw<'a>,
}

#[derive(Deserialize)]
struct Lists<'a> {
    #[serde(borrow, default)]
    content: Option<Vec<Content<'a>>>,
    #[serde(borrow, default)]
    tool_plan: Raw<'a>,
    #[serde(borrow, default)]
    tool_calls: Option<Vec<Call<'a>>>,
    #[serde(borrow, default)]
    citations: Raw<'a>,
}

/// The events of a whole answer.
///
/// # Errors
/// It is no chat, or the provider failed.
pub fn read_whole(body: &[u8]) -> Result<Vec<Event>, Fault> {
    // an error is a text where the message would be
    if serde_json::from_slice::<Failed<'_>>(body).is_ok_and(|failed| failed.message.get().starts_with('"')) {
        return Err(mid_stream_error(body));
    }
    let whole: Whole<'_> = serde_json::from_slice(body).map_err(|e| invalid(format!("not a chat: {e}")))?;
    let mut out = vec![Event::Start(Start { id: word(whole.id).map(|id| id.into_owned()), ..Start::default() })];
    if let Some(probabilities) = logprobs(whole.logprobs) {
        out.push(Event::Logprobs { choice: 0, value: probabilities });
    }
    plan(whole.message.tool_plan, &mut out);
    whole.message.content.iter().flatten().for_each(|part| content(part, &mut out));
    let mut decoder = Decoder::default();
    for (n, call) in whole.message.tool_calls.iter().flatten().enumerate() {
        decoder.call(n as u32, call, &mut out)?;
    }
    if let Some(Value::Array(citations)) = value(whole.message.citations) {
        out.extend(citations.into_iter().filter(Value::is_object).map(cited));
    }
    let word = word(whole.finish_reason).unwrap_or_default();
    let reason = reason(&word).ok_or_else(|| failed(&word, body))?;
    out.push(Event::Finish { choice: 0, reason, stop_sequence: None });
    out.extend(whole.usage.as_ref().and_then(usage).map(Event::Usage));
    out.push(Event::End);
    Ok(out)
}
