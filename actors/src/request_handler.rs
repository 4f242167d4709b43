//! `RequestHandler`: one per exchange, started on the worker's own thread. It owns the exchange until there is an answer,
//! runs the attempt loop, and reads upstream while a stream lasts.
//!
//! One actor per request and never one actor with N request futures: an actor polls all its futures at each wake. The reply
//! travels through a plain oneshot held as a *field*: it need not be `Send`, so it can carry the response body, and
//! `closed()` tells the actor that its caller has left.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use actix_http::header::HeaderMap;
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use crate::attempts::{self, Answered};
use crate::capabilities::Hooks;
use crate::desk::Desk;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::outlet::OutletBody;
use crate::plan::Plan;
use crate::pump;
use crate::record::Outcome;
use crate::routing::Deployment;
use crate::stream_relay::{outcome_of, redacted};
use crate::wire::cost::Cost;

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
}

/// What response headers are made from (COMPAT 3.6).
#[derive(Default)]
pub struct ReplyFacts {
    /// The deployment that answered, or was tried last.
    pub deployment: Option<Arc<Deployment>>,
    /// The model group that served.
    pub group: Option<Arc<str>>,
    /// The provider's headers, for the `llm_provider-*` copies.
    pub upstream_headers: HeaderMap,
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
    /// What `response_headers` hooks add.
    pub added: Vec<(actix_http::header::HeaderName, actix_http::header::HeaderValue)>,
}

/// The actor.
pub struct RequestHandler {
    /// [`Job::run`], in its place from the start: as a value of some kilobytes it was moved three times before its first poll.
    work: Option<LocalBoxFuture<'static, ()>>,
}

/// What one exchange needs until it is answered.
pub(crate) struct Job {
    pub exchange: Exchange,
    pub plan: Plan,
    pub desk: Rc<Desk>,
    pub reply: oneshot::Sender<Reply>,
}

impl RequestHandler {
    /// Starts the actor for an exchange and waits for its reply. Dropping the returned future is how the caller leaves.
    pub async fn answer(exchange: Exchange, plan: Plan) -> Reply {
        let (reply, answered) = oneshot::channel();
        let desk = Rc::clone(exchange.desk());
        RequestHandler { work: Some(Box::pin(Job { exchange, plan, desk, reply }.run())) }.start();
        // the sender is only dropped unused when the actor panicked; the exchange has settled itself then
        answered.await.unwrap_or_else(|_| Reply { answer: Err(Fault::Internal), facts: ReplyFacts::default() })
    }
}

impl Actor for RequestHandler {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some(work) = self.work.take() {
            ctx.spawn(work.into_actor(self).map(|(), _, ctx| ctx.stop()));
        }
    }
}

impl Job {
    /// The exchange from plan to end, read downward.
    async fn run(mut self) {
        let answered = {
            let Job { exchange, plan, desk, reply } = &mut self;
            tokio::select! {
                biased;
                () = reply.closed() => None,
                answered = attempts::run(exchange, plan, desk) => Some(answered),
            }
        };
        match answered {
            None => self.exchange.settle(Outcome::ClientCancelled, None),
            Some(Ok(Answered::Whole(whole))) => self.whole(whole.body, whole.headers),
            Some(Ok(Answered::Stream(open))) => pump::run(self, open).await,
            Some(Err(fault)) => self.fail(fault),
        }
    }

    fn whole(mut self, body: Bytes, upstream_headers: HeaderMap) {
        let facts = facts(&mut self.exchange, upstream_headers);
        let delivered = self.reply.send(Reply { answer: Ok(Answer::Whole(body)), facts }).is_ok();
        self.exchange.settle(if delivered { Outcome::Ok } else { Outcome::ClientCancelled }, None);
    }

    fn fail(mut self, fault: Fault) {
        let fault = self.exchange.failure(redacted(fault, &self.exchange));
        let facts = facts(&mut self.exchange, HeaderMap::new());
        let delivered = self.reply.send(Reply { answer: Err(fault.clone()), facts }).is_ok();
        let outcome = if delivered { outcome_of(&fault) } else { Outcome::ClientCancelled };
        self.exchange.settle(outcome, Some(&fault));
    }
}

/// What headers are made from, as the exchange stands.
pub(crate) fn facts(exchange: &mut Exchange, upstream_headers: HeaderMap) -> ReplyFacts {
    let (total, overhead) = exchange.clock();
    let cost = exchange.progress.usage.and_then(|usage| exchange.cost(&usage));
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
        upstream_headers,
        retries: progress.retries,
        fallbacks: progress.fallbacks,
        cost,
        total,
        overhead,
        body_read: progress.body_read,
        prepared: progress.prepared,
        waited: progress.waited,
        added,
    }
}
