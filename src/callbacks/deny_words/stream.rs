//! The stage that a stream goes through: each channel of text past its own window, everything else as it comes.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use millrace_actors::fault::Refusal;
use millrace_actors::ports::StreamStage;
use millrace_actors::wire::scan;
use serde_json::{Map, Value, json};

use super::places::{ANSWER, Kind, Step, text, walk};
use super::rules::Rules;
use super::splice::Splices;
use super::window::Window;

/// Channels of one stream at most (I4): choices, times what each may say.
const MAX_CHANNELS: usize = 1024;

/// In place of a channel: a text that is whole.
const WHOLE: usize = usize::MAX;

/// The stage of one stream.
pub(super) struct Stage {
    rules: Arc<Rules>,
    channels: Vec<Channel>,
    /// The last event that had text: what is held at the end goes out in its like.
    last: Bytes,
}

/// One text that grows from event to event.
struct Channel {
    path: Vec<Step>,
    window: Window,
}

/// What an event holds.
#[derive(Default)]
struct Parsed {
    texts: Vec<(usize, Range<usize>)>,
    /// The ways to choices that are finished.
    finished: Vec<Vec<Step>>,
    logprobs: Vec<Range<usize>>,
}

/// A text of an event, before and after.
struct Edit<'a> {
    channel: usize,
    at: Range<usize>,
    was: Cow<'a, str>,
    now: String,
}

impl Stage {
    /// Nothing came yet.
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Stage { rules, channels: Vec::new(), last: Bytes::new() }
    }

    fn parse(&mut self, json: &str) -> Result<Parsed, Refusal> {
        let (channels, mut parsed) = (&mut self.channels, Parsed::default());
        let walked = walk(json, &ANSWER, &mut |found| match found.kind {
            Kind::Finish => parsed.finished.push(found.path[..found.path.len() - 1].to_vec()),
            Kind::Logprobs => parsed.logprobs.push(found.at),
            Kind::EventType | Kind::Json | Kind::Source => {}
            // all there at once: nothing of it comes in a later event
            Kind::Text if found.path.iter().any(is_whole) => parsed.texts.push((WHOLE, found.at)),
            Kind::Text => {
                let path = channel_of(found.path);
                let known = channels.iter().position(|channel| channel.path == path);
                let channel = known.unwrap_or(channels.len());
                if known.is_none() && channel < MAX_CHANNELS {
                    channels.push(Channel { path: path.to_vec(), window: Window::default() });
                }
                parsed.texts.push((channel, found.at));
            }
        });
        let too_many = parsed.texts.iter().any(|(channel, _)| (MAX_CHANNELS..WHOLE).contains(channel));
        if walked.is_err() || too_many { Err(self.rules.unreadable()) } else { Ok(parsed) }
    }

    /// An event that is no object, such as a bare word: it has no choices, but it shall not say anything denied either.
    fn other(&self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        if self.rules.matcher.denies(&String::from_utf8_lossy(&data)) {
            return Err(self.rules.refusal());
        }
        out.push(data);
        Ok(())
    }

    /// What is held of a channel, at its end.
    fn rest(&mut self, channel: usize) -> Result<String, Refusal> {
        let mut rest = String::new();
        let Stage { rules, channels, .. } = self;
        let finished = channels[channel].window.finish((&rules.matcher, &rules.action), &mut rest);
        finished.map_err(|_| rules.refusal())?;
        Ok(rest)
    }

    /// Ends the channels of finished choices: what they held goes into this event, or into one before it.
    fn finish(
        &mut self,
        parsed: &Parsed,
        json: &str,
        edits: &mut [Edit<'_>],
        out: &mut Vec<Bytes>,
    ) -> Result<(), Refusal> {
        for choice in &parsed.finished {
            for channel in 0..self.channels.len() {
                if !self.channels[channel].path.starts_with(choice) {
                    continue;
                }
                let rest = self.rest(channel)?;
                match edits.iter_mut().rfind(|edit| edit.channel == channel) {
                    Some(edit) => edit.now.push_str(&rest),
                    None if rest.is_empty() => {}
                    None => out.push(like(json, &self.channels[channel].path, &rest)),
                }
            }
        }
        Ok(())
    }
}

