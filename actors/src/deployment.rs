//! One upstream target, and the trait of the protocol it is called in. They stand in one file because each names the other:
//! a call is written for a deployment, and a deployment is called in a dialect.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;

use crate::credential::{Credential, Token};
use crate::fault::Fault;
use crate::health::{CooldownPolicy, Health};
use crate::prices::{PriceOverride, PriceQuery, PriceTable, Pricing};
use crate::secret::Secret;
use crate::upstream::{Origin, UpstreamHeaders};
use crate::wire::answer::CUT;
use crate::wire::envelope::{Endpoint, Envelope};
use crate::wire::framing::Framing;
use crate::wire::notes::Notes;
use crate::wire::pieces::Pieces;
use crate::wire::protocol::Protocol;
use crate::wire::usage::Usage;

/// Bytes of a credential's beginning that say something of it; `sk-` and the like say nothing.
const TELLING: usize = 5;

/// A provider: pure, bytes in and bytes out, no I/O.
pub trait Dialect: Send + Sync + 'static {
    /// The word for logs and metrics, after OTel's `gen_ai.provider.name` where it has one.
    fn name(&self) -> &'static str;

    /// What it speaks to a caller of this resource: a provider may have more than one protocol, and whoever calls in one of
    /// them shall be answered in it. Where it is the caller's, answers pass as they came.
    fn protocol(&self, asked: Endpoint) -> Protocol;

    /// How its streams are framed.
    fn framing(&self) -> Framing {
        Framing::Events
    }

    /// One call for `deployment`, which knows the provider's model as `model`.
    fn encode(&self, call: &EncodeCall<'_>) -> Result<Encoded, Fault>;

    /// A whole answer as the events of a stream, the terminal one included, for a provider that ignores `stream: true`
    /// (FAULTS S22).
    fn split(&self, asked: Endpoint, whole: &Bytes) -> Result<Vec<Frame>, Fault>;

    /// The events of a stream, the terminal one left out (but not with [`Protocol::Own`] and [`Protocol::Responses`]), as one
    /// whole answer, for a provider that streams unasked (FAULTS S22).
    fn collect(&self, asked: Endpoint, events: &[Kept]) -> Result<Bytes, Fault>;

    /// Whether it counts tokens for whoever asks; otherwise they are counted here.
    fn counts_tokens(&self) -> bool {
        self.protocol(Endpoint::CountTokens) == Protocol::Messages
    }

    /// The way of one stream to a caller who speaks `to`, which is not [`Dialect::protocol`].
    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate>;

    /// Whether the cost that it tells in `usage` is what it bills, in US dollars. Then it goes before a table's prices.
    fn states_cost(&self) -> bool {
        false
    }

    /// The tokens of a whole answer, for a protocol that tells them elsewhere than in `usage`, or in other words than those
    /// known to everyone.
    fn usage(&self, _whole: &[u8]) -> Option<Usage> {
        None
    }

    /// The tokens of a prompt, for a provider that tells them in a header of some answers.
    fn tokens_in(&self, _headers: &UpstreamHeaders) -> Option<u64> {
        None
    }

    /// The kind of an error, for a provider that tells it in a header where the body does not.
    fn kind_in(&self, _headers: &UpstreamHeaders) -> Option<String> {
        None
    }

    /// The headers that sign a call which the dialect has not written, for a provider whose calls are signed.
    ///
    /// # Errors
    /// It cannot be signed.
    fn signed(&self, _call: &Unsigned<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Fault> {
        Ok(Vec::new())
    }

    /// Whether calls are signed over their bodies, which must be known whole then, where the deployment has keys.
    fn signs(&self) -> bool {
        false
    }

    /// A whole answer for a caller who speaks `to`, which is not [`Dialect::protocol`]. What that protocol has no form for
    /// is left out, and goes into `notes`.
    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes, notes: &mut Notes) -> Result<Bytes, Fault>;
}

/// What a dialect needs to write a call.
pub struct EncodeCall<'a> {
    /// What the caller speaks.
    pub protocol: Protocol,
    /// Which of the provider's resources.
    pub endpoint: Endpoint,
    /// The caller's body, scanned; of a form, its fields.
    pub envelope: &'a Envelope,
    /// The boundary of a form. Its files follow the dialect's body, and it is closed behind them.
    pub boundary: Option<&'a str>,
    /// The caller's headers that belong to its protocol, such as `anthropic-beta`.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// The target.
    pub deployment: &'a Deployment,
    /// The provider's name of the model, wildcard filled in.
    pub model: &'a str,
    /// The most tokens the model can write, where known and where the caller speaks otherwise than the provider.
    pub max_output_tokens: Option<u64>,
    /// Whether usage must be asked for in the stream.
    pub stream_usage: bool,
    /// The token of this call, where the deployment's credential is fetched. One that is a header goes into the call
    /// without the dialect; with keys, the dialect signs.
    pub token: Option<&'a Token>,
}

