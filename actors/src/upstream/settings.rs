//! The limits of the upstream side. All have defaults that suit public providers.

use std::io;
use std::time::Duration;

use super::tls::TlsTrust;

/// Limits and trust of the upstream side of one worker. Clone it into each worker: the TLS part is shared.
#[derive(Clone, Debug)]
pub struct UpstreamSettings {
    /// For all addresses of an origin together. Default 5 s: what the clients of the public providers use.
    pub connect_timeout: Duration,
    /// For the resolver. Default 5 s, one round of the usual `resolv.conf`.
    pub resolve_timeout: Duration,
    /// For the TLS handshake. Default 5 s.
    pub handshake_timeout: Duration,
    /// How long an unused connection is kept. Default 30 s: below the idle limit of the public providers; a local
    /// server that closes sooner is met by the stale retry.
    pub keep_alive: Duration,
    /// How long a connection is used at all, so that a change of address is followed. Default 5 min.
    pub lifetime: Duration,
    /// Most bytes of the heads of one answer, interim ones included. Default 128 KiB, awc's own bound; more has no
    /// effect.
    pub max_response_head: usize,
    /// An origin not called for so long is forgotten by [`super::UpstreamClient::sweep`]. Default 10 min.
    pub forget_after: Duration,
    /// Whom we trust.
    pub tls: TlsTrust,
}

impl UpstreamSettings {
    /// The defaults, with the public web roots.
    ///
    /// # Errors
    /// The TLS library refuses its own defaults; it never does.
    pub fn new() -> io::Result<Self> {
        TlsTrust::public_roots().map(Self::with_trust)
    }

    /// The defaults, with roots of one's own choice.
    pub fn with_trust(tls: TlsTrust) -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            resolve_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
            lifetime: Duration::from_secs(300),
            max_response_head: 128 * 1024,
            forget_after: Duration::from_secs(600),
            tls,
        }
    }

    /// All steps of opening a connection; a bound for awc's own timer, which must never be the one that strikes.
    pub(super) fn opening_timeout(&self) -> Duration {
        self.connect_timeout + self.resolve_timeout + self.handshake_timeout + Duration::from_secs(1)
    }
}
