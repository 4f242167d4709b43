//! `noop`: has every hook and does nothing in any of them. It measures what hooks cost; nobody needs it in production.

use std::sync::Arc;

use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use futures_util::future::{LocalBoxFuture, ready};
use millrace_actors::capabilities::Hooks;
use millrace_actors::fault::{Fault, Refusal};
use millrace_actors::ports::{CallFacts, Callback, Chunk, ParamError, StreamStage};
use millrace_actors::record::LogRecord;
use serde_json::Value;

use super::params::Reader;

/// The callback.
pub(super) struct Noop;

/// Passes events on as they come.
struct Through;

/// It has no parameters.
pub(super) fn read(params: &Value) -> Result<Noop, Vec<ParamError>> {
    Reader::new(params).finish(Some(Noop))
}

// Each hook is written out although most repeat the trait's own: a change of the trait's must not change what is measured.
impl Callback for Noop {
    fn kind(&self) -> &'static str {
        "noop"
    }

    fn hooks(&self) -> Hooks {
        Hooks::all()
    }

    fn pre_call<'a>(&'a self, _: &'a CallFacts) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(Ok(None)))
    }

    fn during_call<'a>(&'a self, _: &'a CallFacts) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        Box::pin(ready(Ok(())))
    }

    fn post_call<'a>(&'a self, _: &'a CallFacts, _: &'a Bytes) -> LocalBoxFuture<'a, Result<Option<Bytes>, Refusal>> {
        Box::pin(ready(Ok(None)))
    }

    fn stream(&self, _: &CallFacts) -> Option<Box<dyn StreamStage>> {
        Some(Box::new(Through))
    }

    fn stream_chunk(&self, _: &CallFacts, _: &mut Chunk, _: &str) -> Result<(), Refusal> {
        Ok(())
    }

    fn response_headers(&self, _: &CallFacts, _: &mut Vec<(HeaderName, HeaderValue)>) {}

    fn failure(&self, _: &CallFacts, _: &Fault) -> Option<Fault> {
        None
    }

    fn log_success(&self, _: &Arc<LogRecord>) {}

    fn log_failure(&self, _: &Arc<LogRecord>) {}
}

impl StreamStage for Through {
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        out.push(data);
        Ok(())
    }

    fn end(&mut self, _: &mut Vec<Bytes>) -> Result<(), Refusal> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_every_hook_and_its_stage_changes_nothing() {
        assert_eq!(Noop.hooks(), Hooks::all());
        let mut out = Vec::new();
        Through.event(Bytes::from_static(b"{\"choices\":[]}"), &mut out).unwrap();
        Through.end(&mut out).unwrap();
        assert_eq!(out, [Bytes::from_static(b"{\"choices\":[]}")]);
    }

    #[test]
    fn a_parameter_is_refused() {
        let errors = read(&serde_json::json!({"path": "/tmp/x"})).err().unwrap();
        assert_eq!(errors[0].pointer, "/path");
    }
}
