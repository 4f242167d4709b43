//! Random answers of a model's, in parts as providers tell them; and what whoever reads one must have understood.

use millrace_actors::wire::usage::Usage;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use crate::dialects::Event;
use crate::dialects::event::Reason;

/// A part of an answer. Texts come in pieces.
#[derive(Clone, Debug)]
pub enum Part {
    Thought { pieces: Vec<String>, signature: Option<String> },
    Redacted(String),
    Text { pieces: Vec<String>, sources: Vec<String> },
    Call { id: String, name: String, arguments: Value, cut: Index },
    Picture,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Said {
    pub parts: Vec<Part>,
    /// It was cut, rather than over.
    pub cut: bool,
    /// Each piece of text comes with its probability, where the provider tells any.
    pub probable: bool,
    /// The last part comes with the end, where one event may hold both.
    pub at_once: bool,
    /// Tokens: of the prompt, of the answer, read from a cache.
    pub tokens: [u64; 3],
}

impl Said {
    /// Without pictures, and with thought in words only.
    pub fn in_words(&self) -> Said {
        let mut said = self.clone();
        said.parts.retain_mut(|part| match part {
            Part::Thought { signature, .. } => {
                *signature = None;
                true
            }
            Part::Redacted(_) | Part::Picture => false,
            Part::Text { .. } | Part::Call { .. } => true,
        });
        said
    }

    /// Why it is over, and the provider's word for that, of those for an answer that was cut, that calls, and that is complete.
    pub fn ending(&self, words: [&'static str; 3]) -> (&'static str, Reason) {
        match (self.cut, self.calls()) {
            (true, _) => (words[0], Reason::Length),
            (_, true) => (words[1], Reason::ToolCalls),
            _ => (words[2], Reason::Stop),
        }
    }

    /// Calls last, and thought first if that is so: where a whole answer has a place for each, models speak in this order.
    pub fn in_order(&mut self, thought_first: bool) {
        self.parts.sort_by_key(|part| match part {
            Part::Thought { .. } => u8::from(!thought_first),
            Part::Call { .. } => 2,
            _ => 1,
        });
    }

    pub fn calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Call { .. }))
    }
}

/// Any answer.
pub fn said() -> impl Strategy<Value = Said> {
    let text = || prop::collection::vec("[a-z\"\\\\\n é🎉]{1,6}", 1..4);
    let word = "[a-zA-Z]{1,8}";
    let part = prop_oneof![
        (word, text(), prop::option::of(word)).prop_map(|(first, mut pieces, signature)| {
            pieces.insert(0, first.to_owned());
            Part::Thought { pieces, signature }
        }),
        word.prop_map(Part::Redacted),
        (text(), prop::collection::vec(word, 0..3)).prop_map(|(pieces, sources)| Part::Text { pieces, sources }),
        (word, prop::option::of((text(), any::<i32>())), any::<Index>()).prop_map(|(name, given, cut)| {
            let arguments = given.map_or_else(|| json!({}), |(texts, n)| json!({ "texts": texts, "n": n }));
            Part::Call { id: String::new(), name, arguments, cut }
        }),
        Just(Part::Picture),
    ];
    let counts = [1u64..1000, 1..1000, 0..1000];
    (prop::collection::vec(part, 0..6), any::<[bool; 3]>(), counts).prop_map(|(mut parts, flags, tokens)| {
        for (n, part) in parts.iter_mut().enumerate() {
            if let Part::Call { id, .. } = part {
                *id = format!("id_{n}");
            }
        }
        let [cut, probable, at_once] = flags;
        Said { parts, cut, probable, at_once, tokens }
    })
}

/// What is understood of an answer, each kind of content by itself: a whole answer tells them in an order of its own.
#[derive(Debug, Default, PartialEq)]
pub struct Gist {
    pub text: String,
    pub thought: String,
    /// Signatures, and thought that nobody can read.
    pub sealed: Vec<String>,
    /// Id, name, arguments.
    pub calls: Vec<(String, String, String)>,
    /// Titles.
    pub sources: Vec<String>,
    pub pictures: usize,
    pub tokens: Vec<String>,
    pub reason: Option<Reason>,
    /// Of the prompt, of the answer, cached.
    pub usage: Option<[u64; 3]>,
    pub ended: bool,
}

impl Gist {
    pub fn of(events: Vec<Event>) -> Self {
        let mut gist = Gist::default();
        for event in events {
            match event {
                Event::Text { text, .. } => gist.text.push_str(&text),
                Event::Reasoning { text, .. } => gist.thought.push_str(&text),
                Event::Signature { signature: sealed, .. } | Event::Redacted { data: sealed, .. } => {
                    gist.sealed.push(sealed);
                }
                Event::ToolCall { call, id, name, .. } => {
                    assert_eq!(call as usize, gist.calls.len());
                    gist.calls.push((id, name, String::new()));
                }
                Event::Arguments { call, json, .. } => gist.calls[call as usize].2.push_str(&json),
                Event::Citation { citation, .. } => gist.sources.extend(citation.title),
                Event::Image { .. } => gist.pictures += 1,
                Event::Logprobs { value, .. } => {
                    let entries = value["content"].as_array().into_iter().flatten();
                    gist.tokens.extend(entries.map(|entry| entry["token"].as_str().unwrap().to_owned()));
                }
                Event::Finish { reason, .. } => gist.reason = Some(reason),
                Event::Usage(Usage { prompt_tokens, completion_tokens, cached_tokens, .. }) => {
                    gist.usage = Some([prompt_tokens, completion_tokens, cached_tokens]);
                }
                Event::End => gist.ended = true,
                Event::Start(_) => {}
                other => panic!("{other:?} was not said"),
            }
        }
        for (_, _, arguments) in &mut gist.calls {
            let text = if arguments.is_empty() { "{}" } else { &arguments[..] };
            *arguments = serde_json::from_str::<Value>(text).unwrap().to_string();
        }
        gist
    }

    /// What was said, as it is to be understood. How it ended and what it took is the provider's way of telling.
    pub fn meant(said: &Said, reason: Reason, usage: [u64; 3]) -> Self {
        let mut gist = Gist { reason: Some(reason), usage: Some(usage), ended: true, ..Gist::default() };
        for part in &said.parts {
            match part.clone() {
                Part::Thought { pieces, signature } => {
                    gist.thought.push_str(&pieces.concat());
                    gist.sealed.extend(signature);
                }
                Part::Redacted(data) => gist.sealed.push(data),
                Part::Text { pieces, sources } => {
                    gist.text.push_str(&pieces.concat());
                    gist.tokens.extend(pieces.into_iter().filter(|_| said.probable));
                    gist.sources.extend(sources);
                }
                Part::Call { id, name, arguments, .. } => gist.calls.push((id, name, arguments.to_string())),
                Part::Picture => gist.pictures += 1,
            }
        }
        gist
    }
}
