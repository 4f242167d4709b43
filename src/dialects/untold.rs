//! What of an answer a caller's protocol has no form for: left out, and noted. An answer of which nothing could be told is a
//! fault, since the caller would take it for an empty one.

use millrace_actors::fault::Fault;
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::protocol::Protocol;

use super::event::{Audio, Event, Image, Reason};
use super::gemini::is_own_reason as is_googles;
use super::request::Source;

/// Looks at the events of one answer on their way to a caller.
#[derive(Debug)]
pub struct Untold {
    to: Protocol,
    notes: Notes,
    /// Something was told.
    told: bool,
    /// Something was left out that the caller asked for.
    lost: bool,
}

impl Untold {
    /// For a caller who speaks `to`.
    pub fn new(to: Protocol) -> Self {
        Untold { to, notes: Notes::default(), told: false, lost: false }
    }

    /// One event.
    pub fn look(&mut self, event: &Event) {
        match event {
            Event::Text { .. }
            | Event::Refusal { .. }
            | Event::Reasoning { .. }
            | Event::ToolCall { .. }
            | Event::CustomCall { .. } => self.told = true,
            Event::Image { image, .. } => self.image(image),
            Event::Audio { audio, .. } => self.audio(audio),
            // it ends as an answer that is complete, and the word is told beside it
            Event::Finish { reason: Reason::Other(word), .. }
                if self.to != Protocol::GenerateContent || !is_googles(word) =>
            {
                let word: String = word.chars().take(64).collect();
                self.notes.add("answer.finish_reason", Did::Renamed, &format!("the provider's `{word}`"));
            }
            Event::Own { kind } => self.note(kind, "of the provider's own tools"),
            _ => {}
        }
    }

    fn image(&mut self, image: &Image) {
        match (self.to, &image.source) {
            (Protocol::Chat | Protocol::Own | Protocol::GenerateContent, _)
            | (Protocol::Responses, Source::Base64 { .. }) => self.told = true,
            _ => {
                self.lost = true;
                self.note("image", "the protocol has no pictures in answers");
            }
        }
    }

    /// What is said in it is told as text where sound cannot be.
    fn audio(&mut self, audio: &Audio) {
        let sounds = matches!(self.to, Protocol::Chat | Protocol::Own | Protocol::GenerateContent);
        self.told |= sounds || !audio.transcript.is_empty();
        if !sounds && !audio.data.is_empty() {
            self.lost = true;
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
        if self.told || !self.lost {
            return Ok(());
        }
        let what =
            "it holds pictures or sound alone, for which the caller's protocol has no form; ask in another protocol";
        Err(Fault::InvalidAnswer { cause: what.into() })
    }

    /// What was left out so far.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }
}
