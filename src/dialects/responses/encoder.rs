//! The caller's stream: items that open, grow and close, and the response around them.
//!
//! One message or thought is open at a time, since that is how a model makes them. Calls stay open until their arguments are
//! whole, for a provider may go back and forth between them.

use bytes::Bytes;
use serde_json::{Value, json};

use millrace_actors::wire::usage::Usage;

use super::super::event::{Citation, Event, Image, Reason, Start};
use super::super::request::Source;
use super::super::{AnswerFacts, Encode, Frame};
use super::answer_out::{Head, Stand, cut};
use super::frames::{At, Frames, pictured, summary_part};
use super::item::{Call, Item, Kind, Said};
use super::thought;

const CONTENT: &str = "content_index";
const SUMMARY: Option<(&str, usize)> = Some(("summary_index", 0));

/// Writes one stream.
#[derive(Debug)]
pub struct Encoder {
    facts: AnswerFacts,
    head: Option<Head>,
    frames: Frames,
    items: Vec<Item>,
    /// The message or thought that is open.
    live: Option<usize>,
    /// Characters of text so far.
    spoken: u64,
    /// Log probabilities of the text that comes next.
    logprobs: Vec<Value>,
    reason: Option<Reason>,
    usage: Option<Usage>,
    last: Option<Bytes>,
}

impl Encoder {
    /// A writer of one stream.
    pub fn new(facts: AnswerFacts) -> Self {
        Encoder {
            facts,
            head: None,
            frames: Frames::default(),
            items: Vec::new(),
            live: None,
            spoken: 0,
            logprobs: Vec::new(),
            reason: None,
            usage: None,
            last: None,
        }
    }

    /// The response that the stream ended with: the whole answer. Nothing before that.
    pub fn into_response(self) -> Bytes {
        self.last.unwrap_or(Bytes::from_static(b"null"))
    }

    fn start(&mut self, start: Start, out: &mut Vec<Frame>) {
        if self.head.is_none() {
            let head = self.head.insert(Head::of(&self.facts, start));
            let response = head.response(Stand::Begun, Vec::new(), None);
            self.frames.write("response.created", &[("response", &response)], out);
            self.frames.write("response.in_progress", &[("response", &response)], out);
        }
    }

    /// A new item; a message or thought is the live one.
    fn open(&mut self, kind: Kind, out: &mut Vec<Frame>) -> usize {
        self.start(Start::default(), out);
        self.close_live(out);
        self.close_calls(false, out);
        let output = self.items.len();
        let base = self.head.as_ref().map(|head| head.base.as_str()).unwrap_or_default();
        let prefix = match kind {
            Kind::Message(_) => "msg",
            Kind::Reasoning { .. } => "rs",
            Kind::Call(Call { custom: true, .. }) => "ctc",
            Kind::Call(_) => "fc",
            Kind::Picture { .. } => "ig",
        };
        if !matches!(kind, Kind::Call(_) | Kind::Picture { .. }) {
            self.live = Some(output);
        }
        let item = Item { id: format!("{prefix}_{base}_{output}"), kind, done: false, cut: false };
        self.frames.item("response.output_item.added", output, &item.value(true), out);
        self.items.push(item);
        output
    }

    /// Where text, or a refusal, goes on: the item and the part.
    fn part(&mut self, refusal: bool, out: &mut Vec<Frame>) -> (usize, usize) {
        let live = self.live.filter(|live| matches!(self.items[*live].kind, Kind::Message(_)));
        let output = live.unwrap_or_else(|| self.open(Kind::Message(Vec::new()), out));
        let Item { id, kind: Kind::Message(parts), .. } = &mut self.items[output] else { return (output, 0) };
        if parts.last().is_none_or(|said| said.refusal != refusal) {
            if let Some((n, said)) = parts.iter().enumerate().next_back() {
                close_part(&mut self.frames, At { item: id, output, part: Some((CONTENT, n)) }, said, out);
            }
            let said = Said { refusal, before: self.spoken, ..Said::default() };
            let at = At { item: id, output, part: Some((CONTENT, parts.len())) };
            self.frames.write_at("response.content_part.added", at, &[("part", &said.part())], out);
            parts.push(said);
        }
        (output, parts.len() - 1)
    }

    fn text(&mut self, refusal: bool, text: &str, out: &mut Vec<Frame>) {
        let (output, n) = self.part(refusal, out);
        let logprobs = std::mem::take(&mut self.logprobs);
        let Item { id, kind: Kind::Message(parts), .. } = &mut self.items[output] else { return };
        let at = At { item: id, output, part: Some((CONTENT, n)) };
        match refusal {
            true => self.frames.write_at("response.refusal.delta", at, &[("delta", &text)], out),
            false => {
                let members: [(&str, &dyn super::frames::erased::Json); 2] =
                    [("delta", &text), ("logprobs", &logprobs)];
                self.frames.write_at("response.output_text.delta", at, &members, out);
            }
        }
        let said = &mut parts[n];
        said.text.push_str(text);
        let characters = text.chars().count() as u64;
        said.position += characters;
        self.spoken += if refusal { 0 } else { characters };
        said.logprobs.extend(logprobs);
    }

