//! What is asked of an upstream: for the client that sends it and for whoever writes its head.

use std::time::Duration;

use actix_http::header::{HeaderName, HeaderValue};
use awc::http::Method;
use bytes::Bytes;

use super::origin::Origin;
use crate::upload::Upload;

/// One request to one origin.
pub struct UpstreamRequest<'a> {
    /// Whom to call.
    pub origin: &'a Origin,
    /// Path and query as sent, starting with `/`.
    pub path_and_query: &'a str,
    /// POST, or GET for health checks and lists.
    pub method: Method,
    /// Headers to send. Those about the connection and the framing (host, connection, content-length,
    /// transfer-encoding, expect, upgrade, te, accept-encoding) are skipped: they are set here.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// Headers of this one call; they replace those of the same name above.
    pub more_headers: &'a [(HeaderName, HeaderValue)],
    /// The body in parts, sent one after the other without being joined.
    pub body: &'a [Bytes],
    /// What follows those parts while its caller still sends it.
    pub upload: Option<&'a Upload>,
    /// How long that may wait for its upstream to take a piece.
    pub stall: Duration,
    /// From now to the complete final head; connecting and a stale retry included; of an upload,
    /// from its last piece. `None`: whoever waits for the call ends it.
    pub head_deadline: Option<Duration>,
}
