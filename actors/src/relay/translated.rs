//! Out of the provider's protocol into the client's, event by event; then past callbacks, who see what the client shall see.

use std::sync::LazyLock;

use bytes::BytesMut;
use memchr::memmem::Finder;

use super::hooked::Hooked;
use super::outcome::{Finish, Learnt, Refused};
use crate::fault::Fault;
use crate::ports::{Frame, Translate};
use crate::wire::messages::kind;
use crate::wire::notes::Notes;
use crate::wire::protocol::Protocol;
use crate::wire::sse::Event;

static TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"type\""));

/// One such stream.
pub(super) struct Translated {
    protocol: Protocol,
    translate: Box<dyn Translate>,
    hooked: Option<Box<Hooked>>,
    /// Empty between events; kept for its room.
    frames: Vec<Frame>,
}

impl Translated {
    pub(super) fn new(protocol: Protocol, translate: Box<dyn Translate>, hooked: Option<Box<Hooked>>) -> Self {
        Translated { protocol, translate, hooked, frames: Vec::new() }
    }

    /// One event of the provider; tells whether, and how, it was the last.
    pub(super) fn event(&mut self, event: &Event<'_>, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        if has_words(event) {
            learnt.written.note(event.data);
        }
        let complete = self.translate.event(event.name, event.data, &mut self.frames);
        self.send(complete, out, learnt)
    }

    /// What of the answer so far the client's protocol has no form for.
    pub(super) fn notes(&self) -> &Notes {
        self.translate.notes()
    }

    /// The provider's body is over: protocols without a terminal event end so. `None`: it was cut.
    pub(super) fn close(&mut self, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        let complete = self.translate.close(&mut self.frames);
        self.send(complete, out, learnt)
    }

    fn send(&mut self, complete: Result<bool, Fault>, out: &mut BytesMut, learnt: &mut Learnt) -> Option<Finish> {
        if let Some(usage) = self.translate.usage() {
            learnt.usage = Some(usage);
        }
        // what came before a fault in the same event was said, and is passed on
        let mut frames = std::mem::take(&mut self.frames);
        let passed = frames.drain(..).try_for_each(|frame| self.pass(&frame, out, learnt));
        self.frames = frames;
        match (passed, complete) {
            (Err(refusal), _) => Some(Finish::Broken(Fault::Refused(refusal))),
            (Ok(()), Err(fault)) => Some(Finish::Broken(fault)),
            (Ok(()), Ok(false)) => None,
            (Ok(()), Ok(true)) => Some(self.end(out)),
        }
    }

    /// A client whose protocol has no terminal event has been sent all of it; what callbacks hold goes after it.
    fn end(&mut self, out: &mut BytesMut) -> Finish {
        match &mut self.hooked {
            Some(hooked) if self.protocol == Protocol::GenerateContent => {
                hooked.end(out).err().map_or(Finish::Done, |refusal| Finish::Broken(Fault::Refused(refusal)))
            }
            _ => Finish::Done,
        }
    }

    fn pass(&mut self, frame: &Frame, out: &mut BytesMut, learnt: &mut Learnt) -> Refused<()> {
        let name = frame.name.map(str::as_bytes);
        let last = self.protocol.ends(name, &frame.data);
        if !last {
            learnt.events += 1;
        }
        match &mut self.hooked {
            Some(hooked) if !last => return hooked.event(name, &frame.data, out),
            // it says all texts once more
            Some(hooked) if self.protocol == Protocol::Responses => {
                hooked.event(name, &frame.data, out)?;
                return hooked.end(out);
            }
            Some(hooked) => hooked.end(out)?,
            None => {}
        }
        self.protocol.frame(out, name, |out| out.extend_from_slice(&frame.data));
        Ok(())
    }
}

/// Whether an event of the provider brings words that no other does. Where a protocol names its events, or says in them what they
/// are, these are the deltas: what begins or ends has none, and what is done is told whole once more. Events of the other
/// protocols (OpenAI's chats, Gemini, Ollama) are not told apart.
fn has_words(event: &Event<'_>) -> bool {
    if event.name.is_none() && TYPE.find(event.data).is_none() {
        return true;
    }
    // of Bedrock's names a word begins in capitals
    let is_delta = |kind: &str| kind.ends_with("delta") || kind.ends_with("Delta");
    kind(event.name, event.data).is_none_or(|kind| kind != "message_delta" && is_delta(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_deltas_where_events_say_what_they_are() {
        let of = |name: Option<&'static str>, data: &'static str| {
            let data = data.as_bytes();
            has_words(&Event { raw: data, data, name: name.map(str::as_bytes), canonical: name.is_none() })
        };
        for (kind, words) in [
            ("response.output_text.delta", true),
            ("response.output_text.done", false),
            ("response.completed", false),
            ("content_block_delta", true),
            ("content_block_start", false),
            ("message_start", false),
            ("message_delta", false),
            ("ping", false),
            ("content-delta", true),
            ("message-end", false),
        ] {
            let unnamed: &'static str = format!(r#"{{"n":1,"type":"{kind}","delta":{{"text":"a"}}}}"#).leak();
            assert_eq!((of(Some(kind), "{}"), of(None, unnamed)), (words, words), "{kind}");
        }
        assert!(of(Some("contentBlockDelta"), "{}") && !of(Some("messageStart"), "{}"));
        for chat in
            [r#"{"choices":[{"delta":{"tool_calls":[{"type":"function"}]}}]}"#, r#"{"candidates":[]}"#, "[DONE]"]
        {
            assert!(of(None, chat), "{chat}");
        }
    }
}
