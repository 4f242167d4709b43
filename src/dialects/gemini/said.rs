//! What responses say, read into events: one reader for a stream and a whole answer, so the two cannot differ.

use std::collections::BTreeMap;

use millrace_actors::fault::Fault;
use millrace_actors::wire::generate;
use serde_json::Value;

use super::shape::{Blob, Call, Candidate, FileData, Part, Response, invalid};
use super::sources::{Bounds, Sources};
use super::{logprobs, reason};
use crate::dialects::event::{Audio, Event, FILE, Image, Reason, Start};
use crate::dialects::request::Source;
use crate::dialects::signature;

/// Most candidates and calls of one answer: more than any model makes.
pub const MOST: usize = 1024;

/// What is remembered between the responses of one answer.
#[derive(Default)]
pub struct Reader {
    started: bool,
    /// The answer's id, from which ids of calls are made where the provider gives none.
    id: String,
    /// Searches of the web: a response may tell them all again, or before the last one, which tells the tokens.
    searches: u64,
    choices: BTreeMap<u32, Choice>,
    bounds: Bounds,
}

/// One candidate.
#[derive(Default)]
struct Choice {
    calls: u32,
    finished: bool,
    sources: Sources,
}

impl Reader {
    /// One response.
    ///
    /// # Errors
    /// It says what cannot be understood.
    pub fn response(&mut self, mut response: Response<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        if !self.started {
            self.started = true;
            self.id = response.response_id.clone().unwrap_or_default();
            let (id, model) = (response.response_id.take(), response.model_version.take());
            out.push(Event::Start(Start { id, model, ..Start::default() }));
        }
        self.searches = self.searches.max(response.candidates.iter().flatten().map(Candidate::searches).sum());
        for (n, candidate) in response.candidates.into_iter().flatten().enumerate() {
            self.candidate(n as u32, candidate, out)?;
        }
        if let Some(mut usage) = response.usage_metadata.and_then(|raw| generate::usage(raw.get())) {
            usage.served(None, self.searches);
            out.push(Event::Usage(usage));
        }
        if let Some(feedback) = response.prompt_feedback.filter(|feedback| feedback.block_reason.is_some()) {
            let message = feedback.block_reason_message.filter(|text| !text.is_empty());
            out.extend(message.map(|text| Event::Refusal { choice: 0, text }));
            self.finish(0, Reason::ContentFilter, out);
        }
        Ok(())
    }

    /// All that began is finished, so that the answer may be over.
    pub fn is_whole(&self) -> bool {
        !self.choices.is_empty() && self.choices.values().all(|choice| choice.finished)
    }

    /// A whole answer is over: what it does not say to be finished is so.
    pub fn end(&mut self, out: &mut Vec<Event>) {
        let open: Vec<u32> =
            self.choices.iter().filter(|(_, choice)| !choice.finished).map(|(index, _)| *index).collect();
        for choice in open {
            let called = self.choices.get(&choice).is_some_and(|choice| choice.calls > 0);
            self.finish(choice, if called { Reason::ToolCalls } else { Reason::Stop }, out);
        }
    }

    fn candidate(&mut self, position: u32, candidate: Candidate<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let choice = candidate.index.unwrap_or(position);
        if self.choices.len() >= MOST {
            return Err(invalid("more than 1024 candidates"));
        }
        self.choices.entry(choice).or_default();
        if let Some(result) = candidate.logprobs_result {
            out.push(Event::Logprobs { choice, value: logprobs::read(&result) });
        }
        for part in candidate.content.and_then(|content| content.parts).into_iter().flatten() {
            self.part(choice, part, out)?;
        }
        self.sources(choice, candidate.citation_metadata, candidate.grounding_metadata, out);
        if let Some(word) = candidate.finish_reason.filter(|word| !word.is_empty()) {
            let called = self.choices.get(&choice).is_some_and(|choice| choice.calls > 0);
            self.finish(choice, reason::read(&word, called), out);
        }
        Ok(())
    }

    fn finish(&mut self, choice: u32, reason: Reason, out: &mut Vec<Event>) {
        let known = self.choices.entry(choice).or_default();
        if !std::mem::replace(&mut known.finished, true) {
            let rest = known.sources.rest();
            out.extend(rest.into_iter().map(|citation| Event::Citation { choice, citation }));
            out.push(Event::Finish { choice, reason, stop_sequence: None });
        }
    }

