//! Cohere: its chat and embeddings, version 2.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Translate};
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;

use super::row::Row;
use crate::dialects::cohere::{COHERE, embed_answer, embed_request};
use crate::dialects::{bridge, own};

/// The dialect.
pub struct Cohere {
    /// Under which of its names.
    pub row: &'static Row,
}

/// A base path as operators write it: with the resource, with the version, or without either (LiteLLM takes all).
pub fn base_path(path: &str) -> &str {
    let path = ["/chat", "/embed", "/rerank"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
    ["/v2", "/v1"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path)
}

impl Dialect for Cohere {
    fn name(&self) -> &'static str {
        self.row.name
    }

    fn protocol(&self) -> Protocol {
        Protocol::Own
    }

    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        let (path, (body, notes)) = match call.endpoint {
            Endpoint::Embeddings => ("/v2/embed", embed_request(call)?),
            Endpoint::Chat | Endpoint::Messages | Endpoint::Completions => ("/v2/chat", COHERE.written(call)?),
            // the shape that callers send is its own
            Endpoint::Rerank => ("/v2/rerank", (bridge::edited(call, false), Notes::default())),
            _ => return Err(bridge::not_served(call, "Cohere")),
        };
        Ok(Encoded { path: path.into(), headers: vec![], body, notes })
    }

    /// As one event: the reader of streams knows a whole answer when it sees one.
    fn split(&self, whole: &Bytes) -> Result<Vec<Frame>, Fault> {
        let data = whole.clone();
        Ok(vec![Frame { name: None, data }])
    }

    fn collect(&self, _: Endpoint, all: &[Bytes]) -> Result<Bytes, Fault> {
        Ok(own::collected(all))
    }

    fn translator(&self, caller: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        COHERE.translator(caller, facts)
    }

    fn translate(&self, caller: Protocol, facts: AnswerFacts, whole: &Bytes) -> Result<Bytes, Fault> {
        let embedded = embed_answer(&facts.model, whole);
        embedded.map_or_else(|| COHERE.translate(caller, &facts, whole), Ok)
    }
}
