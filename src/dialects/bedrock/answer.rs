//! What an answer is made of, in a stream and whole: reasons, calls, sources.

use millrace_actors::fault::Fault;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::format::ANSWER;
use crate::dialects::event::{Citation, Event, Reason};

/// The calls of an answer, and whether one of them is the structured answer itself.
#[derive(Debug, Default)]
pub struct Calls {
    count: u32,
    answered: bool,
}

impl Calls {
    /// A call begins: its number, or none where it is the answer.
    pub fn begin(&mut self, id: String, name: String, out: &mut Vec<Event>) -> Option<u32> {
        if name == ANSWER {
            self.answered = true;
            return None;
        }
        let call = self.count;
        self.count += 1;
        out.push(Event::ToolCall { choice: 0, call, id, name });
        Some(call)
    }

    /// Why the answer is over. An answer that was given by calling our tool has simply stopped.
    pub fn finish(&self, word: Option<String>, sequence: Option<String>, out: &mut Vec<Event>) {
        let reason = match word.map_or(Reason::Stop, reason_of) {
            Reason::ToolCalls if self.answered && self.count == 0 => Reason::Stop,
            reason => reason,
        };
        out.push(Event::Finish { choice: 0, reason, stop_sequence: sequence });
    }
}

/// `StopReason`.
fn reason_of(word: String) -> Reason {
    match word.as_str() {
        "end_turn" => Reason::Stop,
        "tool_use" => Reason::ToolCalls,
        "max_tokens" | "model_context_window_exceeded" => Reason::Length,
        "stop_sequence" => Reason::StopSequence,
        "guardrail_intervened" | "content_filtered" => Reason::ContentFilter,
        "refusal" => Reason::Refusal,
        // the model's slip, which `malformed_...` is, has no word elsewhere
        _ => Reason::Other(word),
    }
}

/// The stop sequence among the model's own fields, which we asked for.
pub fn sequence(fields: Option<&Value>) -> Option<String> {
    fields?.get("stop_sequence")?.as_str().map(str::to_owned)
}

/// A source of a claim (`Citation`, `CitationsDelta`).
///
/// It stands behind the text of its block, `characters` long.
pub fn citation(native: Value, characters: u64) -> Event {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let cited = native.get("sourceContent").and_then(Value::as_array);
    let cited = cited.map(|list| list.iter().filter_map(|content| content.get("text")?.as_str()).collect::<String>());
    let web = native.get("location").and_then(|location| location.get("web")).and_then(|web| web.get("url"));
    let (title, url) = (text(native.get("title")), text(web));
    let cited_text = cited.filter(|cited| !cited.is_empty());
    let behind = Some(characters);
    Event::Citation { choice: 0, citation: Citation { url, title, cited_text, behind, native } }
}

/// What a block or a piece of one is, none of whose members is read: the first of them.
pub fn kind_of(raw: &RawValue) -> Option<String> {
    let members: Map<String, Value> = serde_json::from_str(raw.get()).ok()?;
    let (kind, _) = members.into_iter().find(|(_, value)| !value.is_null())?;
    Some(kind.chars().take(40).collect())
}

/// A fault of the provider's.
pub fn invalid(cause: impl Into<String>) -> Fault {
    Fault::InvalidAnswer { cause: cause.into() }
}
