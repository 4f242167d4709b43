//! Anthropic: its messages API, for callers who speak it and for those who speak OpenAI's chat completions.

use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};
use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Kept, Translate};
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;

use super::vertex;
use crate::dialects::{anthropic, bridge};

/// The API's version that every call names (Anthropic's "Versions").
pub const VERSION: &str = "2023-06-01";

/// The header it goes in.
pub const VERSION_HEADER: HeaderName = HeaderName::from_static("anthropic-version");

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// How the tokens of a Claude subscription begin; they are bearer tokens, and need a beta (COMPAT 9).
const OAUTH: &str = "sk-ant-oat";
const OAUTH_BETA: &str = "oauth-2025-04-20";

/// The resource, below the base URL.
const PATH: &str = "/v1/messages";

/// The resource that counts tokens.
const COUNT_PATH: &str = "/v1/messages/count_tokens";

/// The dialect.
pub struct Anthropic {
    /// Who runs the models.
    pub host: Host,
}

/// Who runs the models: the protocol is the same, but for where the model is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// Anthropic.
    Anthropic,
    /// Google's Vertex AI.
    Vertex {
        /// The address does not lead to the model yet.
        model_in_path: bool,
    },
}

/// The headers of a credential.
///
/// # Errors
/// It holds characters that no header may hold.
pub fn credential(key: &str) -> Result<Vec<(HeaderName, HeaderValue)>, InvalidHeaderValue> {
    Ok(match key.starts_with(OAUTH) {
        true => vec![
            (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))?),
            (BETA, HeaderValue::from_static(OAUTH_BETA)),
        ],
        false => vec![(API_KEY, HeaderValue::from_str(key)?)],
    })
}

/// A base path as operators write it: with or without what this file adds to it (LiteLLM takes both).
pub fn base_path(path: &str) -> &str {
    let path = path.strip_suffix(PATH).unwrap_or(path);
    path.strip_suffix("/v1").unwrap_or(path)
}

impl Dialect for Anthropic {
    fn name(&self) -> &'static str {
        match self.host {
            Host::Anthropic => "anthropic",
            Host::Vertex { .. } => "vertex_ai",
        }
    }

    fn protocol(&self, _: Endpoint) -> Protocol {
        Protocol::Messages
    }

    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault> {
        if let Host::Vertex { model_in_path } = self.host {
            return vertex::claude(call, model_in_path, &all_betas(call));
        }
        match call.endpoint {
            Endpoint::Messages => own(call, PATH),
            Endpoint::CountTokens => own(call, COUNT_PATH),
            Endpoint::Chat | Endpoint::Completions | Endpoint::Responses | Endpoint::Generate => {
                let (body, notes) = bridge::written(call, Protocol::Messages)?;
                Ok(Encoded { path: PATH.into(), headers: Vec::new(), body, notes })
            }
            _ => Err(bridge::not_served(call, "Anthropic")),
        }
    }

    fn split(&self, _: Endpoint, whole: &Bytes) -> Result<Vec<Frame>, Fault> {
        bridge::split(Protocol::Messages, whole)
    }

    fn collect(&self, _: Endpoint, events: &[Kept]) -> Result<Bytes, Fault> {
        anthropic::collect(events)
    }

    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
        bridge::translator(Protocol::Messages, to, facts)
    }

    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes, notes: &mut Notes) -> Result<Bytes, Fault> {
        bridge::translate(Protocol::Messages, to, facts, whole, notes)
    }
}

/// The caller's body as it came, and what it is to be read by.
fn own(call: &EncodeCall<'_>, path: &'static str) -> Result<Encoded, Fault> {
    let (body, notes) = bridge::edited(call, false)?;
    let headers = version(call).into_iter().chain(betas(call)).collect();
    Ok(Encoded { path: path.into(), headers, body, notes })
}

/// The version of the API that the caller's body is written for, where it names one: its answer is read by that caller.
fn version(call: &EncodeCall<'_>) -> Option<(HeaderName, HeaderValue)> {
    call.headers.iter().find(|(name, _)| *name == VERSION_HEADER).cloned()
}

/// The caller's betas beside the deployment's own: a caller's must not switch off what the operator's key needs.
fn betas(call: &EncodeCall<'_>) -> Vec<(HeaderName, HeaderValue)> {
    match call.headers.iter().any(|(name, _)| *name == BETA) {
        false => Vec::new(),
        true => {
            HeaderValue::from_bytes(&all_betas(call).join(&b","[..])).map(|value| (BETA, value)).into_iter().collect()
        }
    }
}

/// The betas that headers name, one each. One that is no text is none.
pub(super) fn betas_in(headers: &[(HeaderName, HeaderValue)]) -> impl Iterator<Item = &str> {
    let lists = headers.iter().filter(|(name, _)| *name == BETA).filter_map(|(_, value)| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).filter(|beta| !beta.is_empty())
}

/// Each `anthropic-beta`, the deployment's own first.
fn all_betas<'c>(call: &EncodeCall<'c>) -> Vec<&'c [u8]> {
    let headers = call.deployment.headers.iter().chain(call.headers);
    headers.filter(|(name, _)| *name == BETA).map(|(_, value)| value.as_bytes()).collect()
}
