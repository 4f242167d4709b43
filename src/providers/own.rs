//! Providers whose protocol no caller speaks, that bring nothing but its words: one dialect for all, and a [`How`] for each.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Kept, Translate};
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::pieces::Pieces;
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::usage::Usage;

use super::row::Row;
use crate::dialects::bridge;
use crate::dialects::own::Own;

/// The words of one provider.
pub struct How {
    /// Its protocol of chats.
    pub protocol: Own,
    /// How its streams are framed.
    pub framing: Framing,
    /// The resource of chats.
    pub chat: &'static str,
    /// The resource of embeddings.
    pub embed: &'static str,
    /// The body of a call for embeddings.
    pub embed_request: fn(&EncodeCall<'_>) -> Result<(Pieces, Notes), Fault>,
    /// An answer of embeddings in OpenAI's form.
    pub embed_answer: fn(&AnswerFacts, &[u8]) -> Result<Bytes, Fault>,
    /// The resource that puts documents in order, if it has one: the shape that callers send is its own.
    pub rerank: Option<&'static str>,
    /// The part of a base path as operators write it that the resources are put behind.
    pub base_path: fn(&str) -> &str,
}

/// The dialect.
pub struct OwnDialect {
    /// Whose it is.
    pub row: &'static Row,
    /// How it is spoken.
    pub how: &'static How,
}

impl Dialect for OwnDialect {
    fn name(&self) -> &'static str {
        self.row.name
    }

    fn protocol(&self, _: Endpoint) -> Protocol {
        Protocol::Own
    }

    fn framing(&self) -> Framing {
        self.how.framing
    }

    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        let how = self.how;
        let (path, (body, notes)) = match (call.endpoint, how.rerank) {
            (Endpoint::Embeddings, _) => (how.embed, (how.embed_request)(call)?),
            (Endpoint::Rerank, Some(path)) => (path, bridge::edited(call, false)?),
            // whatever a caller's protocol calls a chat
            (asked, _) if asked.facts().translated && asked != Endpoint::CountTokens => {
                (how.chat, how.protocol.written(call)?)
            }
            _ => return Err(bridge::not_served(call, self.row.shown.title)),
        };
        Ok(Encoded { path: path.into(), headers: Vec::new(), body, notes })
    }

    /// As one event, if it is an answer at all: the reader of streams knows a whole answer when it sees one.
    fn split(&self, _: Endpoint, whole: &Bytes) -> Result<Vec<Frame>, Fault> {
        (self.how.protocol.read_whole)(whole)?;
        Ok(vec![Frame { name: None, data: whole.clone() }])
    }

    fn collect(&self, _: Endpoint, events: &[Kept]) -> Result<Bytes, Fault> {
        Ok(self.how.protocol.collected(events))
    }

    fn usage(&self, whole: &[u8]) -> Option<Usage> {
        (self.how.protocol.usage)(whole)
    }

    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        self.how.protocol.translator(to, facts)
    }

    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes, notes: &mut Notes) -> Result<Bytes, Fault> {
        match facts.vectors {
            Some(_) => (self.how.embed_answer)(&facts, whole),
            None => self.how.protocol.translate(to, &facts, whole, notes),
        }
    }
}
