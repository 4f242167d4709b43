//! What is denied and what happens then, shared by all exchanges.

use bytes::Bytes;
use millrace_actors::fault::Refusal;

use super::matcher::Matcher;
use super::places::{Kind, Place, text, walk};
use super::splice::Splices;
use super::window::Action;

/// The words, what to do about them, and in whose name.
pub(super) struct Rules {
    pub(super) by: String,
    pub(super) matcher: Matcher,
    pub(super) action: Action,
    pub(super) message: String,
    pub(super) code: String,
}

impl Rules {
    /// The no, in the operator's words.
    pub(super) fn refusal(&self) -> Refusal {
        Refusal { by: self.by.clone(), message: self.message.clone(), code: self.code.clone() }
    }

    /// What cannot be looked at is refused: to let it pass would be a way round.
    pub(super) fn unreadable(&self) -> Refusal {
        let message = format!("The content policy `{}` of this gateway could not read it, and so refused it.", self.by);
        Refusal { message, ..self.refusal() }
    }

    /// A body with what is denied masked; `None` if nothing is.
    pub(super) fn apply(&self, body: &[u8], place: &'static Place) -> Result<Option<Bytes>, Refusal> {
        let json = std::str::from_utf8(body).ok().filter(|json| json.trim_start().starts_with('{'));
        let json = json.ok_or_else(|| self.unreadable())?;
        let (mut texts, mut logprobs) = (Splices::default(), Vec::new());
        let mut denied = false;
        let walked = walk(json, place, &mut |found| match (found.kind, &self.action) {
            (Kind::Text, Action::Refuse) => denied |= self.matcher.denies(&text(json, &found.at)),
            (Kind::Text, Action::Mask(mask)) => {
                if let Some(masked) = self.matcher.masked(&text(json, &found.at), mask) {
                    denied = true;
                    texts.string(found.at, &masked);
                }
            }
            (Kind::Logprobs, _) => logprobs.push(found.at),
            (Kind::Finish | Kind::EventType | Kind::Json | Kind::Source, _) => {}
        });
        walked.map_err(|_| self.unreadable())?;
        match (denied, &self.action) {
            (false, _) => Ok(None),
            (true, Action::Refuse) => Err(self.refusal()),
            (true, Action::Mask(_)) => {
                // they would spell out what is masked
                for at in logprobs {
                    // none, in the form that the protocol has for it
                    let none = if json[at.clone()].starts_with('[') { "[]" } else { "null" };
                    texts.raw(at, none.to_owned());
                }
                Ok(texts.apply(json))
            }
        }
    }
}
