//! The ways in which an answer can fail, and their count.

use std::collections::BTreeMap;

/// What was wrong with one answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// The request could not be written, and no answer was there to say why.
    #[error("the request could not be written: {0}")]
    Send(String),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Read(String),
    /// No end within `--timeout`.
    #[error("no end of the answer within the time allowed")]
    Timeout,
    /// The connection was closed too early.
    #[error("the connection was closed {0}")]
    ClosedEarly(&'static str),
    /// The head is not HTTP.
    #[error("a head that is not HTTP/1.1: {0}")]
    Head(String),
    /// The body's framing is wrong.
    #[error("wrong framing: {0}")]
    Framing(&'static str),
    /// A status other than 200.
    #[error("status {status}: {start}")]
    Status {
        /// The status code.
        status: u16,
        /// The start of the body.
        start: String,
    },
    /// A content type other than the one asked for.
    #[error("not the content type of {0}")]
    ContentType(&'static str),
    /// Not JSON, or not of the right types.
    #[error("not JSON of the right shape: {0}")]
    Json(String),
    /// JSON that is not an answer of the protocol.
    #[error("not an answer as the protocol has it: {0}")]
    Shape(&'static str),
    /// Another model than the one asked for.
    #[error("the model was asked for as `{asked}` and reads `{got}`")]
    Model {
        /// The name sent.
        asked: String,
        /// The name in the answer.
        got: String,
    },
    /// Too few or too many chunks with content.
    #[error("{got} content chunks instead of {expected}")]
    ChunkCount {
        /// So many the provider sends.
        expected: usize,
        /// So many came.
        got: usize,
    },
    /// Text out of order, lost or changed.
    #[error("content differs from the provider's own at chunk {at}")]
    Content {
        /// Number of the first chunk that differs, from 0.
        at: usize,
    },
    /// The body is not a strict stream of events.
    #[error("not a stream of events: {0}")]
    Sse(String),
    /// An error event within a stream.
    #[error("an error event: {0}")]
    ErrorEvent(String),
    /// The stream ended without its terminal event: `[DONE]`, `message_stop`.
    #[error("the stream ended without its terminal event")]
    NoDone,
    /// The terminal event came twice.
    #[error("the terminal event came twice")]
    SecondDone,
    /// Something came after the terminal event.
    #[error("an event after the terminal one")]
    AfterDone,
    /// Usage in a stream that did not ask for it.
    #[error("usage that nobody asked for")]
    Usage,
}

impl Fault {
    /// A short name to count by; it becomes a key of the JSON output.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Send(_) => "send",
            Self::Read(_) => "read",
            Self::Timeout => "timeout",
            Self::ClosedEarly(_) => "closed_early",
            Self::Head(_) => "head",
            Self::Framing(_) => "framing",
            Self::Status { .. } => "status",
            Self::ContentType(_) => "content_type",
            Self::Json(_) => "json",
            Self::Shape(_) => "shape",
            Self::Model { .. } => "model",
            Self::ChunkCount { .. } => "chunk_count",
            Self::Content { .. } => "content",
            Self::Sse(_) => "sse",
            Self::ErrorEvent(_) => "error_event",
            Self::NoDone => "no_done",
            Self::SecondDone => "second_done",
            Self::AfterDone => "after_done",
            Self::Usage => "usage",
        }
    }
}

/// How many answers failed in one way, with the first of them as an example.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Failure {
    /// So many failed like this.
    pub count: u64,
    /// What was said of the first.
    pub example: String,
}

/// All failures, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Failures(BTreeMap<&'static str, Failure>);

impl Failures {
    /// Counts one.
    pub fn add(&mut self, fault: &Fault) {
        let failure = self.0.entry(fault.kind());
        failure.or_insert_with(|| Failure { count: 0, example: fault.to_string() }).count += 1;
    }

    /// Adds those of another part of the load.
    pub fn merge(&mut self, other: &Self) {
        for (kind, failure) in &other.0 {
            let mine = self.0.entry(kind);
            mine.or_insert_with(|| Failure { count: 0, example: failure.example.clone() }).count += failure.count;
        }
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.0.values().map(|failure| failure.count).sum()
    }

    /// Kind and failure, in the order of the kinds' names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Failure)> {
        self.0.iter().map(|(kind, failure)| (*kind, failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_counted_by_kind() {
        let mut one = Failures::default();
        one.add(&Fault::Timeout);
        one.add(&Fault::Status { status: 500, start: "first".to_owned() });
        let mut two = Failures::default();
        two.add(&Fault::Status { status: 502, start: "second".to_owned() });
        one.merge(&two);
        assert_eq!(one.total(), 3);
        let seen: Vec<_> = one.iter().map(|(kind, failure)| (kind, failure.count, failure.example.as_str())).collect();
        assert_eq!(seen[0], ("status", 2, "status 500: first"));
        assert_eq!(seen[1].0, "timeout");
    }
}
