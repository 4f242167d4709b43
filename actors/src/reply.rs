//! What the actor of an exchange answers the HTTP handler with: an answer or a fault, and what headers are made from.

use std::sync::Arc;
use std::time::Duration;

use actix_http::header::{CONTENT_TYPE, HeaderValue};
use bytes::Bytes;

use crate::capabilities::Hooks;
use crate::deployment::Deployment;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::outlet::OutletBody;
use crate::upstream::UpstreamHeaders;
use crate::wire::cost::Cost;
use crate::wire::notes::Notes;

/// What the HTTP handler gets to write a response from.
pub struct Reply {
    /// The answer, or what went wrong.
    pub answer: Result<Answer, Fault>,
    /// For the response headers.
    pub facts: ReplyFacts,
}

/// An answer.
pub enum Answer {
    /// Whole, with the client's model name.
    Whole(Bytes),
    /// A stream; its head may go out now.
    Stream(OutletBody),
    /// Bytes as they come, of the kind that [`ReplyFacts::content_type`] tells.
    Bytes {
        /// The provider's status, one of success.
        status: u16,
        /// The bytes.
        body: OutletBody,
    },
}

/// What response headers are made from (COMPAT 3.6).
#[derive(Default)]
pub struct ReplyFacts {
    /// The deployment that answered, or was tried last.
    pub deployment: Option<Arc<Deployment>>,
    /// The model group that served.
    pub group: Option<Arc<str>>,
    /// The provider's headers, for the `llm_provider-*` copies.
    pub upstream_headers: UpstreamHeaders,
    /// What the provider says its answer is, where that is not the same for all answers of the resource.
    pub content_type: Option<HeaderValue>,
    /// Whether its tokens were estimated here.
    pub estimated: bool,
    /// Repeats.
    pub retries: u32,
    /// Fallback groups entered.
    pub fallbacks: u32,
    /// The price; unknown for a stream that has not ended.
    pub cost: Option<Cost>,
    /// From accept to now.
    pub total: Duration,
    /// The gateway's own share of it.
    pub overhead: Duration,
    /// Reading the request body.
    pub body_read: Duration,
    /// Everything of ours before the upstream call.
    pub prepared: Duration,
    /// Waiting for the provider.
    pub waited: Duration,
    /// What of the request the provider got otherwise than the caller wrote it.
    pub notes: Notes,
    /// What `response_headers` hooks add.
    pub added: Vec<(actix_http::header::HeaderName, actix_http::header::HeaderValue)>,
}

/// What headers are made from, as the exchange stands.
pub(crate) fn facts(exchange: &Exchange, upstream_headers: UpstreamHeaders) -> ReplyFacts {
    let (total, overhead) = exchange.clock();
    let progress = &exchange.progress;
    let mut added = Vec::new();
    if exchange.hooked(Hooks::RESPONSE_HEADERS) {
        let facts = exchange.facts();
        for callback in exchange.callbacks.with(Hooks::RESPONSE_HEADERS) {
            callback.response_headers(&facts, &mut added);
        }
    }
    ReplyFacts {
        deployment: progress.deployment.clone(),
        group: progress.serving.clone(),
        content_type: exchange.own_kind().then(|| upstream_headers.get(CONTENT_TYPE).cloned()).flatten(),
        upstream_headers,
        estimated: progress.usage.is_some_and(|usage| usage.estimated),
        retries: progress.retries,
        fallbacks: progress.fallbacks,
        cost: progress.usage.as_ref().and_then(|usage| exchange.cost(usage)),
        total,
        overhead,
        body_read: progress.body_read,
        prepared: progress.prepared,
        waited: total.saturating_sub(overhead),
        notes: progress.notes.clone(),
        added,
    }
}
