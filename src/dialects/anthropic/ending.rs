//! How an answer ended, in this API's words, and its id: shared by the caller's stream and whole answer.

use std::borrow::Cow;

use crate::dialects::event::{Event, Reason};

/// What was seen that bears on the end.
#[derive(Debug, Default)]
pub struct Ending {
    finish: Option<(Reason, Option<String>)>,
    called: bool,
    refused: bool,
}

impl Ending {
    /// Looks at an event of the first choice.
    pub fn look(&mut self, event: &Event) {
        match event {
            Event::ToolCall { choice: 0, .. } => self.called = true,
            Event::Refusal { choice: 0, .. } => self.refused = true,
            Event::Finish { choice: 0, reason, stop_sequence } => {
                self.finish = Some((reason.clone(), stop_sequence.clone()));
            }
            _ => {}
        }
    }

    /// `stop_reason` and `stop_sequence`.
    pub fn words(&self) -> (&'static str, Option<&str>) {
        let (reason, sequence) = match &self.finish {
            Some((reason, sequence)) => (reason, sequence.as_deref()),
            None => (&Reason::Stop, None),
        };
        let word = match reason {
            // OpenAI says `stop` of a call that was forced; clients of this API go by the reason to run the tool
            Reason::Stop | Reason::Other(_) if self.called => "tool_use",
            Reason::Stop | Reason::Other(_) if self.refused => "refusal",
            Reason::Stop | Reason::Other(_) => "end_turn",
            Reason::StopSequence => "stop_sequence",
            Reason::Length => "max_tokens",
            Reason::ToolCalls => "tool_use",
            Reason::ContentFilter | Reason::Refusal => "refusal",
            Reason::Pause => "pause_turn",
        };
        (word, sequence)
    }
}

/// An id that reads as this API's, and from which the provider's can be told.
pub fn message_id(id: &str) -> Cow<'_, str> {
    if id.starts_with("msg_") { Cow::Borrowed(id) } else { Cow::Owned(format!("msg_{id}")) }
}
