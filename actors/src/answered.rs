//! What a deployment answered: whole, or as a stream that has begun.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::upstream::{UpstreamHeaders, UpstreamResponse};

/// What a deployment answered.
pub(crate) enum Answered {
    Whole(Whole),
    Stream(Open),
    /// Bytes that pass as they come; the first of them are here.
    Bytes(Open),
}

/// A whole answer, in the client's words.
pub(crate) struct Whole {
    pub body: Bytes,
    pub headers: UpstreamHeaders,
    /// The gateway's own work on it.
    pub own: Duration,
    /// When that was done.
    pub ended: Instant,
}

/// A stream whose first event, or bytes, are here.
pub(crate) struct Open {
    pub response: UpstreamResponse,
    /// What has been read of it.
    pub batch: Vec<Bytes>,
    /// More may come.
    pub more: bool,
}

/// An answer, and how much of the call was our own work rather than the provider's.
pub(crate) struct Called {
    pub answered: Answered,
    pub own: Duration,
    /// When it was here, read once: a look at the clock costs as much as a hundred instructions.
    pub ended: Instant,
}
