//! Events put into parts of candidates: the caller's stream and whole answer are both written from what comes of it.
//!
//! A call of a function is one part with all its arguments, so calls wait until their candidate is over; what waits is part
//! of the answer, and no more than that.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::place::place;
use super::{logprobs, reason};
use crate::dialects::event::{Audio, Citation, Event, Reason};
use crate::dialects::openai::object;
use crate::dialects::{media, signature};

/// What is ready of a candidate.
#[derive(Debug, PartialEq)]
pub enum Piece {
    /// Text, shown.
    Text(String),
    /// Thought in words.
    Thought(String),
    /// Another part.
    Part(Value),
    /// Members of the candidate itself.
    Members(Map<String, Value>),
}

/// The candidates of one answer.
#[derive(Debug, Default)]
pub struct Candidates(BTreeMap<u32, Candidate>);

#[derive(Debug, Default)]
struct Candidate {
    calls: BTreeMap<u32, Call>,
    /// Gemini's signature, which waits for the part it is of.
    signature: Option<String>,
    /// The media type of its sound, of which the first piece tells what all are.
    sound: Option<String>,
    /// Text was told, and no refusal behind it.
    spoke: bool,
    /// The model declined, whatever word its provider ended with.
    refused: bool,
    finish: Option<Reason>,
}

#[derive(Debug, Default)]
struct Call {
    id: String,
    name: String,
    arguments: String,
    signature: Option<String>,
}

impl Candidates {
    /// One event; what is ready goes to `out`, with its candidate's index.
    pub fn event(&mut self, event: Event, out: &mut impl FnMut(u32, Piece)) {
        match event {
            Event::Text { choice, text } => {
                self.settled(choice, out);
                self.of(choice).spoke = true;
                out(choice, Piece::Text(text));
            }
            Event::Refusal { choice, text } => {
                self.settled(choice, out);
                // all text is one here: what was said before and the refusal are not one word
                self.of(choice).refused = true;
                let apart = std::mem::take(&mut self.of(choice).spoke);
                out(choice, Piece::Text(if apart { format!("\n\n{text}") } else { text }));
            }
            Event::Reasoning { choice, text } => {
                self.settled(choice, out);
                out(choice, Piece::Thought(text));
            }
            Event::Signature { choice, signature } => {
                self.settled(choice, out);
                match signature::of_gemini(&signature) {
                    Some(own) => self.of(choice).signature = Some(own.to_owned()),
                    None => out(choice, Piece::Part(sealed(signature::wrapped(&signature)))),
                }
            }
            Event::Redacted { choice, data } => {
                self.settled(choice, out);
                out(choice, Piece::Part(sealed(signature::wrapped_redacted(&data))));
            }
            Event::Image { choice, image } => {
                let mut part = place(image.source);
                self.sign(choice, &mut part);
                out(choice, Piece::Part(part));
            }
            Event::Audio { choice, audio } => self.audio(choice, audio, out),
            Event::ToolCall { choice, call, id, name } => {
                let candidate = self.of(choice);
                let known = candidate.calls.entry(call).or_default();
                (known.id, known.name, known.signature) = (id, name, candidate.signature.take());
            }
            Event::Arguments { choice, call, json } => {
                self.of(choice).calls.entry(call).or_default().arguments.push_str(&json);
            }
            Event::Citation { choice, citation } => {
                self.of(choice);
                // what has neither an address nor a title says nothing here
                if let Some(source) = source(citation) {
                    let sources = json!({"citationSources": [source]});
                    out(choice, Piece::Members(members("citationMetadata", sources)));
                }
            }
            Event::Logprobs { choice, value } => {
                self.of(choice);
                out(choice, Piece::Members(members("logprobsResult", logprobs::write(&value))));
            }
            Event::Finish { choice, reason, .. } => {
                self.of(choice).finish.get_or_insert(reason);
            }
            // calls of custom tools come here as calls of functions
            Event::CustomCall { .. } | Event::Input { .. } | Event::InputEnd { .. } => {}
            Event::Start(_) | Event::Usage(_) | Event::Own { .. } | Event::End => {}
        }
    }

    /// Sound, and what is said in it as text: there is no other place for it.
    fn audio(&mut self, choice: u32, audio: Audio, out: &mut impl FnMut(u32, Piece)) {
        if !audio.transcript.is_empty() {
            self.settled(choice, out);
            out(choice, Piece::Text(audio.transcript));
        }
        if audio.data.is_empty() {
            return;
        }
        let told = audio.media_type;
        let known =
            self.of(choice).sound.get_or_insert_with(|| told.unwrap_or_else(|| media::sound(&audio.data).into()));
        let (mime, data) = (("mimeType", known.as_str().into()), ("data", audio.data.into()));
        let mut part = object([("inlineData", object([mime, data]))]);
        self.sign(choice, &mut part);
        out(choice, Piece::Part(part));
    }

    /// Puts the signature that waits onto a part.
    fn sign(&mut self, choice: u32, part: &mut Value) {
        if let Some(signature) = self.of(choice).signature.take() {
            part["thoughtSignature"] = signature.into();
        }
    }

    /// The answer is over: what waited of each candidate, and why it ended.
    pub fn finish(self) -> Vec<(u32, Vec<Value>, String)> {
        let ends = self.0.into_iter().map(|(index, candidate)| {
            let called = !candidate.calls.is_empty();
            let mut parts: Vec<Value> = candidate.calls.into_values().map(Call::write).collect();
            parts.extend(candidate.signature.map(|signature| json!({"text": "", "thoughtSignature": signature})));
            let unsaid = if called { Reason::ToolCalls } else { Reason::Stop };
            let reason = match candidate.finish.unwrap_or(unsaid) {
                Reason::Stop if candidate.refused => Reason::Refusal,
                reason => reason,
            };
            (index, parts, reason::write(&reason).to_owned())
        });
        ends.collect()
    }

    /// A signature that no call came for has a part of its own.
    fn settled(&mut self, choice: u32, out: &mut impl FnMut(u32, Piece)) {
        if let Some(signature) = self.of(choice).signature.take() {
            out(choice, Piece::Part(json!({"text": "", "thoughtSignature": signature})));
        }
    }

    fn of(&mut self, choice: u32) -> &mut Candidate {
        self.0.entry(choice).or_default()
    }
}

impl Call {
    fn write(self) -> Value {
        let args = match serde_json::from_str::<Value>(&self.arguments) {
            Ok(args @ Value::Object(_)) => args,
            _ if self.arguments.trim().is_empty() => json!({}),
            // a model's slip: told as it is, within the object that a call must have
            _ => json!({"INVALID_JSON": self.arguments}),
        };
        let mut part = json!({"functionCall": {"id": self.id, "name": self.name, "args": args}});
        if let Some(signature) = self.signature {
            part["thoughtSignature"] = signature.into();
        }
        part
    }
}

/// Thought that only its provider reads.
fn sealed(signature: String) -> Value {
    json!({"text": "", "thought": true, "thoughtSignature": signature})
}

fn members(name: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(name.to_owned(), value)])
}

/// Whether a source has a form here, which is an address or a title.
pub fn has_form(citation: &Citation) -> bool {
    citation.url.is_some() || citation.title.is_some()
}

fn source(citation: Citation) -> Option<Value> {
    let mut source = Map::new();
    source.extend(citation.url.map(|url| ("uri".to_owned(), url.into())));
    source.extend(citation.title.map(|title| ("title".to_owned(), title.into())));
    (!source.is_empty()).then(|| source.into())
}
