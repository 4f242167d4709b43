//! What deltas and messages say, read into events: one reader for both, so a stream and a whole answer cannot differ.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use millrace_actors::wire::tier::ServiceTier;
use millrace_actors::wire::usage::Usage;
use serde_json::Value;

use super::super::event::{Citation, Event, Reason, Start};
use super::super::logprobs;
use super::calls::Calls;
use super::shape::{Answer, Choice, Raw, Said, invalid, seconds, value, word};
use super::{media, reason, sources, thought};

/// Most choices of one answer: OpenAI's `n` is at most 128.
const MOST_CHOICES: usize = 256;

/// Most sources that one chunk brings.
const MOST_SOURCES: usize = 1024;

/// What is remembered between the pieces of one answer.
#[derive(Default)]
pub struct Reader {
    /// The answer's id; empty where none was given.
    id: String,
    started: bool,
    choices: Vec<State>,
    calls: Calls,
    /// Sources beside the choices that were not told yet, and how many there were in all.
    listed: Vec<Citation>,
    cited: usize,
}

/// One choice.
#[derive(Default)]
struct State {
    index: u32,
    /// The block of thought that goes on was told as `reasoning_content`; that it is told again in `thinking_blocks`,
    /// which LiteLLM does to be handed back, adds nothing.
    worded: bool,
    finished: bool,
}

impl Reader {
    /// A chunk, or a whole answer.
    ///
    /// # Errors
    /// It says something that cannot be understood.
    pub fn answer(&mut self, mut answer: Answer<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let mut usage = answer.usage().and_then(|raw| Usage::parse(raw.get().as_bytes()));
        if let Some(usage) = &mut usage {
            usage.served(answer.service_tier.and_then(|raw| ServiceTier::told(raw.get())), 0);
        }
        let choices = answer.choices.take().unwrap_or_default();
        // Azure's first chunk has neither id nor choices: it tells of the prompt, and the answer begins after it
        if !self.started && (!choices.is_empty() || usage.is_some()) {
            self.start(&answer, out);
        }
        let before = out.len();
        for (position, choice) in choices.into_iter().enumerate() {
            self.choice(position, choice, out)?;
        }
        self.sources(&answer);
        if let Some(end) = out[before..].iter().position(|event| matches!(event, Event::Finish { choice: 0, .. })) {
            let at = before + end;
            out.splice(at..at, self.rest().collect::<Vec<_>>());
        }
        out.extend(usage.map(Event::Usage));
        Ok(())
    }

    fn start(&mut self, answer: &Answer<'_>, out: &mut Vec<Event>) {
        self.started = true;
        self.id = word(answer.id).unwrap_or_default().into_owned();
        let owned = |raw| word(raw).map(Cow::into_owned);
        out.push(Event::Start(Start {
            id: owned(answer.id),
            model: owned(answer.model),
            created: seconds(answer.created).filter(|seconds| *seconds > 0),
            service_tier: owned(answer.service_tier),
            system_fingerprint: owned(answer.system_fingerprint),
        }));
    }

    /// Sources that wait for the end of the text.
    pub fn rest(&mut self) -> impl Iterator<Item = Event> + use<> {
        std::mem::take(&mut self.listed).into_iter().map(|citation| Event::Citation { choice: 0, citation })
    }

    /// Sources beside the choices, as Perplexity and xAI tell them: with every chunk, or with the last. They stand behind the
    /// whole text, so they are told at its end.
    fn sources(&mut self, answer: &Answer<'_>) {
        let Some(Value::Array(urls)) = value(answer.citations) else { return };
        // Perplexity tells all of them with every chunk, and the pages behind them are long
        if urls.len() <= self.cited {
            return;
        }
        let pages: Vec<Value> = items(answer.search_results).collect();
        let new = urls.iter().skip(self.cited).filter_map(Value::as_str);
        self.listed.extend(new.take(MOST_SOURCES).map(|url| sources::listed(url, &pages)));
        self.cited = urls.len();
    }

    fn choice(&mut self, position: usize, choice: Choice<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let index = choice.index.unwrap_or(position as u32);
        let at = self.state(index)?;
        if let Some(value) = value(choice.logprobs) {
            out.push(Event::Logprobs { choice: index, value: logprobs::of_chat(value) });
        }
        // Perplexity's chunks have both: what is new, and all so far
        match (choice.delta, choice.message) {
            (Some(delta), _) => self.said(at, delta, false, out)?,
            (None, Some(message)) => self.said(at, message, true, out)?,
            (None, None) => text(index, (choice.reasoning_content.or(choice.reasoning), choice.text), out),
        }
        let Some(told) = word(choice.finish_reason).filter(|_| !self.choices[at].finished) else { return Ok(()) };
        self.choices[at].finished = true;
        let stop_sequence = word(choice.stop_reason).or_else(|| word(choice.matched_stop)).map(Cow::into_owned);
        let reason = match reason::read(&told) {
            // OpenAI says `stop` after a call that `tool_choice` demanded, and some servers after any
            Reason::Stop if self.calls.any(index) => Reason::ToolCalls,
            Reason::Stop if stop_sequence.is_some() => Reason::StopSequence,
            reason => reason,
        };
        out.push(Event::Finish { choice: index, reason, stop_sequence });
        Ok(())
    }

