//! `StreamRelay`: one per stream, on the worker's own thread. It owns the exchange from the moment the head is released.
//!
//! It is told in batches: one `Chunks` message per wake-up of the upstream socket, not one per token. Measured
//! (ARCHITECTURE.md, "Batches"), a message per chunk costs four times the CPU of this.

use std::time::{Duration, Instant};

use actix::prelude::*;
use bytes::Bytes;

use crate::deployment::Deployment;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::outlet::Outlet;
use crate::record::Outcome;
use crate::relay::{Finish, HEARTBEAT, Relay};
use crate::tally;
use crate::told;
use crate::unusable;

// === Messages ===

/// What the upstream socket had ready.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Chunks {
    /// In order.
    pub batch: Vec<Bytes>,
    /// How long the handler waited for it: not the gateway's own time.
    pub waited: Duration,
}

/// Nothing came for a while; a comment keeps the client's connection alive.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Heartbeat;

/// No more chunks will come.
#[derive(Message)]
#[rtype(result = "()")]
pub struct End {
    /// Why.
    pub cause: Cause,
    /// As in [`Chunks`].
    pub waited: Duration,
}

/// Why a stream's chunks ended.
#[derive(Debug)]
pub enum Cause {
    /// The provider ended its body properly. Whether its *stream* was complete, the relay knows.
    Closed,
    /// It did not.
    Failed(Fault),
    /// The client is gone, or refuses to read.
    ClientLeft,
}

// === The actor ===

/// The actor.
pub struct StreamRelay {
    relay: Relay,
    outlet: Outlet,
    exchange: Option<Box<Exchange>>,
}

impl StreamRelay {
    /// A relay for one stream.
    pub fn new(relay: Relay, outlet: Outlet, exchange: Box<Exchange>) -> Self {
        StreamRelay { relay, outlet, exchange: Some(exchange) }
    }

    fn waited(&mut self, waited: Duration) {
        if let Some(exchange) = &mut self.exchange {
            exchange.progress.waited += waited;
        }
    }

    /// If the relay is over, writes the one end a stream has (I2) and settles.
    fn finish_if_over(&mut self) {
        if self.exchange.is_none() || self.relay.finished().is_none() {
            return;
        }
        match self.relay.take_finish() {
            Some(Finish::Broken(fault)) => self.fail(fault),
            _ => {
                if let Some(deployment) = self.deployment() {
                    deployment.health.succeeded();
                }
                self.settle(Outcome::Ok, None);
                self.outlet.complete();
            }
        }
        self.outlet.end();
    }

    fn note_first(&mut self) {
        if let Some(exchange) = &mut self.exchange
            && self.relay.learnt.events > 0
        {
            exchange.progress.first_event.get_or_insert_with(Instant::now);
        }
    }

    fn deployment(&self) -> Option<&Deployment> {
        self.exchange.as_ref()?.progress.deployment.as_deref()
    }

    fn fail(&mut self, fault: Fault) {
        // judged before the hooks: what a caller is told instead says nothing about the deployment
        if let Some(deployment) = self.deployment().filter(|_| fault.unhealthy()) {
            deployment.health.failed(&deployment.cooldown, None);
        }
        if let Some(exchange) = &mut self.exchange {
            exchange.call_ended(fault.class());
        }
        let fault = self.in_callers_words(fault);
        if let Some(exchange) = &self.exchange {
            let asked = &exchange.asked;
            self.outlet.push(told::event(&fault, asked.protocol, &asked.request_id, self.relay.learnt.events));
        }
        self.settle(fault.outcome(), Some(&fault));
    }

    /// Our own credential struck out, and the `failure` hooks asked.
    fn in_callers_words(&self, fault: Fault) -> Fault {
        let Some(exchange) = &self.exchange else { return fault };
        exchange.failure(redacted(fault, exchange))
    }

    fn settle(&mut self, outcome: Outcome, fault: Option<&Fault>) {
        if let Some(mut exchange) = self.exchange.take() {
            exchange.progress.events = self.relay.learnt.events;
            exchange.progress.usage = self.relay.learnt.usage.take();
            exchange.progress.written = std::mem::take(&mut self.relay.learnt.written);
            if let Some(notes) = self.relay.notes() {
                exchange.progress.notes.extend(notes);
            }
            if !tally::is_needed(&exchange, outcome) {
                return exchange.settle(outcome, fault);
            }
            // the stream's end goes out at once; its exchange is settled when its tokens are known
            exchange.ended();
            let fault = fault.cloned();
            actix::spawn(async move {
                exchange.progress.usage = Some(tally::stream(&mut exchange).await);
                exchange.settle(outcome, fault.as_ref());
            });
        }
    }
}

impl Actor for StreamRelay {
    type Context = Context<Self>;
}

impl Drop for StreamRelay {
    /// A stream that nobody ended is broken off: the client must not take it for complete, nor wait for the rest. Not
    /// `stopped`, which an actor that panicked never reaches (FAULTS P6).
    fn drop(&mut self) {
        self.outlet.abort();
    }
}

impl Handler<Chunks> for StreamRelay {
    type Result = ();

    fn handle(&mut self, message: Chunks, _: &mut Context<Self>) {
        self.waited(message.waited);
        let outlet = &self.outlet;
        self.relay.feed(&message.batch, |bytes| outlet.push(bytes));
        outlet.arrived(message.batch.iter().map(Bytes::len).sum());
        self.note_first();
        if let (Some(Finish::Broken(fault)), Some(exchange)) = (self.relay.finished(), &self.exchange) {
            unusable::noted(exchange, &message.batch, fault.clone());
        }
        self.finish_if_over();
    }
}

impl Handler<Heartbeat> for StreamRelay {
    type Result = ();

    fn handle(&mut self, _: Heartbeat, _: &mut Context<Self>) {
        self.outlet.comment(Bytes::from_static(HEARTBEAT));
    }
}

impl Handler<End> for StreamRelay {
    type Result = ();

    fn handle(&mut self, message: End, ctx: &mut Context<Self>) {
        self.waited(message.waited);
        match message.cause {
            _ if self.exchange.is_none() => {}
            Cause::Closed => {
                let outlet = &self.outlet;
                self.relay.close(|bytes| outlet.push(bytes));
                self.finish_if_over();
            }
            Cause::Failed(fault) => {
                self.fail(fault);
                self.outlet.end();
            }
            Cause::ClientLeft => self.settle(Outcome::ClientCancelled, None),
        }
        ctx.stop();
    }
}

/// A provider may echo the credential we sent, in any word of its error: strike it out of what the caller and the log
/// read (I9).
pub fn redacted(fault: Fault, exchange: &Exchange) -> Fault {
    match (fault, &exchange.progress.deployment) {
        (Fault::Provider { status, mut error, retry_after }, Some(deployment)) => {
            error.message = deployment.redact(&error.message);
            for word in [&mut error.kind, &mut error.code, &mut error.param].into_iter().flatten() {
                *word = deployment.redact(word);
            }
            if let Some(more) = &mut error.more {
                let text = serde_json::to_string(more).unwrap_or_default();
                **more = serde_json::from_str(&deployment.redact(&text)).unwrap_or_default();
            }
            Fault::Provider { status, error, retry_after }
        }
        (Fault::InvalidAnswer { cause }, Some(deployment)) => {
            Fault::InvalidAnswer { cause: format!("{} (deployment {})", deployment.redact(&cause), deployment.id) }
        }
        (fault, _) => fault,
    }
}
