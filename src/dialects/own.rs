//! Protocols that a provider speaks and no caller: a reader of answers and a writer of requests each. What they read and write
//! is the same model, so every caller reaches them.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, EncodeCall, Kept, Translate};
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::pieces::Pieces;
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::scan;
use millrace_actors::wire::usage::Usage;

use super::foreign::{self, Foreign};
use super::request::{Content, Message, Source};
use super::{BadRequest, Decode, Event, Request, Target, Written, bridge, custom};

/// Such a protocol.
pub struct Own {
    /// Writes a request.
    pub write_request: fn(&Request, &Target<'_>) -> Result<Written, BadRequest>,
    /// Reads a whole answer.
    pub read_whole: fn(&[u8]) -> Result<Vec<Event>, Fault>,
    /// Reads the tokens of a whole answer, and nothing else: written for a caller, a count that cannot be would look like one.
    pub usage: fn(&[u8]) -> Option<Usage>,
    /// Reads a stream.
    pub decoder: fn() -> Box<dyn Decode>,
}

impl Own {
    /// The caller's request in this protocol; see [`bridge::written`].
    ///
    /// # Errors
    /// As there.
    pub fn written(&self, call: &EncodeCall<'_>) -> Result<(Pieces, Notes), Fault> {
        bridge::written_by(call, self.write_request)
    }

    /// The way of one stream to a caller who speaks `to`.
    pub fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        bridge::bridged((self.decoder)(), to, facts)
    }

    /// A whole answer for a caller who speaks `to`; or what [`Own::collected`] made of a stream.
    ///
    /// # Errors
    /// It cannot be understood, or its end is missing, or nothing of it can be told.
    pub fn translate(
        &self,
        to: Protocol,
        facts: &AnswerFacts,
        whole: &[u8],
        notes: &mut Notes,
    ) -> Result<Bytes, Fault> {
        let events = match whole.strip_prefix(COLLECTED.as_bytes()).and_then(|rest| rest.strip_suffix(b"]}")) {
            Some(list) => self.joined(list)?,
            None => (self.read_whole)(whole)?,
        };
        bridge::told(to, events, facts, notes)
    }

    /// The events of a stream in one text, to be translated like a whole answer (FAULTS S22): no protocol here has a writer of its
    /// own whole answers, since nobody but its provider writes them. Each is its name and a text within it: what ends a stream (`[DONE]`) need
    /// not be JSON.
    pub fn collected(&self, events: &[Kept]) -> Bytes {
        let quoted = |text: &Bytes| scan::quoted(&String::from_utf8_lossy(text));
        let one = |event: &Kept| {
            let name = event.name.as_ref().map_or_else(|| "null".to_owned(), quoted);
            format!("[{name},{}]", quoted(&event.data))
        };
        let list: Vec<String> = events.iter().map(one).collect();
        Bytes::from(format!("{COLLECTED}{}]}}", list.join(",")))
    }

    fn joined(&self, list: &[u8]) -> Result<Vec<Event>, Fault> {
        let invalid = |e: serde_json::Error| Fault::InvalidAnswer { cause: e.to_string() };
        let list = [b"[", list, b"]"].concat();
        let list: Vec<(Option<String>, String)> = serde_json::from_slice(&list).map_err(invalid)?;
        let (mut decoder, mut events) = ((self.decoder)(), Vec::new());
        list.iter().try_for_each(|(name, data)| {
            decoder.event(name.as_ref().map(|name| name.as_bytes()), data.as_bytes(), &mut events)
        })?;
        match events.last() {
            Some(Event::End) => Ok(events),
            _ => Err(Fault::Truncated),
        }
    }
}

/// How a stream that nobody asked for looks as one JSON text, on its way from [`Own::collected`] to [`Own::translate`].
const COLLECTED: &str = "{\"millrace_collected\":[";

/// Everything that is said in a request, each part with its place; what a tool gave back after the result it stands in.
pub fn parts(messages: &[Message]) -> Vec<(String, &Content)> {
    let mut found = Vec::new();
    for (n, message) in messages.iter().enumerate() {
        let at = |m: usize| format!("/messages/{n}/content/{m}");
        for (m, part) in message.parts.iter().enumerate() {
            found.push((part.place(&at(m)).to_owned(), &part.content));
            if let Content::ToolResult { parts, .. } = &part.content {
                let at = |k: usize| format!("{}/content/{k}", at(m));
                let within = parts.iter().enumerate();
                found.extend(within.map(|(k, part)| (part.place(&at(k)).to_owned(), &part.content)));
            }
        }
    }
    found
}

/// Why a parameter is dropped that only other providers have.
pub const LACKING: &str = "the provider has no such parameter";

/// Refuses what two protocols of texts and pictures have no form for. Documents that are text go as text; `files` says what is
/// to be said of all others, and `urls` of pictures that are elsewhere, where they are not taken.
///
/// # Errors
/// A part is none of these, with its place.
pub fn texts_and_pictures(messages: &[Message], files: &str, urls: Option<&str>) -> Result<(), BadRequest> {
    for (pointer, content) in parts(messages) {
        let what = match content {
            Content::Image { source: Source::Url(_), .. } => match urls {
                Some(urls) => urls,
                None => continue,
            },
            Content::Document { source, .. } if foreign::plain(source).is_some() => continue,
            Content::Document { .. } => files,
            Content::Audio { .. } => "The provider takes no sound",
            Content::Other(value) if custom::Call::of(value).is_some() => continue,
            Content::Other(value) if foreign::read(value, &mut Notes::default()) != Foreign::Unknown => continue,
            Content::Other(_) => "The provider takes text and pictures only",
            _ => continue,
        };
        return Err(BadRequest { pointer, what: what.into() });
    }
    Ok(())
}
