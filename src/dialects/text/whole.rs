//! A caller's whole answer: the events of a stream, folded.

use std::collections::BTreeMap;

use bytes::Bytes;
use millrace_actors::wire::usage::Usage;
use serde::Serialize;

use super::super::AnswerFacts;
use super::super::event::{Event, Start};
use super::super::logprobs::Lists;
use super::super::openai::outer;
use super::{OBJECT, echo, finish, said};

/// One of `n` texts.
#[derive(Serialize)]
struct Choice {
    text: String,
    index: u32,
    logprobs: Option<Lists>,
    finish_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    reasoning_content: String,
    /// Where the next token stands, in characters.
    #[serde(skip)]
    offset: u64,
}

/// The whole answer that these events are.
pub fn write_whole(events: Vec<Event>, facts: &AnswerFacts) -> Bytes {
    let (mut start, mut told): (Start, Option<Usage>) = Default::default();
    let mut texts = Texts { echo: echo::prompt(facts).unwrap_or_default(), choices: BTreeMap::new() };
    for event in events {
        if let Some((choice, text)) = said(&event) {
            texts.of(choice).text.push_str(text);
            continue;
        }
        match event {
            Event::Start(said) => start = said,
            Event::Usage(usage) => told = Some(usage),
            Event::Logprobs { choice, value } => {
                let choice = texts.of(choice);
                choice.logprobs.get_or_insert_default().extend(&value, &mut choice.offset);
            }
            Event::Finish { choice, reason, .. } => {
                texts.of(choice).finish_reason.get_or_insert(finish(&reason));
            }
            Event::Reasoning { choice, text } => texts.of(choice).reasoning_content.push_str(&text),
            // calls and sources have no place
            _ => {}
        }
    }
    if texts.choices.is_empty() {
        // nothing was said: clients read the first choice without asking whether there is one
        texts.of(0);
    }
    for choice in texts.choices.values_mut() {
        choice.finish_reason.get_or_insert("stop");
    }
    outer::whole(facts, &start, OBJECT, texts.choices.into_values().collect(), told)
}

/// The texts so far.
struct Texts {
    /// What each begins with.
    echo: String,
    choices: BTreeMap<u32, Choice>,
}

impl Texts {
    fn of(&mut self, index: u32) -> &mut Choice {
        self.choices.entry(index).or_insert_with(|| Choice {
            text: self.echo.clone(),
            index,
            logprobs: None,
            finish_reason: None,
            reasoning_content: String::new(),
            offset: 0,
        })
    }
}
