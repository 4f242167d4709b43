//! The account of one exchange: what was asked, what has happened so far, and how it ended. Plain facts; the
//! [`Exchange`](crate::exchange) keeps them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_http::header::{HeaderName, HeaderValue};

use crate::deployment::Deployment;
use crate::fault::Fault;
use crate::in_flight::InFlight;
use crate::record::Outcome;
use crate::relay::Written;
use crate::routing::Routing;
use crate::upload::Upload;
use crate::upstream::{Method, UpstreamHeaders};
use crate::wire::billable::Extras;
use crate::wire::cost::Cost;
use crate::wire::envelope::{Endpoint, Envelope};
use crate::wire::notes::Notes;
use crate::wire::protocol::Protocol;
use crate::wire::usage::Usage;

/// Where a pass-through leads below its provider's origin, checked: nothing in it can lead elsewhere.
pub struct Through {
    /// The caller's.
    pub method: Method,
    /// Path and query.
    pub path_and_query: String,
}

/// What is known when a request has been admitted.
pub struct Admitted {
    /// `x-litellm-call-id`: ours, or the caller's if sane.
    pub call_id: Arc<str>,
    /// `x-request-id`.
    pub request_id: Arc<str>,
    /// The matched route's name.
    pub route: &'static str,
    /// What the caller speaks.
    pub protocol: Protocol,
    /// Which resource.
    pub endpoint: Endpoint,
    /// Headers of the caller's that belong to its protocol, such as `anthropic-beta`: a provider of that protocol gets them.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The caller's alias.
    pub caller: Arc<str>,
    /// The scanned body; of a form, its fields.
    pub envelope: Envelope,
    /// The boundary of a form.
    pub boundary: Option<String>,
    /// What of the body is no part of `envelope` and may still be coming: a form from its first file on, a pass-through's
    /// body that is not looked into.
    pub upload: Option<Upload>,
    /// Where a pass-through leads.
    pub through: Option<Through>,
    /// The model as the caller wrote it, in the body or the path.
    pub model: Arc<str>,
    /// When the request's head was read.
    pub started: Instant,
    /// Its place among the exchanges in flight, taken before its body was read; what the drain at shutdown waits for.
    pub permit: InFlight,
}

/// What has happened to an exchange so far.
#[derive(Default)]
pub struct Progress {
    /// Whether the budget stage was skipped.
    pub zero_cost: bool,
    /// Upstream calls made.
    pub attempts: u32,
    /// Repeats within a group.
    pub retries: u32,
    /// Fallback groups entered.
    pub fallbacks: u32,
    /// Time spent waiting for the provider, or for the client to read.
    pub waited: Duration,
    /// Since when that is waited for, while it is: an exchange may end meanwhile.
    pub waiting: Option<Instant>,
    /// Reading the request: from the head to the end of the body.
    pub body_read: Duration,
    /// Everything of ours before the first upstream call.
    pub prepared: Duration,
    /// The deployment that answered, or was tried last.
    pub deployment: Option<Arc<Deployment>>,
    /// The provider's own name of the model.
    pub upstream_model: Arc<str>,
    /// The name of the group that serves: the caller's, or a fallback's.
    pub serving: Option<Arc<str>>,
    /// When the first event came.
    pub first_event: Option<Instant>,
    /// Events delivered.
    pub events: u64,
    /// What a stream wrote, until its tokens are known.
    pub written: Written,
    /// As the provider reported it.
    pub usage: Option<Usage>,
    /// What is billed besides tokens.
    pub extras: Extras,
    /// What of the request the provider got otherwise than the caller wrote it, at the last attempt.
    pub notes: Notes,
    /// What the provider's head told of an error, at the last attempt.
    pub error_head: UpstreamHeaders,
}

/// How an exchange ended, for who counts.
pub struct Settled<'a> {
    /// What was asked.
    pub asked: &'a Admitted,
    /// What happened.
    pub progress: &'a Progress,
    /// The routes it ran with.
    pub routing: &'a Routing,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong.
    pub fault: Option<&'a Fault>,
    /// Tokens, counted or estimated.
    pub usage: &'a Usage,
    /// The price of it, if the price is known.
    pub cost: Option<&'a Cost>,
    /// From accept to settle.
    pub total: Duration,
    /// The gateway's own share.
    pub overhead: Duration,
}