    fn citation(&mut self, citation: Citation, out: &mut Vec<Frame>) {
        let (output, n) = self.part(false, out);
        let Item { id, kind: Kind::Message(parts), .. } = &mut self.items[output] else { return };
        let said = &mut parts[n];
        let Some(annotation) = annotation(citation, said) else { return };
        let at = At { item: id, output, part: Some((CONTENT, n)) };
        let number = said.annotations.len();
        let members: [(&str, &dyn super::frames::erased::Json); 2] =
            [("annotation_index", &number), ("annotation", &annotation)];
        self.frames.write_at("response.output_text.annotation.added", at, &members, out);
        said.annotations.push(annotation);
    }

    fn thought(&mut self, words: &str, out: &mut Vec<Frame>) {
        let live = self.live.filter(|live| matches!(self.items[*live].kind, Kind::Reasoning { .. }));
        let output = live.unwrap_or_else(|| self.open(Kind::Reasoning { text: String::new(), sealed: None }, out));
        let Item { id, kind: Kind::Reasoning { text, .. }, .. } = &mut self.items[output] else { return };
        let at = At { item: id, output, part: SUMMARY };
        if text.is_empty() {
            self.frames.write_at("response.reasoning_summary_part.added", at, &[("part", &summary_part(""))], out);
        }
        self.frames.write_at("response.reasoning_summary_text.delta", at, &[("delta", &words)], out);
        text.push_str(words);
    }

    /// Ends the thought that is open, or stands for one that was not told.
    fn seal(&mut self, content: String, out: &mut Vec<Frame>) {
        let live = self.live.filter(|live| matches!(self.items[*live].kind, Kind::Reasoning { .. }));
        let output = live.unwrap_or_else(|| self.open(Kind::Reasoning { text: String::new(), sealed: None }, out));
        if let Kind::Reasoning { sealed, .. } = &mut self.items[output].kind {
            *sealed = Some(content);
        }
        self.close_live(out);
    }

    fn arguments(&mut self, call: u32, json: &str, out: &mut Vec<Frame>) {
        let mine = |item: &Item| matches!(&item.kind, Kind::Call(known) if known.call == call) && !item.done;
        let Some(output) = self.items.iter().rposition(mine) else { return };
        let Item { id, kind: Kind::Call(known), .. } = &mut self.items[output] else { return };
        let at = At { item: id, output, part: None };
        let kind = match known.custom {
            true => "response.custom_tool_call_input.delta",
            false => "response.function_call_arguments.delta",
        };
        self.frames.write_at(kind, at, &[("delta", &json)], out);
        known.arguments.push_str(json);
    }

    /// A custom tool was given all of it: of a text nobody could tell.
    fn called(&mut self, call: u32, out: &mut Vec<Frame>) {
        let mine = |item: &Item| matches!(&item.kind, Kind::Call(known) if known.call == call) && !item.done;
        if let Some(output) = self.items.iter().rposition(mine) {
            self.close(output, out);
        }
    }

    /// A picture is made by a tool of the provider's here, and comes whole. One elsewhere has no place.
    fn picture(&mut self, image: Image, out: &mut Vec<Frame>) {
        if let Source::Base64 { media_type, data } = image.source {
            let output = self.open(Kind::Picture { media_type, data }, out);
            self.close(output, out);
        }
    }

    fn close_live(&mut self, out: &mut Vec<Frame>) {
        if let Some(live) = self.live.take() {
            self.close(live, out);
        }
    }

    /// Closes calls: all, or those that have all their arguments.
    fn close_calls(&mut self, all: bool, out: &mut Vec<Frame>) {
        for output in 0..self.items.len() {
            let item = &self.items[output];
            if matches!(&item.kind, Kind::Call(call) if !item.done && (all || call.complete())) {
                self.close(output, out);
            }
        }
    }

