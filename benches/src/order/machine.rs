//! What every protocol's machine is.

use serde_json::Value;

use super::read::Judged;

/// How a stream ended, that was in order up to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With all that belongs to an answer, and the protocol's terminal event.
    Whole,
    /// With the protocol's event of an error.
    Error,
    /// Nowhere: more was to come.
    Open,
}

/// A protocol's machine.
pub trait Order {
    /// Takes an event; [`End::Open`] where more may come.
    ///
    /// # Errors
    /// It does not belong here.
    fn take(&mut self, data: &Value) -> Judged<End>;

    /// What each function was called with, as far as its answer was not cut: a JSON object, or nothing.
    fn arguments(&self) -> Vec<&str> {
        vec![]
    }

    /// What may yet be missing where the protocol has no terminal event.
    fn closed(&self) -> End {
        End::Open
    }
}
