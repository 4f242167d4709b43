//! Amazon Bedrock: Converse and ConverseStream, for every caller, and InvokeModel for embeddings. Each call is signed (SigV4) with the keys of its moment,
//! or carries a bearer token, which is a header like any other.

mod betas;
pub mod model;

use std::borrow::Cow;
use std::time::SystemTime;

use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use bytes::Bytes;
use millrace_actors::credential::Token;
use millrace_actors::deployment::Unsigned;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Kept, Translate};
use millrace_actors::upstream::UpstreamHeaders;
use millrace_actors::wire::endpoint::Endpoint;
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::usage::Usage;

use crate::credentials::sign::{self, Outgoing, Scope};
use crate::dialects::own::Own;
use crate::dialects::{bedrock, bridge};

/// What AWS calls the service in a signature.
const SERVICE: &str = "bedrock";

/// The header in which `InvokeModel` tells the tokens of a prompt (Amazon Bedrock, "Monitoring the performance").
const INPUT_TOKENS: &str = "x-amzn-bedrock-input-token-count";

/// The header in which AWS names the exception that an error is (its protocol "restJson1", Operation error serialization).
const ERROR_KIND: &str = "x-amzn-errortype";

const CONVERSE: Own = Own {
    write_request: bedrock::write_request,
    read_whole: bedrock::read_whole,
    usage: bedrock::usage_of,
    decoder: || Box::new(bedrock::Decoder::default()),
};

/// The dialect of one deployment.
pub struct Bedrock {
    /// Where it is: calls are signed for a region.
    pub region: String,
}

impl Dialect for Bedrock {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    fn protocol(&self, _: Endpoint) -> Protocol {
        Protocol::Own
    }

    fn framing(&self) -> Framing {
        Framing::Frames
    }

    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        if call.endpoint == Endpoint::CountTokens || !call.endpoint.facts().translated {
            return Err(bridge::not_served(call, "Amazon Bedrock"));
        }
        let id = model::segment(call.model)
            .map_err(|message| Fault::BadRequest { message, param: Some("model".to_owned()) })?;
        let embeds = call.endpoint == Endpoint::Embeddings;
        let resource = match call.envelope.stream() {
            _ if embeds => "invoke",
            true => "converse-stream",
            false => "converse",
        };
        let path = format!("/model/{id}/{resource}");
        let (body, notes) = match embeds {
            true => bridge::written_as(call, |body| bedrock::write_embed(body, call.model))?,
            false => {
                let mut of_betas = Notes::default();
                let betas = betas::of(call, &mut of_betas);
                let (body, mut notes) =
                    bridge::written_by(call, |request, target| bedrock::write_with_betas(request, target, &betas))?;
                notes.extend(&of_betas);
                (body, notes)
            }
        };
        let deployment = call.deployment;
        let kind = deployment.headers.iter().find(|(name, _)| *name == CONTENT_TYPE);
        let headers = self.signed(&Unsigned {
            deployment,
            method: "POST",
            path_and_query: &format!("{}{path}{}", deployment.base_path, deployment.query),
            content_type: kind.and_then(|(_, value)| value.to_str().ok()),
            body: &body.to_bytes(),
            token: call.token,
        })?;
        Ok(Encoded { path: Cow::Owned(path), headers, body, notes })
    }

    fn signed(&self, call: &Unsigned<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Fault> {
        let Some(keys) = call.token.and_then(Token::keys) else { return Ok(Vec::new()) };
        let host = call.deployment.origin.host_header();
        let kind = call.content_type.map(|value| ("content-type", value));
        let headers: Vec<(&str, &str)> = [("host", &*host)].into_iter().chain(kind).collect();
        let outgoing = Outgoing {
            method: call.method,
            url: &format!("{}{}", call.deployment.origin, call.path_and_query),
            headers: &headers,
            body: call.body,
        };
        let scope = Scope { region: &self.region, service: SERVICE };
        // signed anew for each attempt: a signature holds for minutes, and a retry may come later
        sign::sign(&outgoing, keys, &scope, SystemTime::now()).map_err(|error| {
            log::error!("call cannot be signed deployment={} cause={error:?}", call.deployment.id);
            Fault::Internal
        })
    }

    fn signs(&self) -> bool {
        true
    }

    /// One event that holds the whole answer, which the reader of streams knows. Read before: what is wrong with it must be
    /// known before the head is out, while another try may be made.
    fn split(&self, _: Endpoint, whole: &Bytes) -> Result<Vec<Frame>, Fault> {
        (CONVERSE.read_whole)(whole)?;
        Ok(vec![Frame { name: Some(bedrock::WHOLE), data: whole.clone() }])
    }

    fn collect(&self, _: Endpoint, events: &[Kept]) -> Result<Bytes, Fault> {
        Ok(CONVERSE.collected(events))
    }

    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        CONVERSE.translator(to, facts)
    }

    fn usage(&self, whole: &[u8]) -> Option<Usage> {
        (CONVERSE.usage)(whole)
    }

    fn kind_in(&self, headers: &UpstreamHeaders) -> Option<String> {
        // an address may stand behind the name
        let name = headers.get(ERROR_KIND)?.to_str().ok()?.split(':').next()?.trim();
        let sound = !name.is_empty() && name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        sound.then(|| name.to_owned())
    }

    fn tokens_in(&self, headers: &UpstreamHeaders) -> Option<u64> {
        headers.get(INPUT_TOKENS)?.to_str().ok()?.parse().ok()
    }

    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes, notes: &mut Notes) -> Result<Bytes, Fault> {
        match facts.vectors {
            Some(_) => bedrock::read_embed(&facts, whole),
            None => CONVERSE.translate(to, &facts, whole, notes),
        }
    }
}
