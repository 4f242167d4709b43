//! A caller's stream: pieces of the text, and `[DONE]`. Calls and sources have no place in it; thought has a member of its
//! own (see the module).

use std::io::Write as _;

use bytes::{BufMut as _, BytesMut};
use millrace_actors::wire::usage::Usage;
use serde_json::Value;

use super::super::event::{Event, Start};
use super::super::logprobs::Lists;
use super::super::openai::outer;
use super::super::{AnswerFacts, Encode, Frame};
use super::{OBJECT, echo, finish, said};

/// Writes a stream of text completions.
pub struct Encoder {
    facts: AnswerFacts,
    /// A piece up to its choices.
    head: Vec<u8>,
    buffer: BytesMut,
    /// The prompt, where it is told once more.
    echo: Option<String>,
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

/// One of `n` texts.
#[derive(Default)]
struct Choice {
    index: u32,
    /// Why it is over. Told with the end, not before: a provider may go on behind it.
    finish: Option<&'static str>,
    /// Where the next token stands, in characters.
    offset: u64,
    /// Log probabilities of the text that comes next.
    logprobs: Option<Value>,
}

/// What stands beside a piece of text.
#[derive(Clone, Copy)]
enum Beside<'a> {
    /// More is to come.
    Nothing,
    /// Why it is over.
    Finish(&'static str),
    /// A piece of thought.
    Thought(&'a str),
}

impl Encoder {
    /// A writer of one stream.
    pub fn new(facts: AnswerFacts) -> Self {
        let head = outer::head(&facts, Start::default(), OBJECT);
        let echo = echo::prompt(&facts);
        Encoder { facts, head, buffer: BytesMut::new(), echo, choices: Vec::new(), usage: None }
    }

    /// Where the choice's state stands; the prompt, if this is the first of it.
    fn open(&mut self, index: u32, out: &mut Vec<Frame>) -> usize {
        if let Some(at) = self.choices.iter().position(|choice| choice.index == index) {
            return at;
        }
        self.choices.push(Choice { index, ..Choice::default() });
        let at = self.choices.len() - 1;
        if let Some(prompt) = self.echo.take() {
            self.piece(at, &prompt, Beside::Nothing, out);
            self.echo = Some(prompt);
        }
        at
    }

    /// A piece of a choice's text, with the log probabilities that wait for it. The hot path.
    fn piece(&mut self, at: usize, text: &str, beside: Beside<'_>, out: &mut Vec<Frame>) {
        let choice = &mut self.choices[at];
        // those of a text, so thought does not take them
        let logprobs = if matches!(beside, Beside::Thought(_)) { None } else { choice.logprobs.take() };
        let lists = logprobs.map(|value| {
            let mut lists = Lists::default();
            lists.extend(&value, &mut choice.offset);
            lists
        });
        let index = choice.index;
        let tail = if self.facts.show_usage { "}],\"usage\":null}" } else { "}]}" };
        let mut line = (&mut self.buffer).writer();
        // writing into memory does not fail
        let _ = line
            .write_all(&self.head)
            .and_then(|()| line.write_all(b"[{\"text\":"))
            .and_then(|()| Ok(serde_json::to_writer(&mut line, text)?))
            .and_then(|()| write!(line, ",\"index\":{index},\"logprobs\":"))
            .and_then(|()| Ok(serde_json::to_writer(&mut line, &lists)?))
            .and_then(|()| line.write_all(b",\"finish_reason\":"))
            .and_then(|()| match beside {
                Beside::Nothing => line.write_all(b"null"),
                Beside::Finish(word) => write!(line, "\"{word}\""),
                Beside::Thought(thought) => {
                    line.write_all(b"null,\"reasoning_content\":")?;
                    Ok(serde_json::to_writer(&mut line, thought)?)
                }
            })
            .and_then(|()| line.write_all(tail.as_bytes()));
        out.push(Frame { name: None, data: self.buffer.split().freeze() });
    }

    fn end(&mut self, out: &mut Vec<Frame>) {
        if self.choices.is_empty() {
            self.open(0, out);
        }
        for at in 0..self.choices.len() {
            let reason = self.choices[at].finish.unwrap_or("stop");
            self.piece(at, "", Beside::Finish(reason), out);
        }
        outer::end(&self.head, self.usage.filter(|_| self.facts.show_usage), out);
    }
}

impl Encode for Encoder {
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        if let Some((choice, text)) = said(&event) {
            let at = self.open(choice, out);
            if !text.is_empty() {
                self.piece(at, text, Beside::Nothing, out);
            }
            return;
        }
        match event {
            Event::Start(start) => self.head = outer::head(&self.facts, start, OBJECT),
            Event::Reasoning { choice, text } => {
                let at = self.open(choice, out);
                self.piece(at, "", Beside::Thought(&text), out);
            }
            Event::Logprobs { choice, value } => {
                let at = self.open(choice, out);
                if self.choices[at].logprobs.is_some() {
                    self.piece(at, "", Beside::Nothing, out);
                }
                self.choices[at].logprobs = Some(value);
            }
            Event::Finish { choice, reason, .. } => {
                let at = self.open(choice, out);
                self.choices[at].finish.get_or_insert(finish(&reason));
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::End => self.end(out),
            // told above, or without a place
            Event::Text { .. }
            | Event::Refusal { .. }
            | Event::Audio { .. }
            | Event::Signature { .. }
            | Event::Redacted { .. }
            | Event::ToolCall { .. }
            | Event::Arguments { .. }
            | Event::CustomCall { .. }
            | Event::Input { .. }
            | Event::InputEnd { .. }
            | Event::Image { .. }
            | Event::Own { .. }
            | Event::Citation { .. } => {}
        }
    }
}