    /// A signature stands before the call that it is of, and behind text.
    fn part(&mut self, choice: u32, mut part: Part<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        let media = media(choice, &mut part);
        let signed = part.thought_signature.filter(|text| !text.is_empty());
        let signed = signed.map(|text| Event::Signature { choice, signature: signature::marked(&text) });
        if let Some(text) = part.text.filter(|text| !text.is_empty()) {
            let thought = part.thought == Some(true);
            if !thought {
                self.choices.entry(choice).or_default().sources.said(&text, &mut self.bounds);
            }
            out.push(match thought {
                true => Event::Reasoning { choice, text },
                false => Event::Text { choice, text },
            });
        }
        out.extend(signed);
        if let Some(call) = part.function_call {
            self.call(choice, call, out)?;
        }
        out.extend(media);
        Ok(())
    }

    fn call(&mut self, choice: u32, call: Call<'_>, out: &mut Vec<Event>) -> Result<(), Fault> {
        if call.name.is_empty() {
            return Err(invalid("a functionCall has no name"));
        }
        let known = self.choices.entry(choice).or_default();
        let number = known.calls;
        if number as usize >= MOST {
            return Err(invalid("more than 1024 calls"));
        }
        known.calls += 1;
        let id = call.id.filter(|id| !id.is_empty()).unwrap_or_else(|| made_up(&self.id, choice, number));
        out.push(Event::ToolCall { choice, call: number, id, name: call.name });
        if let Some(args) = call.args.map(|raw| raw.get()).filter(|args| !matches!(*args, "null" | "{}")) {
            out.push(Event::Arguments { choice, call: number, json: args.to_owned() });
        }
        Ok(())
    }

    /// Sources of a citation, or of a search: pages of the web that the answer stands on.
    fn sources(&mut self, choice: u32, cited: Option<Value>, grounded: Option<Value>, out: &mut Vec<Event>) {
        let known = self.choices.entry(choice).or_default();
        let mut told = cited.map(|cited| known.sources.cited(cited)).unwrap_or_default();
        if let Some(grounded) = grounded {
            told.extend(known.sources.grounded(grounded, &mut self.bounds));
        }
        if known.finished {
            told.extend(known.sources.rest());
        }
        out.extend(told.into_iter().map(|citation| Event::Citation { choice, citation }));
    }
}

/// What a part holds besides text and calls. Pictures in thought are drafts, and no part of the answer.
fn media(choice: u32, part: &mut Part<'_>) -> Option<Event> {
    let own = |kind: &str| Some(Event::Own { kind: kind.to_owned() });
    let (kind, source) = match (part.inline_data.take(), part.file_data.take()) {
        _ if part.executable_code.is_some() => return own("executableCode"),
        _ if part.code_execution_result.is_some() => return own("codeExecutionResult"),
        (Some(Blob { mime_type, data }), _) => (mime_type.clone(), Source::Base64 { media_type: mime_type, data }),
        (None, Some(FileData { mime_type, file_uri })) => (mime_type, Source::Url(file_uri)),
        (None, None) => return None,
    };
    if part.thought == Some(true) {
        return own("thought");
    }
    match (kind.split('/').next().unwrap_or_default(), source) {
        // an empty piece of sound tells nothing; a picture without bytes was to be one
        ("audio", Source::Base64 { data, .. }) if data.is_empty() => None,
        ("image", Source::Base64 { data: text, .. } | Source::Url(text)) if text.is_empty() => own("image"),
        ("image", source) => Some(Event::Image { choice, image: Image { source } }),
        ("audio", Source::Base64 { media_type, data }) => {
            Some(Event::Audio { choice, audio: Audio { media_type: Some(media_type), data, ..Audio::default() } })
        }
        _ => own(FILE),
    }
}

/// An id of letters, digits and `_`, which every protocol takes: the same for a stream and for a whole answer, and not twice
/// in a conversation.
fn made_up(answer: &str, choice: u32, call: u32) -> String {
    let answer: String = answer.chars().filter(char::is_ascii_alphanumeric).take(24).collect();
    match answer.is_empty() {
        true => format!("call_{}", uuid::Uuid::new_v4().simple()),
        false => format!("call_{answer}_{choice}_{call}"),
    }
}
