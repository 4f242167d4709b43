//! `RequestHandler`: one per exchange, started on the worker's own thread. It owns the exchange until there is an answer,
//! runs the attempt loop, and reads upstream while a stream lasts.
//!
//! One actor per request and never one actor with N request futures: an actor polls all its futures at each wake. The reply
//! travels through a plain oneshot held as a *field*: it need not be `Send`, so it can carry the response body, and
//! `closed()` tells the actor that its caller has left.

use std::rc::Rc;

use actix::prelude::*;
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

use crate::answered::Answered;
use crate::attempts;
use crate::carry;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::hold::{Hold, Way};
use crate::job::Job;
use crate::plan::Plan;
use crate::pump;
use crate::record::Outcome;
use crate::reply::{Answer, Reply, ReplyFacts, facts};
use crate::stream_relay::redacted;
use crate::upstream::UpstreamHeaders;

/// The actor.
pub struct RequestHandler {
    /// [`Job::run`], in its place from the start: as a value of some kilobytes it was moved three times before its first poll.
    work: Option<LocalBoxFuture<'static, ()>>,
}

impl RequestHandler {
    /// Starts the actor for an exchange and waits for its reply. Dropping the returned future is how the caller leaves.
    pub async fn answer(exchange: Box<Exchange>, plan: Plan) -> Reply {
        let (reply, answered) = oneshot::channel();
        let desk = Rc::clone(exchange.desk());
        let job = Job { exchange, plan, desk, hold: Hold::new(reply) };
        RequestHandler { work: Some(Box::pin(job.run())) }.start();
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
            let Job { exchange, plan, desk, hold } = &mut self;
            tokio::select! {
                biased;
                () = hold.left() => None,
                () = desk.wait_cut() => Some(Err(Fault::ShuttingDown)),
                answered = attempts::run(exchange, plan, hold) => Some(answered),
            }
        };
        match answered {
            None => self.exchange.settle(Outcome::ClientCancelled, None),
            Some(Ok(Answered::Whole(whole))) => self.whole(whole.body, whole.headers),
            // boxed: they are twice as large as the rest, which whole answers would move about
            Some(Ok(Answered::Stream(open))) => Box::pin(pump::run(self, open)).await,
            Some(Ok(Answered::Bytes(open))) => Box::pin(carry::run(self, open)).await,
            Some(Err(fault)) => self.fail(fault),
        }
    }

    fn whole(mut self, body: Bytes, upstream_headers: UpstreamHeaders) {
        // the head and the record tell the same time
        self.exchange.ended();
        let facts = facts(&self.exchange, upstream_headers);
        let delivered = match self.hold.take() {
            Way::Held(reply) => reply.send(Reply { answer: Ok(Answer::Whole(body)), facts }).is_ok(),
            // only a stream's head is let go early, and a whole answer to a stream has been wrapped
            Way::Released(_) | Way::Taken => false,
        };
        self.exchange.settle(if delivered { Outcome::Ok } else { Outcome::ClientCancelled }, None);
    }

    fn fail(mut self, fault: Fault) {
        // before the hooks: what a caller is told instead says nothing about the call
        self.exchange.call_ended(fault.class());
        let fault = self.exchange.failure(redacted(fault, &self.exchange));
        let delivered = self.hold.fail(&self.exchange, &fault);
        let outcome = if delivered { fault.outcome() } else { Outcome::ClientCancelled };
        self.exchange.settle(outcome, Some(&fault));
    }
}
