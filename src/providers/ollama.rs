//! Ollama's own API: `/api/chat`, which knows more than its OpenAI-compatible one (thought, options), and `/api/embed`.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Translate};
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::protocol::Protocol;

use super::row::Row;
use crate::dialects::ollama::{OLLAMA, embed_answer, embed_request};
use crate::dialects::{bridge, own};

/// The dialect.
pub struct Ollama {
    /// Under which of its names.
    pub row: &'static Row,
}

/// A base path as operators write it: with or without the resource, or that of the OpenAI-compatible API beside it.
pub fn base_path(path: &str) -> &str {
    let path = path.strip_suffix("/api/chat").unwrap_or(path);
    path.strip_suffix("/v1").unwrap_or(path)
}

impl Dialect for Ollama {
    fn name(&self) -> &'static str {
        self.row.name
    }

    fn protocol(&self) -> Protocol {
        Protocol::Own
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        let (path, (body, notes)) = match call.endpoint {
            Endpoint::Chat | Endpoint::Messages | Endpoint::Completions => ("/api/chat", OLLAMA.written(call)?),
            Endpoint::Embeddings => ("/api/embed", embed_request(call)?),
            _ => return Err(bridge::not_served(call, self.row.name)),
        };
        Ok(Encoded { path: path.into(), headers: Vec::new(), body, notes })
    }

    /// A whole answer is the one line of a stream that says it all.
    fn split(&self, whole: &Bytes) -> Result<Vec<Frame>, Fault> {
        Ok(vec![Frame { name: None, data: whole.clone() }])
    }

    fn collect(&self, _: Endpoint, events: &[Bytes]) -> Result<Bytes, Fault> {
        Ok(own::collected(events))
    }

    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        OLLAMA.translator(to, facts)
    }

    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes) -> Result<Bytes, Fault> {
        match embed_answer(&facts.model, whole) {
            Some(answer) => Ok(answer),
            None => OLLAMA.translate(to, &facts, whole),
        }
    }
}
