//! What of an answer a caller's protocol has no form for: left out, and noted. An answer of which nothing could be told is a
//! fault, since the caller would take it for an empty one.

use millrace_actors::fault::Fault;
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::protocol::Protocol;

use super::event::{Audio, Citation, Event, FILE, Image, Reason};
use super::gemini::is_own_reason as is_googles;
use super::request::Source;
use super::{anthropic, gemini, responses};

/// Kinds of a provider's own that are parts of the answer, as its media are: Google's files, and Bedrock's blocks.
const CONTENT: [&str; 5] = [FILE, "image", "audio", "video", "document"];

/// Looks at the events of one answer on their way to a caller.
#[derive(Debug)]
pub struct Untold {
    to: Protocol,
    notes: Notes,
    /// Something was told.
    told: bool,
    /// What was left out that the caller asked for.
    lost: Option<&'static str>,
}

impl Untold {
    /// For a caller who speaks `to`.
    pub fn new(to: Protocol) -> Self {
        Untold { to, notes: Notes::default(), told: false, lost: None }
    }

    /// One event. No wildcard stands here: an event or a protocol that comes to be must say what becomes of it.
    pub fn look(&mut self, event: &Event) {
        match event {
            Event::Text { .. } | Event::Refusal { .. } | Event::Reasoning { .. } => self.told = true,
            Event::ToolCall { .. } | Event::CustomCall { .. } => self.call(),
            Event::Image { image, .. } => self.image(image),
            Event::Audio { audio, .. } => self.audio(audio),
            Event::Signature { .. } | Event::Redacted { .. } if self.to == Protocol::Text => {
                self.note("signature", "the protocol has no place for what only the provider reads");
            }
            Event::Citation { citation, .. } => self.citation(citation),
            Event::Logprobs { .. } if self.to == Protocol::Messages => {
                self.note("logprobs", "the protocol has no log probabilities");
            }
            // it ends as an answer that is complete, and the word is told beside it
            Event::Finish { reason: Reason::Other(word), .. }
                if self.to != Protocol::GenerateContent || !is_googles(word) =>
            {
                let word: String = word.chars().take(64).collect();
                self.notes.add("answer.finish_reason", Did::Renamed, &format!("the provider's `{word}`"));
            }
            Event::Own { kind } => self.own(kind),
            // pieces of a call share its fate; the others have a form in every protocol
            Event::Arguments { .. } | Event::Input { .. } | Event::InputEnd { .. } => {}
            Event::Signature { .. } | Event::Redacted { .. } | Event::Logprobs { .. } | Event::Finish { .. } => {}
            Event::Start(_) | Event::Usage(_) | Event::End => {}
        }
    }

    fn call(&mut self) {
        match self.to {
            Protocol::Chat | Protocol::Own | Protocol::Messages | Protocol::Responses | Protocol::GenerateContent => {
                self.told = true
            }
            Protocol::Text => {
                self.lost = Some("calls of tools");
                self.note("tool_calls", "the protocol has no calls of tools");
            }
        }
    }

    fn citation(&mut self, citation: &Citation) {
        let has_form = match self.to {
            // what has no address stands there as its provider wrote it
            Protocol::Chat | Protocol::Own => true,
            Protocol::Messages => anthropic::has_form(citation),
            Protocol::Responses => responses::has_form(citation),
            Protocol::GenerateContent => gemini::has_form(citation),
            Protocol::Text => false,
        };
        if !has_form {
            self.note("citations", "the protocol has no form for such a source");
        }
    }

    fn own(&mut self, kind: &str) {
        match CONTENT.contains(&kind) {
            true => {
                self.lost = Some("files");
                self.note(kind, "no other protocol has such files in answers");
            }
            false => self.note(kind, "of the provider's own tools"),
        }
    }

    fn image(&mut self, image: &Image) {
        match (self.to, &image.source) {
            (Protocol::Chat | Protocol::Own | Protocol::GenerateContent, _)
            | (Protocol::Responses, Source::Base64 { .. }) => self.told = true,
            (Protocol::Responses | Protocol::Messages | Protocol::Text, _) => {
                self.lost = Some("pictures or sound");
                self.note("image", "the protocol has no pictures in answers");
            }
        }
    }

    /// What is said in it is told as text where sound cannot be.
    fn audio(&mut self, audio: &Audio) {
        let sounds = match self.to {
            Protocol::Chat | Protocol::Own | Protocol::GenerateContent => true,
            Protocol::Messages | Protocol::Responses | Protocol::Text => false,
        };
        self.told |= sounds || !audio.transcript.is_empty();
        if !sounds && !audio.data.is_empty() {
            self.lost = Some("pictures or sound");
            self.note("audio", "the protocol has no sound in answers");
        }
    }

    fn note(&mut self, what: &str, why: &str) {
        self.notes.add(&format!("answer.{what}"), Did::Dropped, why);
    }

    /// Whether the answer may end so.
    ///
    /// # Errors
    /// Nothing of it could be told.
    pub fn end(&self) -> Result<(), Fault> {
        let Some(lost) = self.lost.filter(|_| !self.told) else { return Ok(()) };
        let cause =
            format!("it holds {lost} alone, for which the caller's protocol has no form; ask in another protocol");
        Err(Fault::InvalidAnswer { cause })
    }

    /// For what others leave out.
    pub fn notes_mut(&mut self) -> &mut Notes {
        &mut self.notes
    }

    /// What was left out so far.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ALL: [Protocol; 5] =
        [Protocol::Chat, Protocol::Messages, Protocol::Responses, Protocol::GenerateContent, Protocol::Text];

    #[test]
    fn what_has_no_form_is_noted_for_each_protocol() {
        let cited = |url: Option<&str>, title: Option<&str>, kind: &str| {
            let (url, title) = (url.map(str::to_owned), title.map(str::to_owned));
            let citation = Citation { url, title, native: json!({"type": kind}), ..Citation::default() };
            Event::Citation { choice: 0, citation }
        };
        let call = || Event::ToolCall { choice: 0, call: 0, id: "c".into(), name: "f".into() };
        let own = "dropped=answer.citations";
        for (event, want) in [
            (cited(Some("https://a.example"), None, "x"), ["", "", "", "", own]),
            (cited(None, Some("T"), "file_citation"), ["", own, own, "", own]),
            (cited(None, None, "char_location"), ["", "", own, own, own]),
            (Event::Logprobs { choice: 0, value: json!({}) }, ["", "dropped=answer.logprobs", "", "", ""]),
            (Event::Redacted { choice: 0, data: "d".into() }, ["", "", "", "", "dropped=answer.signature"]),
            (call(), ["", "", "", "", "dropped=answer.tool_calls"]),
        ] {
            for (to, want) in ALL.into_iter().zip(want) {
                let mut untold = Untold::new(to);
                untold.look(&event);
                assert_eq!(untold.notes().to_string(), want, "{to:?}: {event:?}");
            }
        }
        for to in ALL {
            let mut untold = Untold::new(to);
            untold.look(&call());
            assert_eq!(untold.end().is_err(), to == Protocol::Text, "{to:?}");
            untold.look(&Event::Text { choice: 0, text: "t".into() });
            assert_eq!(untold.end(), Ok(()), "{to:?}");
        }
    }
}
