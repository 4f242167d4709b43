//! A caller's whole answer: the events of a stream, folded.

use std::collections::BTreeMap;

use bytes::Bytes;
use millrace_actors::wire::usage::Usage;
use serde_json::{Map, Value, json};

use super::super::AnswerFacts;
use super::super::event::{Event, Start};
use super::super::signature::of_gemini;
use super::media::{self, Sound};
use super::object::object;
use super::sources::{self, Written};
use super::{outer, reason, signed};

/// One of `n` answers.
#[derive(Default)]
struct Folded {
    text: String,
    /// Characters of it.
    position: u64,
    refusal: String,
    reasoning: String,
    /// The block of thought so far.
    thought: String,
    blocks: Vec<Value>,
    /// Gemini's signature, if a call comes next.
    signed: Option<String>,
    calls: BTreeMap<u32, Call>,
    images: Vec<Value>,
    sound: Sound,
    annotations: Vec<Value>,
    own_citations: Vec<Value>,
    logprobs: Map<String, Value>,
    finish: Option<&'static str>,
}

#[derive(Default)]
struct Call {
    id: String,
    name: String,
    /// Of a custom tool, its input.
    arguments: String,
    signature: Option<String>,
    custom: bool,
}

/// The whole answer that these events are.
pub fn write_whole(events: Vec<Event>, facts: &AnswerFacts) -> Bytes {
    let mut start = Start::default();
    let mut told: Option<Usage> = None;
    let mut choices: BTreeMap<u32, Folded> = BTreeMap::new();
    for event in events {
        match event {
            Event::Start(said) => start = said,
            Event::Usage(usage) => told = Some(usage),
            // nothing was said: clients read the first choice without asking whether there is one
            Event::End if choices.is_empty() => drop(choices.insert(0, Folded::default())),
            Event::End => {}
            event => fold(&mut choices, event),
        }
    }
    let id = start.id.as_deref().unwrap_or(&facts.id);
    let choices = choices.into_iter().map(|(index, folded)| folded.write(index, id, facts.created)).collect();
    outer::whole(facts, &start, "chat.completion", choices, told)
}

/// Folds what a choice says into it.
fn fold(choices: &mut BTreeMap<u32, Folded>, event: Event) {
    match event {
        Event::Text { choice, text } => {
            let folded = of(choices, choice);
            folded.position += text.chars().count() as u64;
            folded.text.push_str(&text);
            folded.signed = None;
        }
        Event::Refusal { choice, text } => of(choices, choice).refusal.push_str(&text),
        Event::Reasoning { choice, text } => {
            let folded = of(choices, choice);
            folded.reasoning.push_str(&text);
            folded.thought.push_str(&text);
        }
        Event::Signature { choice, signature } => {
            let folded = of(choices, choice);
            folded.signed = of_gemini(&signature).map(str::to_owned);
            let thought = std::mem::take(&mut folded.thought);
            folded.blocks.push(json!({"type": "thinking", "thinking": thought, "signature": signature}));
        }
        Event::Redacted { choice, data } => {
            of(choices, choice).blocks.push(json!({"type": "redacted_thinking", "data": data}));
        }
        Event::ToolCall { choice, call, id, name } => {
            let folded = of(choices, choice);
            let known = folded.calls.entry(call).or_default();
            (known.id, known.name, known.signature) = (id, name, folded.signed.take());
        }
        Event::CustomCall { choice, call, id, name } => {
            let folded = of(choices, choice);
            let id = signed::id(&id, folded.signed.take().as_deref()).into_owned();
            let known = folded.calls.entry(call).or_default();
            (known.id, known.name, known.custom) = (id, name, true);
        }
        Event::Input { choice, call, text } => {
            of(choices, choice).calls.entry(call).or_default().arguments.push_str(&text);
        }
        Event::Arguments { choice, call, json } => {
            of(choices, choice).calls.entry(call).or_default().arguments.push_str(&json);
        }
        Event::Citation { choice, citation } => {
            let folded = of(choices, choice);
            match sources::write(citation, folded.position) {
                Written::Annotation(annotation) => folded.annotations.push(annotation),
                Written::Own(native) => folded.own_citations.push(native),
            }
        }
        Event::Image { choice, image } => {
            let images = &mut of(choices, choice).images;
            images.push(media::image(image, images.len() as u32));
        }
        Event::Audio { choice, audio } => of(choices, choice).sound.add(audio),
        Event::Logprobs { choice, value } => join(&mut of(choices, choice).logprobs, value),
        Event::Finish { choice, reason, .. } => {
            of(choices, choice).finish.get_or_insert(reason::write(&reason));
        }
        Event::Start(_) | Event::Usage(_) | Event::Own { .. } | Event::InputEnd { .. } | Event::End => {}
    }
}

fn of(choices: &mut BTreeMap<u32, Folded>, choice: u32) -> &mut Folded {
    choices.entry(choice).or_default()
}

/// Lists under the same name are one list in pieces.
fn join(known: &mut Map<String, Value>, more: Value) {
    let Value::Object(more) = more else { return };
    for (name, value) in more {
        match (known.get_mut(&name), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (Some(known), Value::Array(more)) if known.is_null() => *known = Value::Array(more),
            (Some(_), _) => {}
            (None, value) => {
                known.insert(name, value);
            }
        }
    }
}

impl Folded {
    fn write(self, index: u32, id: &str, now: u64) -> Value {
        let silent = !self.calls.is_empty() || !self.refusal.is_empty() || !self.sound.is_none();
        let content = if self.text.is_empty() && silent { Value::Null } else { self.text.into() };
        let refusal = if self.refusal.is_empty() { Value::Null } else { self.refusal.into() };
        let finish = self.finish.unwrap_or(reason::unsaid(!self.calls.is_empty()));
        let logprobs = if self.logprobs.is_empty() { Value::Null } else { self.logprobs.into() };
        let calls = self.calls.into_values().map(|call| {
            if call.custom {
                let custom = object([("name", call.name.into()), ("input", call.arguments.into())]);
                return object([("id", call.id.into()), ("type", "custom".into()), ("custom", custom)]);
            }
            let arguments = if call.arguments.is_empty() { "{}".to_owned() } else { call.arguments };
            let function = object([("name", call.name.into()), ("arguments", arguments.into())]);
            let id = signed::id(&call.id, call.signature.as_deref());
            let mut written = object([("id", (*id).into()), ("type", "function".into()), ("function", function)]);
            if let Some(signature) = call.signature {
                written["provider_specific_fields"] = object([("thought_signature", signature.into())]);
            }
            written
        });
        let mut message = object([("role", "assistant".into()), ("content", content), ("refusal", refusal)]);
        if !self.reasoning.is_empty() {
            message["reasoning_content"] = self.reasoning.into();
        }
        if let Some(sound) = self.sound.write(id, now) {
            message["audio"] = sound;
        }
        let lists = [
            ("thinking_blocks", self.blocks),
            ("tool_calls", calls.collect()),
            ("images", self.images),
            ("annotations", self.annotations),
        ];
        for (name, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
            message[name] = list.into();
        }
        if !self.own_citations.is_empty() {
            message["provider_specific_fields"] = object([("citations", self.own_citations.into())]);
        }
        let (index, finish) = (("index", index.into()), ("finish_reason", finish.into()));
        object([index, ("message", message), ("logprobs", logprobs), finish])
    }
}
