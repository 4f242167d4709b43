//! The way to the providers: awc with every default overridden, over a connection of our own. The only place that
//! names awc.
//!
//! ```text
//! UpstreamClient ── lane per Origin ── awc::Client ── Guard ── Wire (TCP | TLS over TCP)
//!      │                                  │              │        │
//!  head deadline,                    HTTP/1.1,       interim     resolve, connect and
//!  stale retry                       the pool        heads, ends handshake: Dialer
//! ```
//!
//! Everything here is `!Send` and belongs to one worker. Dropping a call or a response closes its connection at once;
//! there is no other way to cancel, and none is needed.

mod client;
mod clocks;
mod dial;
mod fault;
mod framing;
mod guard;
mod head;
mod headers;
mod origin;
mod outgoing;
mod request;
mod response;
mod settings;
mod shown;
mod slot;
#[cfg(test)]
mod tests;
mod tls;
mod wire;

pub use actix_http::header::{HeaderName, HeaderValue};
pub use awc::http::Method;

pub use client::UpstreamClient;
pub use fault::UpstreamFault;
pub use headers::UpstreamHeaders;
pub use origin::{Origin, OriginError};
pub use request::UpstreamRequest;
pub use response::UpstreamResponse;
pub use settings::UpstreamSettings;
pub use tls::TlsTrust;