    fn close(&mut self, output: usize, out: &mut Vec<Frame>) {
        let bare = matches!(&self.items[output].kind, Kind::Call(call) if !call.custom && call.arguments.trim_ascii().is_empty());
        if let (true, Kind::Call(Call { call, .. })) = (bare, &self.items[output].kind) {
            self.arguments(*call, "{}", out);
        }
        let item = &mut self.items[output];
        item.done = true;
        let at = At { item: &item.id, output, part: None };
        match &item.kind {
            Kind::Message(parts) => {
                if let Some((n, said)) = parts.iter().enumerate().next_back() {
                    close_part(&mut self.frames, At { part: Some((CONTENT, n)), ..at }, said, out);
                }
            }
            Kind::Reasoning { text, .. } if !text.is_empty() => {
                let at = At { part: SUMMARY, ..at };
                self.frames.write_at("response.reasoning_summary_text.done", at, &[("text", text)], out);
                self.frames.write_at("response.reasoning_summary_part.done", at, &[("part", &summary_part(text))], out);
            }
            Kind::Reasoning { .. } => {}
            Kind::Picture { .. } => pictured(&mut self.frames, at, out),
            Kind::Call(Call { custom: true, arguments, .. }) => {
                self.frames.write_at("response.custom_tool_call_input.done", at, &[("input", arguments)], out);
            }
            Kind::Call(Call { name, arguments, .. }) => {
                let members: [(&str, &dyn super::frames::erased::Json); 2] = [("name", name), ("arguments", arguments)];
                self.frames.write_at("response.function_call_arguments.done", at, &members, out);
            }
        }
        self.frames.item("response.output_item.done", output, &item.value(false), out);
    }

    fn end(&mut self, out: &mut Vec<Frame>) {
        self.start(Start::default(), out);
        let cut = self.reason.as_ref().and_then(cut).is_some();
        if let Some(last) = self.items.last_mut().filter(|item| cut && !item.done) {
            last.cut = true;
        }
        self.close_live(out);
        self.close_calls(true, out);
        let Some(head) = &self.head else { return };
        let output = self.items.iter().map(|item| item.value(false)).collect();
        let response = head.response(Stand::Over(self.reason.as_ref()), output, self.usage.as_ref());
        let kind = if cut { "response.incomplete" } else { "response.completed" };
        self.frames.write(kind, &[("response", &response)], out);
        self.last = serde_json::to_vec(&response).ok().map(Bytes::from);
    }
}

impl Encode for Encoder {
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        match event {
            Event::Start(start) => self.start(start, out),
            Event::Text { choice: 0, text } => self.text(false, &text, out),
            Event::Refusal { choice: 0, text } => self.text(true, &text, out),
            Event::Reasoning { choice: 0, text } => self.thought(&text, out),
            Event::Signature { choice: 0, signature } => self.seal(thought::of_signature(&signature), out),
            Event::Redacted { choice: 0, data } => {
                self.close_live(out);
                self.seal(thought::of_sealed(&data), out);
            }
            Event::Image { choice: 0, image } => self.picture(image, out),
            // sound itself has no place here; what is said in it has
            Event::Audio { choice: 0, audio } if !audio.transcript.is_empty() => {
                self.text(false, &audio.transcript, out);
            }
            Event::ToolCall { choice: 0, call, id, name } => {
                self.open(Kind::Call(Call { call, call_id: id, name, arguments: String::new(), custom: false }), out);
            }
            Event::CustomCall { choice: 0, call, id, name } => {
                self.open(Kind::Call(Call { call, call_id: id, name, arguments: String::new(), custom: true }), out);
            }
            Event::Input { choice: 0, call, text } => self.arguments(call, &text, out),
            Event::InputEnd { choice: 0, call } => self.called(call, out),
            Event::Arguments { choice: 0, call, json } if !json.is_empty() => self.arguments(call, &json, out),
            Event::Citation { choice: 0, citation } => self.citation(citation, out),
            Event::Logprobs { choice: 0, value } => {
                self.logprobs.extend(value["content"].as_array().into_iter().flatten().cloned());
            }
            Event::Finish { choice: 0, reason, .. } => {
                self.reason.get_or_insert(reason);
            }
            Event::Usage(usage) => self.usage = Some(usage),
            Event::End => self.end(out),
            // there is one answer here; nobody can have asked for more
            _ => {}
        }
    }
}

fn close_part(frames: &mut Frames, at: At<'_>, said: &Said, out: &mut Vec<Frame>) {
    match said.refusal {
        true => frames.write_at("response.refusal.done", at, &[("refusal", &said.text)], out),
        false => {
            let members: [(&str, &dyn super::frames::erased::Json); 2] =
                [("text", &said.text), ("logprobs", &said.logprobs)];
            frames.write_at("response.output_text.done", at, &members, out);
        }
    }
    frames.write_at("response.content_part.done", at, &[("part", &said.part())], out);
}

/// Whether a source has a form here: what has an address.
pub fn has_form(citation: &Citation) -> bool {
    citation.url.is_some()
}

/// A source with an address; others have no form here. Places are counted within the part: its provider's own, which are
/// counted from the answer's beginning, or the words that it stands behind.
fn annotation(citation: Citation, said: &Said) -> Option<Value> {
    let own = &citation.native["url_citation"];
    let place = |name: &str| own[name].as_u64().map(|place| place.saturating_sub(said.before));
    let start = said.position.saturating_sub(citation.behind.unwrap_or(said.position));
    Some(json!({
        "type": "url_citation",
        "url": citation.url?,
        "title": citation.title.unwrap_or_default(),
        "start_index": place("start_index").unwrap_or(start),
        "end_index": place("end_index").unwrap_or(said.position),
    }))
}
