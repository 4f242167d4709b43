//! What can go wrong with an upstream, in the words the attempt loop decides by. A fault found below awc (in the
//! dialer, in the guard) travels through awc inside an `io::Error` and is taken out again here.

use std::io;

use awc::error::{ConnectError, PayloadError, SendRequestError};

/// A failed call, or a failed body. No variant holds a header, a body or a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamFault {
    /// The host has no address, or the resolver did not answer in time.
    #[error("cannot resolve {host}: {reason}")]
    Dns {
        /// The host looked for.
        host: String,
        /// What the resolver said.
        reason: String,
    },
    /// No address of the origin took the connection.
    #[error("cannot connect to {origin}: {reason}")]
    Connect {
        /// The origin called.
        origin: String,
        /// What the system said of the last address tried.
        reason: String,
    },
    /// No address of the origin took the connection in time.
    #[error("connecting to {origin} timed out")]
    ConnectTimeout {
        /// The origin called.
        origin: String,
    },
    /// The handshake failed or stalled: bad certificate, wrong host, not TLS at all.
    #[error("tls handshake with {origin} failed: {reason}")]
    Tls {
        /// The origin called.
        origin: String,
        /// What the TLS library said.
        reason: String,
    },
    /// The head of the answer was not complete within the head deadline.
    #[error("no answer within the head deadline")]
    HeadTimeout,
    /// The connection ended before a head was complete.
    #[error("upstream closed the connection before answering")]
    ClosedBeforeHead {
        /// The connection had served an earlier exchange, so a keep-alive race is likely.
        reused_likely: bool,
        /// Some bytes of the answer had arrived.
        partial: bool,
    },
    /// The head is malformed, too large, of an unknown protocol, or a 101.
    #[error("bad response head: {0}")]
    BadHead(String),
    /// The framing of the body is malformed.
    #[error("bad response body: {0}")]
    BadBody(String),
    /// The body ended before it was complete.
    #[error("response body was cut short")]
    Truncated,
    /// The connection was reset within the body.
    #[error("upstream reset the connection within the body")]
    Reset,
    /// The body is longer than allowed.
    #[error("response is larger than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The request's body did not come to its end; [`Upload::failure`](crate::upload::Upload::failure) tells why.
    #[error("the request's body broke off")]
    UploadBroken,
    /// The request could not be built: a bad path.
    #[error("cannot build the request: {0}")]
    BadRequest(String),
    /// Anything else the system said.
    #[error("i/o error: {0}")]
    Io(String),
}

impl UpstreamFault {
    /// Nothing of a final answer arrived: another deployment may be tried as if this one had never been called.
    pub fn before_answer(&self) -> bool {
        match self {
            Self::Dns { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::HeadTimeout
            | Self::BadRequest(_) => true,
            Self::ClosedBeforeHead { partial, .. } => !partial,
            Self::BadHead(_)
            | Self::BadBody(_)
            | Self::Truncated
            | Self::Reset
            | Self::TooLarge { .. }
            | Self::UploadBroken
            | Self::Io(_) => false,
        }
    }

    /// A short fixed name, for metrics and log fields.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dns { .. } => "dns",
            Self::Connect { .. } => "connect",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::Tls { .. } => "tls",
            Self::HeadTimeout => "head_timeout",
            Self::ClosedBeforeHead { .. } => "closed_before_head",
            Self::BadHead(_) => "bad_head",
            Self::BadBody(_) => "bad_body",
            Self::Truncated => "truncated",
            Self::Reset => "reset",
            Self::TooLarge { .. } => "too_large",
            Self::UploadBroken => "upload_broken",
            Self::BadRequest(_) => "bad_request",
            Self::Io(_) => "io",
        }
    }

    /// A keep-alive race: the one fault after which the same deployment is asked again at once.
    pub(super) fn is_stale(&self) -> bool {
        matches!(self, Self::ClosedBeforeHead { reused_likely: true, partial: false })
    }

    /// Packs the fault for its way through awc.
    pub(super) fn into_io(self) -> io::Error {
        let kind = if self == Self::Truncated { io::ErrorKind::UnexpectedEof } else { io::ErrorKind::Other };
        io::Error::new(kind, self)
    }

    /// Unpacks a fault, or names what the system said. `head`: no head was complete yet.
    pub(super) fn from_io(error: &io::Error, head: bool) -> Self {
        if let Some(fault) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return fault.clone();
        }
        use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
        match error.kind() {
            ConnectionReset | BrokenPipe | ConnectionAborted | NotConnected | UnexpectedEof if head => {
                Self::ClosedBeforeHead { reused_likely: false, partial: false }
            }
            ConnectionReset | BrokenPipe | ConnectionAborted | NotConnected => Self::Reset,
            UnexpectedEof => Self::Truncated,
            _ => Self::Io(error.to_string()),
        }
    }

    pub(super) fn from_send(error: SendRequestError) -> Self {
        use actix_http::error::ParseError;
        match error {
            SendRequestError::Connect(ConnectError::Io(error)) | SendRequestError::Send(error) => {
                Self::from_io(&error, true)
            }
            SendRequestError::Response(ParseError::Io(error)) => Self::from_io(&error, true),
            SendRequestError::Response(error) => Self::BadHead(error.to_string()),
            SendRequestError::Connect(ConnectError::Disconnected) => {
                Self::ClosedBeforeHead { reused_likely: false, partial: false }
            }
            SendRequestError::Timeout => Self::HeadTimeout,
            SendRequestError::Url(error) => Self::BadRequest(error.to_string()),
            other => Self::Io(other.to_string()),
        }
    }

    pub(super) fn from_payload(error: PayloadError) -> Self {
        match error {
            // Whatever fails below a body is `Incomplete` to awc.
            PayloadError::Io(error) | PayloadError::Incomplete(Some(error)) => Self::from_io(&error, false),
            PayloadError::Incomplete(None) => Self::Truncated,
            other => Self::BadBody(other.to_string()),
        }
    }
}
