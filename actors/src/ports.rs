//! The few traits the service fills. Thin on purpose: a provider or a callback needs to read this file and no other.

use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use futures_util::future::{LocalBoxFuture, ready};

use crate::credential::Token;
use crate::fault::{Fault, Refusal};
use crate::hooks::Hooks;
use crate::record::LogRecord;
use crate::routing::Deployment;
use crate::wire::envelope::{Endpoint, Envelope};
use crate::wire::framing::Framing;
use crate::wire::notes::Notes;
use crate::wire::pieces::Pieces;
use crate::wire::protocol::Protocol;
use crate::wire::usage::Usage;
use std::borrow::Cow;
use std::sync::Arc;

// === Providers ===

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

    /// The events of a stream, the terminal one left out (but not with [`Protocol::Own`] and [`Protocol::Responses`]), as one whole answer, for a provider that streams unasked
    /// (FAULTS S22).
    fn collect(&self, asked: Endpoint, events: &[Bytes]) -> Result<Bytes, Fault>;

    /// Whether it counts tokens for whoever asks; otherwise they are counted here.
    fn counts_tokens(&self) -> bool {
        self.protocol(Endpoint::CountTokens) == Protocol::Messages
    }

    /// The way of one stream to a caller who speaks `to`, which is not [`Dialect::protocol`].
    fn translator(&self, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate>;

    /// The tokens of a whole answer, for a protocol that tells them elsewhere than in `usage`, or in other words than those
    /// known to everyone.
    fn usage(&self, _whole: &[u8]) -> Option<Usage> {
        None
    }

    /// A whole answer for a caller who speaks `to`, which is not [`Dialect::protocol`].
    fn translate(&self, to: Protocol, facts: AnswerFacts, whole: &Bytes) -> Result<Bytes, Fault>;
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
    /// Whether the caller wants a text completion rather than a chat's.
    pub text_completion: bool,
}

/// One event of the caller's stream, not yet framed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The SSE `event:` field, for protocols that have it.
    pub name: Option<&'static str>,
    /// The SSE `data:` field.
    pub data: Bytes,
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
}

// === Callbacks ===

/// What a callback may know of the exchange it is asked about.
#[derive(Clone, Debug)]
pub struct CallFacts {
    /// What the caller speaks: `body` and what hooks see of the answer are in it.
    pub protocol: Protocol,
    /// `x-litellm-call-id`.
    pub call_id: Arc<str>,
    /// The route's name, such as `/v1/chat/completions`.
    pub route: &'static str,
    /// The model as the caller wrote it.
    pub model: Arc<str>,
    /// Whether the caller asked for a stream.
    pub stream: bool,
    /// The caller's alias; never the key.
    pub caller: Arc<str>,
    /// The request body, as the caller sent it or as `pre_call` left it.
    pub body: Bytes,
}

/// One event of a stream on its way out, parsed.
pub struct Chunk {
    /// The event's JSON. Change it and set `changed`.
    pub value: serde_json::Value,
    /// Whether `value` is no longer what came; unchanged events keep their bytes.
    pub changed: bool,
}

/// A stage that wraps one whole stream: it may hold back, change, add or refuse.
pub trait StreamStage {
    /// One event's data came in; what goes on is pushed to `out`.
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal>;

    /// The provider ended the stream properly; what is still held goes to `out`.
    fn end(&mut self, out: &mut Vec<Bytes>) -> Result<(), Refusal>;
}

/// How a callback's queue is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct SinkHealth {
    /// Records waiting.
    pub depth: u64,
    /// Records delivered since the callback was made.
    pub delivered: u64,
    /// Records dropped because the queue was full or every try failed.
    pub dropped: u64,
}

/// An object with hooks. It declares which it has, and implements only those; the others are never called.
///
/// Shared by all workers, so `Send + Sync`; the futures are not, since each runs on the worker that asked.
pub trait Callback: Send + Sync + 'static {
    /// The built-in kind it was made from, such as `jsonl`.
    fn kind(&self) -> &'static str;

    /// The hooks it has. Asked once, when the callback is registered.
    fn hooks(&self) -> Hooks;

    /// Before the upstream call. `Some` replaces the body, which is scanned again by the same rules.
    fn pre_call<'a>(&'a self, _call: &'a CallFacts) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(Ok(None)))
    }

    /// Beside the upstream call; may only refuse. The answer waits for it; a stream's head does too, while it is held.
    fn during_call<'a>(&'a self, _call: &'a CallFacts) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(ready(Ok(())))
    }

    /// On a whole answer. `Some` replaces it.
    fn post_call<'a>(
        &'a self,
        _call: &'a CallFacts,
        _answer: &'a Bytes,
    ) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(Ok(None)))
    }

    /// At the start of a stream: a stage to wrap it with.
    fn stream(&self, _call: &CallFacts) -> Option<Box<dyn StreamStage>> {
        None
    }

    /// On each event, with the text of the stream so far, this event's included.
    fn stream_chunk(&self, _call: &CallFacts, _chunk: &mut Chunk, _text_so_far: &str) -> Result<(), Refusal> {
        Ok(())
    }

    /// Adds response headers; a later callback wins on the same name.
    fn response_headers(&self, _call: &CallFacts, _headers: &mut Vec<(HeaderName, HeaderValue)>) {}

    /// On a failure, before the answer is written; `Some` replaces what the caller is told.
    fn failure(&self, _call: &CallFacts, _fault: &Fault) -> Option<Fault> {
        None
    }

    /// An exchange settled well. Must not block: put it in a bounded queue.
    fn log_success(&self, _record: &Arc<LogRecord>) {}

    /// An exchange settled otherwise. Must not block.
    fn log_failure(&self, _record: &Arc<LogRecord>) {}

    /// The state of its queue, if it has one.
    fn health(&self) -> Option<SinkHealth> {
        None
    }

    /// Delivers what is queued, or gives up after a deadline of its own. Called when the process stops.
    fn flush(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

/// A complaint about a callback's parameter.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ParamError {
    /// JSON pointer into the parameters, `""` for the whole.
    pub pointer: String,
    /// What is wrong and what would do.
    pub message: String,
}

impl std::fmt::Display for ParamError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

/// What a callback is made from: as written in the config file, or as sent to the admin surface.
#[derive(Clone, Debug, PartialEq)]
pub struct CallbackSpec {
    /// The name it is registered under.
    pub name: String,
    /// The built-in kind.
    pub kind: String,
    /// Its parameters, a JSON object.
    pub params: serde_json::Value,
}

/// Makes callbacks from specs; the service's `callbacks` module fills it.
pub trait CallbackFactory: Send + Sync + 'static {
    /// A new callback from the operator's file, or every complaint about its parameters.
    fn make(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>>;

    /// The same from over HTTP, where a leaked master key must not become a way to write files or to call anywhere.
    fn make_for_admin(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        self.make(spec)
    }

    /// What the operator's file says now; told before a reload. [`CallbackFactory::make_for_admin`] may trust what is in it.
    fn configured(&self, _specs: &[CallbackSpec]) {}
}

// === Tokens ===

/// What a body is whose tokens are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// A request of any protocol.
    Request,
    /// A whole answer of any protocol.
    Answer,
}

/// Counts tokens where no provider does. An estimate: the model's own encoding may be known to its provider only.
pub trait TokenCounter: Send + Sync + 'static {
    /// The tokens of `body`, off this thread. `None` where too much waits already, or the text cannot be counted.
    fn count(&self, what: Counted, model: &str, body: Bytes) -> LocalBoxFuture<'static, Option<u64>>;
}