    /// Where the choice's state stands.
    fn state(&mut self, index: u32) -> Result<usize, Fault> {
        if let Some(at) = self.choices.iter().position(|state| state.index == index) {
            return Ok(at);
        }
        if self.choices.len() == MOST_CHOICES {
            return Err(invalid(&format!("more than {MOST_CHOICES} choices")));
        }
        self.choices.push(State { index, ..State::default() });
        Ok(self.choices.len() - 1)
    }

    fn said(&mut self, at: usize, said: Said<'_>, whole: bool, out: &mut Vec<Event>) -> Result<(), Fault> {
        let choice = self.choices[at].index;
        self.thought(at, &said, whole, out)?;
        let named = |field| format!("choice {choice}: `{field}` is neither a text nor a list of parts");
        if let Some(raw) = said.content {
            content(choice, raw.get(), out).ok_or_else(|| invalid(&named("content")))?;
        }
        out.extend(media::sound(choice, said.audio));
        out.extend(media::pictures(choice, said.images));
        if let Some(text) = word(said.refusal) {
            out.push(Event::Refusal { choice, text: text.into_owned() });
        }
        let own = sources::read_own(value(said.provider_specific_fields));
        let citations = items(said.annotations).map(sources::read).chain(own);
        out.extend(citations.map(|citation| Event::Citation { choice, citation }));
        for (n, call) in said.tool_calls.iter().flatten().enumerate() {
            // each of a whole answer is a call of its own, whatever it lacks; a piece may be of one that began before
            let index = if whole { Some(n as u32) } else { call.index };
            self.calls.take((choice, index), call, &self.id, out)?;
        }
        match said.function_call {
            Some(function) => self.calls.take_function(choice, function, &self.id, out),
            None => Ok(()),
        }
    }

    /// Thought, in words and in blocks. Of a whole answer the blocks count, which have the order and the signatures, and words
    /// that stand in none; of a stream whatever comes first.
    fn thought(&mut self, at: usize, said: &Said<'_>, whole: bool, out: &mut Vec<Event>) -> Result<(), Fault> {
        let state = &mut self.choices[at];
        let choice = state.index;
        let blocks = match said.thinking_blocks {
            None => vec![],
            raw => items(raw).collect(),
        };
        let mut blocks: Vec<Value> = items(said.reasoning_details).filter_map(thought::detail).chain(blocks).collect();
        let in_blocks = whole && blocks.iter().any(|block| block["thinking"].as_str().is_some_and(|t| !t.is_empty()));
        // vLLM sends both names with the same words
        let words = word(said.reasoning_content).or_else(|| word(said.reasoning));
        if in_blocks {
            blocks = thought::completed(words.as_deref().unwrap_or_default(), blocks);
        } else if let Some(text) = words {
            state.worded = true;
            out.push(Event::Reasoning { choice, text: text.into_owned() });
        }
        for mut block in blocks {
            let mut text = |name: &str| take(&mut block, name);
            if let Some(data) = text("data") {
                out.push(Event::Redacted { choice, data });
            }
            if let Some(text) = text("thinking").filter(|_| !state.worded) {
                out.push(Event::Reasoning { choice, text });
            }
            if let Some(signature) = text("signature") {
                state.worded = false;
                out.push(Event::Signature { choice, signature });
            }
        }
        Ok(())
    }
}

/// What a text completion says.
fn text(choice: u32, (thought, text): (Raw<'_>, Raw<'_>), out: &mut Vec<Event>) {
    out.extend(word(thought).map(|text| Event::Reasoning { choice, text: text.into_owned() }));
    out.extend(word(text).map(|text| Event::Text { choice, text: text.into_owned() }));
}

/// A text, or Mistral's list of parts: text and thought. Nothing where it is neither.
fn content(choice: u32, raw: &str, out: &mut Vec<Event>) -> Option<()> {
    if raw.starts_with('"') {
        push_text(choice, millrace_actors::wire::scan::string(raw.as_bytes())?, out);
        return Some(());
    }
    let Ok(Value::Array(parts)) = serde_json::from_str(raw) else { return None };
    for mut part in parts {
        if let Some(text) = take(&mut part, "text") {
            push_text(choice, Cow::Owned(text), out);
        } else if let Some(text) = take(&mut part, "thinking") {
            out.push(Event::Reasoning { choice, text });
        } else if let Some(Value::Array(words)) = part.get_mut("thinking") {
            let texts = words.iter_mut().filter_map(|word| take(word, "text"));
            out.extend(texts.map(|text| Event::Reasoning { choice, text }));
        }
        // what is neither is a part of a kind that came after us
    }
    Some(())
}

/// Takes a member that is a text and not empty. Not by `value[name]`, which panics where `value` is no object.
fn take(value: &mut Value, name: &str) -> Option<String> {
    match value.get_mut(name)?.take() {
        Value::String(text) if !text.is_empty() => Some(text),
        other => {
            value.as_object_mut()?.insert(name.to_owned(), other);
            None
        }
    }
}

fn push_text(choice: u32, text: Cow<'_, str>, out: &mut Vec<Event>) {
    if !text.is_empty() {
        out.push(Event::Text { choice, text: text.into_owned() });
    }
}

/// The objects of a list; nothing where it is no list.
fn items(raw: Raw<'_>) -> impl Iterator<Item = Value> {
    let list = match value(raw) {
        Some(Value::Array(list)) => list,
        _ => vec![],
    };
    list.into_iter().filter(Value::is_object)
}
