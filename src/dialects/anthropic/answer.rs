//! What a provider's answer is made of, in a stream and whole: blocks, deltas, reasons, sources.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::dialects::event::{Citation, Event, Reason, Start};

/// A block: whole, or as it begins in a stream.
#[derive(Deserialize)]
pub struct Block<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default)]
    pub thinking: Option<String>,
    #[serde(default)]
    pub signature: Option<String>,
    #[serde(default)]
    pub data: Option<String>,
    #[serde(borrow, default)]
    pub input: Option<&'a RawValue>,
    #[serde(default)]
    pub citations: Option<Vec<Value>>,
}

/// The head of a message.
#[derive(Deserialize)]
pub struct Head<'a> {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    model: Option<String>,
    #[serde(borrow, default)]
    pub usage: Option<&'a RawValue>,
}

/// Why a message ended.
#[derive(Default, Deserialize)]
pub struct End {
    #[serde(default)]
    pub stop_reason: Option<String>,
    #[serde(default)]
    pub stop_sequence: Option<String>,
    #[serde(default)]
    pub stop_details: Option<Value>,
}

/// The least that a thing says of itself.
#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type", default)]
    kind: Cow<'a, str>,
}

/// Kinds of blocks that are read; all others are for the provider's own tools, and skipped.
const BLOCKS: [&str; 4] = ["text", "thinking", "redacted_thinking", "tool_use"];

impl<'a> Block<'a> {
    /// Reads a block; of a kind that is skipped, what it is.
    ///
    /// # Errors
    /// A block of a known kind whose members have the wrong types.
    pub fn read(raw: &'a RawValue) -> Result<Result<Self, Event>, Fault> {
        let own = |kind: &str| Event::Own { kind: kind.to_owned() };
        let block: Result<Self, _> = serde_json::from_str(raw.get());
        match block {
            Ok(block) if BLOCKS.contains(&&*block.kind) => Ok(Ok(block)),
            Ok(block) => Ok(Err(own(&block.kind))),
            Err(why) => match kind_of(raw).filter(|kind| !BLOCKS.contains(&&**kind)) {
                Some(kind) => Ok(Err(own(&kind))),
                None => Err(invalid(format!("a content block cannot be read: {why}"))),
            },
        }
    }

    /// The arguments of a call, where it brings them along.
    pub fn arguments(&self) -> Option<&'a str> {
        let input = self.input?.get();
        let empty = input.strip_prefix('{')?.trim_ascii_start() == "}";
        (!empty).then_some(input)
    }

    /// The call that a block of that kind begins.
    ///
    /// # Errors
    /// It has no name.
    pub fn call(&mut self, call: u32) -> Result<Event, Fault> {
        let name = self.name.take().ok_or_else(|| invalid("a tool_use block has no name"))?;
        // ids are to match results to calls, which a made-up one does as well
        let id = self.id.take().unwrap_or_else(|| format!("toolu_{call}"));
        Ok(Event::ToolCall { choice: 0, call, id, name })
    }
}

impl Head<'_> {
    /// As an event.
    pub fn start(&mut self) -> Event {
        let tier = self.usage.and_then(|usage| serde_json::from_str::<Tier>(usage.get()).ok());
        Event::Start(Start {
            id: self.id.take(),
            model: self.model.take(),
            service_tier: tier.and_then(|tier| tier.service_tier),
            ..Start::default()
        })
    }
}

#[derive(Deserialize)]
struct Tier {
    #[serde(default)]
    service_tier: Option<String>,
}

impl End {
    /// The events of an end: the words of a refusal, if any, and why.
    pub fn events(self, out: &mut Vec<Event>) {
        let Some(reason) = self.stop_reason else { return };
        let reason = reason_of(reason);
        let words = self.stop_details.as_ref().and_then(|details| details.get("explanation")?.as_str());
        if let (Reason::Refusal, Some(text)) = (&reason, words.filter(|words| !words.is_empty())) {
            out.push(Event::Refusal { choice: 0, text: text.to_owned() });
        }
        out.push(Event::Finish { choice: 0, reason, stop_sequence: self.stop_sequence });
    }
}

/// Anthropic's words (its page "Handling stop reasons").
fn reason_of(word: String) -> Reason {
    match word.as_str() {
        "end_turn" => Reason::Stop,
        "stop_sequence" => Reason::StopSequence,
        "max_tokens" | "model_context_window_exceeded" => Reason::Length,
        "tool_use" => Reason::ToolCalls,
        "refusal" => Reason::Refusal,
        // a compaction pauses likewise: the turn goes on when it is sent back
        "pause_turn" | "compaction" => Reason::Pause,
        _ => Reason::Other(word),
    }
}

/// A source of a claim: of the whole text of its block, `characters` long.
pub fn citation(native: Value, characters: u64) -> Event {
    let text = |name: &str| native.get(name).and_then(Value::as_str).map(str::to_owned);
    let url = text("url").or_else(|| text("source").filter(|source| source.starts_with("http")));
    let (title, cited_text) = (text("title").or_else(|| text("document_title")), text("cited_text"));
    let behind = Some(characters);
    Event::Citation { choice: 0, citation: Citation { url, title, cited_text, behind, native } }
}

/// A fault of the provider's.
pub fn invalid(cause: impl Into<String>) -> Fault {
    Fault::InvalidAnswer { cause: cause.into() }
}

/// `type`, if nothing else can be read.
pub fn kind_of(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Kind<'_>>(raw.get()).ok().map(|kind| kind.kind)
}
