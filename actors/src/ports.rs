//! The few traits the service fills. Thin on purpose: a provider needs to read `deployment.rs`, whose traits are handed on
//! here, a callback this file, and neither any other.

use std::sync::Arc;

use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use futures_util::future::{LocalBoxFuture, ready};

pub use crate::deployment::{AnswerFacts, Dialect, EncodeCall, Encoded, Frame, Kept, Translate, Vectors};
use crate::fault::{Fault, Refusal};
use crate::hooks::Hooks;
use crate::record::LogRecord;
use crate::wire::protocol::Protocol;

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
    /// The first events of a stream of any protocol, one JSON object behind the other; all of it is reckoned from them.
    Events(Scale),
}

/// Of how much the first events of a stream are the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// Bytes of all events.
    pub bytes: u64,
    /// All events.
    pub events: u64,
    /// The first events.
    pub sampled: u64,
}

impl Scale {
    /// The tokens of all events, where the first ones are as `read`. What stands around the text is taken to be as long in
    /// the later ones. Where the first ones say nothing, each event is taken for a token: most providers send that many.
    pub fn tokens(self, read: Sampled) -> u64 {
        if read.text == 0 {
            return self.events;
        }
        let (later, bytes) = (self.events.saturating_sub(self.sampled), self.bytes.saturating_sub(read.bytes));
        let texts = u128::from(bytes).saturating_sub(u128::from(later) * u128::from(read.around));
        let (tokens, text) = (u128::from(read.tokens), u128::from(read.text));
        u64::try_from(tokens + tokens * texts / text).unwrap_or(u64::MAX)
    }
}

/// What was read out of the first events of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// Bytes of these events.
    pub bytes: u64,
    /// Of these, text, as JSON writes it.
    pub text: u64,
    /// Bytes around the text of one of them.
    pub around: u64,
    /// Tokens of the text.
    pub tokens: u64,
}

/// Counts tokens where no provider does. An estimate: the model's own encoding may be known to its provider only.
pub trait TokenCounter: Send + Sync + 'static {
    /// The tokens of `body`, off this thread. `None` where too much waits already, or the text cannot be counted.
    fn count(&self, what: Counted, model: &str, body: Bytes) -> LocalBoxFuture<'static, Option<u64>>;
}

#[cfg(test)]
mod tests {
    use super::{Sampled, Scale};

    #[test]
    fn a_stream_is_reckoned_from_its_first_events() {
        // ten events of 100 bytes, 5 of them text that is a token and a half
        let read = Sampled { bytes: 1000, text: 50, around: 95, tokens: 15 };
        let tokens = |events, bytes| Scale { events, bytes, sampled: 10 }.tokens(read);
        assert_eq!(tokens(10, 1000), 15, "there were no others");
        assert_eq!(tokens(100, 10_000), 150, "ten times as many");
        assert_eq!(tokens(100, 10_000 + 90 * 5), 285, "later ones with twice the text");
        assert_eq!(tokens(20, 1500), 15, "later ones are shorter than what stands around a text");
        let scale = Scale { events: 100, bytes: 10_000, sampled: 10 };
        assert_eq!(scale.tokens(Sampled { text: 0, tokens: 0, ..read }), 100, "nothing said yet");
        let most = Scale { events: u64::MAX, bytes: u64::MAX, sampled: 1 };
        assert_eq!(most.tokens(Sampled { text: 1, tokens: u64::MAX, ..Sampled::default() }), u64::MAX);
    }
}
