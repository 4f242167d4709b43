//! A callback that logs into a sink: what all such kinds do alike, whatever is behind their queue.

use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use millrace_actors::capabilities::Hooks;
use millrace_actors::ports::{Callback, SinkHealth};
use millrace_actors::record::LogRecord;

use super::sink::Sink;
use super::sink_params::Events;

/// The callback.
pub(super) struct SinkCallback {
    /// The built-in kind.
    pub(super) kind: &'static str,
    /// What it is told of.
    pub(super) events: Events,
    /// Where it puts that.
    pub(super) sink: Sink,
}

impl Callback for SinkCallback {
    fn kind(&self) -> &'static str {
        self.kind
    }

    fn hooks(&self) -> Hooks {
        self.events.hooks()
    }

    fn log_success(&self, record: &Arc<LogRecord>) {
        self.sink.push(record);
    }

    fn log_failure(&self, record: &Arc<LogRecord>) {
        self.sink.push(record);
    }

    fn health(&self) -> Option<SinkHealth> {
        Some(self.sink.health())
    }

    fn flush(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(self.sink.flush())
    }
}