/// A call as it goes out, but for its signature.
pub struct Unsigned<'a> {
    /// The target.
    pub deployment: &'a Deployment,
    /// The method.
    pub method: &'a str,
    /// Below the origin, escaped as it is sent.
    pub path_and_query: &'a str,
    /// Its kind, if it has a body.
    pub content_type: Option<&'a str>,
    /// All of the body.
    pub body: &'a Bytes,
    /// What it is signed with, if that is a pair of keys.
    pub token: Option<&'a Token>,
}

/// A call, ready to send but for the origin and its credential, which only the deployment has.
pub struct Encoded {
    /// Path below the deployment's base URL, such as `/chat/completions`. Where a model's name is part of it, the dialect
    /// has percent-encoded that name as one segment: no model can lead to another resource.
    pub path: Cow<'static, str>,
    /// Headers besides the deployment's.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body, in pieces so that the caller's messages are not copied.
    pub body: Pieces,
    /// What of the caller's request is not in it as the caller wrote it.
    pub notes: Notes,
}

/// What a writer of answers must know besides the answer.
#[derive(Clone, Debug)]
pub struct AnswerFacts {
    /// The model name that the caller shall read.
    pub model: String,
    /// An id for answers whose provider gave none.
    pub id: String,
    /// Unix seconds, for protocols that tell the time where the provider's does not.
    pub created: u64,
    /// Whether usage is shown in a stream; whole answers always have it.
    pub show_usage: bool,
    /// What [`Protocol::repeats`] names of the caller's request: names, and raw JSON.
    pub asked: Vec<(&'static str, Bytes)>,
    /// How vectors are told, where the caller asked for embeddings.
    pub vectors: Option<Vectors>,
}

/// What a writer of embeddings must know.
#[derive(Clone, Copy, Debug)]
pub struct Vectors {
    /// Their numbers as base64 of 32-bit floats, the lowest byte first, rather than as JSON's.
    pub base64: bool,
    /// Tokens of the texts, where the provider told them in a header.
    pub tokens: Option<u64>,
}

impl AnswerFacts {
    /// The raw JSON of a member of the request.
    pub fn asked(&self, name: &str) -> Option<&[u8]> {
        self.asked.iter().find(|(known, _)| *known == name).map(|(_, raw)| &raw[..])
    }
}

/// One event of the caller's stream, not yet framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The SSE `event:` field, for protocols that have it.
    pub name: Option<&'static str>,
    /// The SSE `data:` field.
    pub data: Bytes,
}

/// One event of a provider's stream, kept until the stream is over. In some protocols its name alone says what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name, where it had one.
    pub name: Option<Bytes>,
    /// Its data.
    pub data: Bytes,
}

impl From<Bytes> for Kept {
    fn from(data: Bytes) -> Self {
        Kept { name: None, data }
    }
}

/// One stream's way from the provider's protocol into the caller's.
pub trait Translate {
    /// One event of the provider; what the caller gets for it is pushed to `out`. Tells whether the answer is complete; then
    /// the terminal event was pushed last.
    ///
    /// # Errors
    /// The provider reports a fault, or the event cannot be understood.
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Frame>) -> Result<bool, Fault>;

    /// The provider's body is over. Tells whether the answer is complete, as [`Translate::event`] does; protocols with a
    /// terminal event are cut by that.
    ///
    /// # Errors
    /// As [`Translate::event`].
    fn close(&mut self, _out: &mut Vec<Frame>) -> Result<bool, Fault> {
        Ok(false)
    }

    /// The tokens told so far.
    fn usage(&self) -> Option<Usage>;

    /// What of the answer the caller's protocol has no form for, so far.
    fn notes(&self) -> &Notes;
}

// === The target ===

