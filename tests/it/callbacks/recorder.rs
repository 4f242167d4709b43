//! A callback of the tests that notes each call of each of its hooks, and each record.

use std::sync::{Arc, Mutex};

use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use futures_util::future::{LocalBoxFuture, ready};
use millrace_actors::capabilities::Hooks;
use millrace_actors::fault::{Fault, Refusal};
use millrace_actors::ports::{CallFacts, Callback, Chunk, StreamStage};
use millrace_actors::record::LogRecord;
use serde_json::Value;

/// The callback.
pub struct Recorder {
    hooks: Hooks,
    calls: Arc<Mutex<Vec<String>>>,
    records: Mutex<Vec<Value>>,
}

impl Recorder {
    /// With these hooks.
    pub fn new(hooks: Hooks) -> Self {
        Recorder { hooks, calls: Arc::default(), records: Mutex::default() }
    }

    /// The hooks that were called, in order, since this was last asked.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().expect("no panic"))
    }

    /// The records so far.
    pub fn records(&self) -> Vec<Value> {
        self.records.lock().expect("no panic").clone()
    }

    fn note(&self, hook: impl Into<String>) {
        self.calls.lock().expect("no panic").push(hook.into());
    }

    fn keep(&self, hook: &str, record: &LogRecord) {
        let record = serde_json::to_value(record).expect("a record");
        self.note(format!("{hook} {}", record["outcome"].as_str().expect("an outcome")));
        self.records.lock().expect("no panic").push(record);
    }
}

struct Stage(Arc<Mutex<Vec<String>>>);

impl StreamStage for Stage {
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        self.0.lock().expect("no panic").push("stage".to_owned());
        out.push(data);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Bytes>) -> Result<(), Refusal> {
        self.0.lock().expect("no panic").push("stage end".to_owned());
        Ok(())
    }
}

impl Callback for Recorder {
    fn kind(&self) -> &'static str {
        "recorder"
    }

    fn hooks(&self) -> Hooks {
        self.hooks
    }

    fn pre_call<'a>(&'a self, _: &'a CallFacts) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        self.note("pre_call");
        Box::pin(ready(Ok(None)))
    }

    fn during_call<'a>(&'a self, _: &'a CallFacts) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        self.note("during_call");
        Box::pin(ready(Ok(())))
    }

    fn post_call<'a>(&'a self, _: &'a CallFacts, _: &'a Bytes) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        self.note("post_call");
        Box::pin(ready(Ok(None)))
    }

    fn stream(&self, _: &CallFacts) -> Option<Box<dyn StreamStage>> {
        self.note("stream");
        Some(Box::new(Stage(Arc::clone(&self.calls))))
    }

    fn stream_chunk(&self, _: &CallFacts, _: &mut Chunk, text: &str) -> Result<(), Refusal> {
        self.note(format!("chunk {}", text.len()));
        Ok(())
    }

    fn response_headers(&self, _: &CallFacts, headers: &mut Vec<(HeaderName, HeaderValue)>) {
        self.note("response_headers");
        headers.push((HeaderName::from_static("x-recorder"), HeaderValue::from_static("was here")));
    }

    fn failure(&self, _: &CallFacts, fault: &Fault) -> Option<Fault> {
        self.note(format!("failure {}", fault.class()));
        None
    }

    fn log_success(&self, record: &Arc<LogRecord>) {
        self.keep("log_success", record);
    }

    fn log_failure(&self, record: &Arc<LogRecord>) {
        self.keep("log_failure", record);
    }
}