impl StreamStage for Stage {
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        if !data.trim_ascii_start().starts_with(b"{") {
            return self.other(data, out);
        }
        let json = std::str::from_utf8(&data).map_err(|_| self.rules.unreadable())?;
        let parsed = self.parse(json)?;
        if !parsed.texts.is_empty() {
            self.last = data.clone();
        }
        let mut edits = Vec::with_capacity(parsed.texts.len());
        for (channel, at) in &parsed.texts {
            let (was, mut now) = (text(json, at), String::new());
            let Stage { rules, channels, .. } = &mut *self;
            let rule = (&rules.matcher, &rules.action);
            let fed = match channels.get_mut(*channel) {
                Some(known) => known.window.feed(&was, rule, &mut now),
                None => {
                    let mut window = Window::default();
                    window.feed(&was, rule, &mut now).and_then(|()| window.finish(rule, &mut now))
                }
            };
            fed.map_err(|_| rules.refusal())?;
            edits.push(Edit { channel: *channel, at: at.clone(), was, now });
        }
        self.finish(&parsed, json, &mut edits, out)?;
        let mut splices = Splices::default();
        for edit in edits.iter().filter(|edit| edit.was != edit.now) {
            splices.string(edit.at.clone(), &edit.now);
        }
        // they would spell out what is held back or masked
        parsed.logprobs.into_iter().for_each(|at| splices.raw(at, "null".to_owned()));
        let changed = splices.apply(json);
        out.push(changed.unwrap_or(data));
        Ok(())
    }

    fn end(&mut self, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        for channel in 0..self.channels.len() {
            let rest = self.rest(channel)?;
            if !rest.is_empty() {
                let json = std::str::from_utf8(&self.last).unwrap_or_default();
                out.push(like(json, &self.channels[channel].path, &rest));
            }
        }
        Ok(())
    }
}

/// A step into what comes in one event.
fn is_whole(step: &Step) -> bool {
    const WHOLE: [&str; 7] =
        ["functionCall", "annotation", "annotations", "citation", "citations", "citationMetadata", "groundingMetadata"];
    matches!(step, Step::Field(name) if WHOLE.contains(name))
}

/// Which text grows. OpenAI's is told by the whole way to it. Anthropic's blocks come one after the other, and a block's
/// text begins in the event that starts it (`content_block`) and goes on in others (`delta`): the last step tells.
fn channel_of(path: &[Step]) -> &[Step] {
    match path {
        [Step::Field("choices" | "candidates"), ..] => path,
        [.., last @ Step::Field(_)] => std::slice::from_ref(last),
        _ => path,
    }
}

/// An event like `json`, in which only the text of the channel at `path` is said.
fn like(json: &str, path: &[Step], text: &str) -> Bytes {
    match path {
        [Step::Field("choices"), ..] => like_openai(json, path, text),
        [Step::Field("candidates"), Step::Index(index), ..] => like_google(json, *index, path, text),
        _ => like_anthropic(json, path, text),
    }
}

/// A piece of the block that `json` is about.
fn like_anthropic(json: &str, path: &[Step], text: &str) -> Bytes {
    let index = scan::members(json).unwrap_or_default().into_iter().find(|member| member.key == "index");
    let index: u64 = index.and_then(|member| json[member.value].parse().ok()).unwrap_or_default();
    let (kind, name) = match path {
        [Step::Field("thinking")] => ("thinking_delta", "thinking"),
        [Step::Field("partial_json")] => ("input_json_delta", "partial_json"),
        _ => ("text_delta", "text"),
    };
    json!({ "type": "content_block_delta", "index": index, "delta": { "type": kind, name: text } }).to_string().into()
}

/// A response with the id and the model of `json`, in which only this candidate says something.
fn like_google(json: &str, index: u64, path: &[Step], text: &str) -> Bytes {
    let mut part = json!({ "text": text });
    if path.get(4) == Some(&Step::Index(1)) {
        part["thought"] = Value::from(true);
    }
    let candidates = json!([{ "content": { "parts": [part], "role": "model" }, "index": index }]);
    let mut response = Map::from_iter([("candidates".to_owned(), candidates)]);
    for member in scan::members(json).unwrap_or_default() {
        if let ("modelVersion" | "responseId", Some(text)) =
            (member.key.as_ref(), scan::string(json[member.value].as_bytes()))
        {
            response.insert(member.key.into_owned(), Value::from(text.into_owned()));
        }
    }
    Value::Object(response).to_string().into()
}

/// It has the id and the model of `json`.
fn like_openai(json: &str, path: &[Step], text: &str) -> Bytes {
    let mut choices = nested(path.get(1..).unwrap_or_default(), text);
    if let Some(choice) = choices.get_mut(0).and_then(Value::as_object_mut) {
        choice.insert("finish_reason".to_owned(), Value::Null);
        if !choice.contains_key("delta") {
            // a text completion, whose readers expect one in each piece
            choice.entry("text").or_insert_with(|| Value::from(""));
        }
    }
    let mut splices = Splices::default();
    for member in scan::members(json).unwrap_or_default() {
        match member.key.as_ref() {
            "choices" => splices.raw(member.value, choices.to_string()),
            // it belongs to the event that it came with, once
            "usage" => splices.raw(member.value, "null".to_owned()),
            _ => {}
        }
    }
    splices.apply(json).unwrap_or_else(|| json!({ "choices": choices }).to_string().into())
}

fn nested(path: &[Step], text: &str) -> Value {
    match path {
        [] => Value::from(text),
        [Step::Field(name), rest @ ..] => Value::Object(Map::from_iter([((*name).to_owned(), nested(rest, text))])),
        [Step::Index(index), rest @ ..] => {
            let mut element = nested(rest, text);
            if let Some(object) = element.as_object_mut() {
                if object.contains_key("thinking") {
                    object.insert("type".to_owned(), Value::from("thinking"));
                }
                object.insert("index".to_owned(), Value::from(*index));
            }
            Value::Array(vec![element])
        }
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