/// One upstream target.
pub struct Deployment {
    /// `model_info.id`, or a hash of what was configured.
    pub id: Arc<str>,
    /// The model group it serves, as written; may hold a `*`.
    pub group: Arc<str>,
    /// The protocol.
    pub dialect: Arc<dyn Dialect>,
    /// OTel's `gen_ai.provider.name`, or LiteLLM's provider label.
    pub provider: &'static str,
    /// The provider's name of the model; a `*` takes what the group's `*` matched.
    pub upstream_model: Arc<str>,
    /// Where the credential may go, and nowhere else (I6).
    pub origin: Origin,
    /// The path of the base URL, without a slash at its end.
    pub base_path: String,
    /// The query of the base URL with its `?`, or empty.
    pub query: String,
    /// The base URL without query, as records and `x-litellm-model-api-base` show it.
    pub api_base: Arc<str>,
    /// What response headers show of it.
    pub shown: Shown,
    /// The credential, where it is a key.
    pub api_key: Option<Secret>,
    /// The credential, where it is fetched, or signs each call.
    pub credential: Option<Arc<Credential>>,
    /// Every header of a call, built once: `authorization` (marked sensitive), media types, `extra_headers`.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Parameters of `litellm_params` that the caller's own win over: field and raw JSON value.
    pub default_params: Vec<(String, String)>,
    /// `extra_body`: field and raw JSON value; wins over the caller's.
    pub extra_body: Vec<(String, String)>,
    /// Top-level fields that are left out of the call.
    pub drop: Vec<String>,
    /// A parameter that the provider's protocol does not have is left out of the call; otherwise it is refused.
    pub drop_params: bool,
    /// Limit of a whole answer; `None` takes the router's.
    pub timeout: Option<Duration>,
    /// Limit of a stream's first event; `None` takes the path's.
    pub stream_timeout: Option<Duration>,
    /// Retries within the group when this deployment was tried first; `None` takes the router's.
    pub max_retries: Option<u32>,
    /// Share of traffic within its order; see `weights` in [`Group`](crate::routing::Group).
    pub weight: f64,
    /// Lower is tried first.
    pub order: i64,
    /// It is the one whose address and credential a pass-through takes.
    pub pass_through: bool,
    /// Its place among all deployments, as configured.
    pub place: usize,
    /// When it is left out.
    pub cooldown: CooldownPolicy,
    /// What it costs; for a wildcard, see [`Deployment::pricing_for`].
    pub pricing: Pricing,
    /// Its own prices, as configured.
    pub price_override: Option<PriceOverride>,
    /// `model_info.base_model`: the model as whose price it is billed.
    pub base_model: Option<String>,
    /// The rest of `model_info`, for the curious.
    pub info: serde_json::Map<String, serde_json::Value>,
    /// Shared by all generations and workers.
    pub health: Arc<Health>,
}

/// What response headers show of a deployment, made once; `None` for what no header may hold.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// `x-litellm-model-id`.
    pub id: Option<HeaderValue>,
    /// `x-litellm-model-api-base`.
    pub api_base: Option<HeaderValue>,
}

impl Shown {
    /// The headers for an id and a base URL.
    pub fn of(id: &str, api_base: &str) -> Self {
        Shown { id: HeaderValue::from_str(id).ok(), api_base: HeaderValue::from_str(api_base).ok() }
    }
}

impl Deployment {
    /// The provider's model name for what a wildcard matched.
    pub fn model_for(&self, star: Option<&str>) -> Arc<str> {
        match star.zip(self.upstream_model.split_once('*')) {
            Some((star, ("", ""))) => star.into(),
            Some((star, (before, behind))) => [before, star, behind].concat().into(),
            None => Arc::clone(&self.upstream_model),
        }
    }

    /// What it costs to serve the provider's `model`: looked up per model only where a wildcard may stand for any.
    pub fn pricing_for(&self, prices: &PriceTable, model: &str) -> Pricing {
        if !self.upstream_model.contains('*') {
            return self.pricing.clone();
        }
        prices.pricing(&PriceQuery {
            price_override: self.price_override.as_ref(),
            base_model: self.base_model.as_deref(),
            response_model: None,
            model,
            provider: self.provider,
        })
    }

    /// The most tokens the provider's `model` can write: as `model_info` says, or else the price table.
    pub fn max_output_tokens(&self, prices: &PriceTable, model: &str) -> Option<u64> {
        let told = || self.info.get("max_output_tokens").or_else(|| self.info.get("max_tokens"))?.as_u64();
        told().or_else(|| prices.find(self.base_model.as_deref().unwrap_or(model), self.provider)?.max_output_tokens)
    }

    /// Strikes our own credential out of a provider's words; what is left of it too, where they were cut within it.
    pub fn redact(&self, text: &str) -> String {
        let token = self.credential.as_ref().and_then(|credential| credential.latest());
        let secrets = token.iter().flat_map(|token| token.secrets());
        let secrets = self.api_key.iter().map(Secret::expose).chain(secrets);
        secrets.filter(|secret| !secret.is_empty()).fold(text.to_owned(), |text, secret| strike(&text, secret))
    }
}

/// `text` without `key`, nor the beginning of it before a cut.
fn strike(text: &str, key: &str) -> String {
    const STRUCK: &str = "[redacted]";
    let mut clean = text.replace(key, STRUCK);
    if let Some(end) = clean.len().checked_sub(CUT.len_utf8()).filter(|_| clean.ends_with(CUT)) {
        let begins = |&at: &usize| clean[..end].ends_with(&key[..at]);
        let beginnings = key.char_indices().rev().map(|(at, _)| at).take_while(|&at| at >= TELLING);
        if let Some(at) = beginnings.into_iter().find(begins) {
            clean.replace_range(end - at..end, STRUCK);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::strike;

    #[test]
    fn a_key_is_struck_out_and_so_is_what_a_cut_left_of_it() {
        let key = "sk-abcdefgh";
        assert_eq!(strike("bad sk-abcdefgh, really", key), "bad [redacted], really");
        assert_eq!(strike("bad sk-abcdefg…", key), "bad [redacted]…");
        assert_eq!(strike("bad sk-ab…", key), "bad [redacted]…");
        for fine in ["bad sk-…", "sk-abcde is not at the end…", "sk-abcdefg", "…", ""] {
            assert_eq!(strike(fine, key), fine);
        }
    }
}
