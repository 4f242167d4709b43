//! Bytes from a provider to a caller as they come: sound, and streams that end without a terminal event. Nothing of them is
//! changed; usage is read out of a copy of nothing, by a [`Tap`] that looks on.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::time::{Instant as TokioInstant, timeout_at};

use crate::answered::Open;
use crate::desk::Desk;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::hold::Way;
use crate::job::Job;
use crate::outlet::{Outlet, outlet};
use crate::record::Outcome;
use crate::reply::{Answer, Reply, facts};
use crate::tally;
use crate::tap::Tap;
use crate::upstream::{Method, UpstreamResponse};
use crate::within::{BATCH_BYTES, fault_of};

/// Releases the head and carries the body; settles when that is over.
pub(crate) async fn run(job: Job, open: Open) {
    let Job { mut exchange, desk, hold, .. } = job;
    let Open { mut response, batch, more } = open;
    // the head of what is not a stream of events is never let go early
    let Way::Held(reply) = hold.take() else { return };
    let (outlet, body) = outlet(exchange.routing.path.credit_bytes);
    let status = response.status;
    let tap = Tap::on(&response, exchange.routing.path.max_event_bytes);
    let reply_facts = facts(&exchange, std::mem::take(&mut response.headers));
    if reply.send(Reply { answer: Ok(Answer::Bytes { status, body }), facts: reply_facts }).is_err() {
        return exchange.settle(Outcome::ClientCancelled, None);
    }
    let mut carrier = Carrier { outlet: Broken(outlet), tap, began: Instant::now() };
    let ended = match more {
        true => carrier.carry(&mut response, batch, (&mut *exchange, &desk)).await,
        false => carrier.hand_on(batch),
    };
    let Carrier { outlet, tap, .. } = carrier;
    let (usage, model) = tap.told();
    exchange.progress.usage = usage;
    if let Some(model) = model.filter(|_| lacks_model(&exchange)) {
        exchange.progress.upstream_model = model.into();
    }
    if ended.is_ok() {
        // before the count: whoever waits for the end need not wait for that
        outlet.0.end();
        exchange.ended();
    }
    if !tally::will_do(exchange.progress.usage.as_ref()) {
        exchange.progress.events = 0;
        exchange.progress.usage = Some(tally::stream(&mut exchange).await);
    }
    // a pass-through tells nothing of how a deployment does what it is for
    let counts = exchange.asked.through.is_none();
    match ended {
        Ok(()) => {
            if let Some(deployment) = exchange.progress.deployment.as_ref().filter(|_| counts) {
                deployment.health.succeeded();
            }
            exchange.call_ended("ok");
            exchange.settle(Outcome::Ok, None);
        }
        Err(None) => exchange.settle(Outcome::ClientCancelled, None),
        Err(Some(fault)) => {
            // bytes cannot tell of an error: the connection is broken off, which no client takes for the end
            if let Some(deployment) = exchange.progress.deployment.as_ref().filter(|_| counts && fault.unhealthy()) {
                deployment.health.failed(&deployment.cooldown, None);
            }
            exchange.call_ended(fault.class());
            let fault = exchange.failure(fault);
            exchange.settle(fault.outcome(), Some(&fault));
        }
    }
}

/// Whether a pass-through asked a model and did not say which, as far as it was read: then the answer tells, for the price. What
/// is only fetched (a stored response has tokens, too) was paid for when it was made.
fn lacks_model(exchange: &Exchange) -> bool {
    let asked = &exchange.asked;
    let posted = asked.through.as_ref().is_some_and(|through| through.method == Method::POST);
    let has_body = asked.upload.is_some() || !asked.envelope.body().is_empty();
    posted && has_body && exchange.progress.upstream_model.is_empty()
}

/// The way out, broken off unless it was ended: also where this panics.
struct Broken(Outlet);

impl Drop for Broken {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Carrier {
    outlet: Broken,
    tap: Tap,
    began: Instant,
}

/// What ended a body before its end: the caller left, or a fault.
type Cut = Option<Fault>;

impl Carrier {
    fn hand_on(&mut self, batch: Vec<Bytes>) -> Result<(), Cut> {
        for piece in batch {
            self.tap.see(&piece);
            self.outlet.0.push(piece);
        }
        Ok(())
    }

    async fn carry(
        &mut self,
        response: &mut UpstreamResponse,
        mut batch: Vec<Bytes>,
        (exchange, desk): (&mut Exchange, &Desk),
    ) -> Result<(), Cut> {
        let path = exchange.routing.path.clone();
        let total = TokioInstant::from_std(exchange.asked.started + path.total_timeout);
        let mut cut = pin!(desk.wait_cut());
        loop {
            exchange.progress.events += batch.len() as u64;
            self.hand_on(std::mem::take(&mut batch))?;
            exchange.progress.waiting = Some(Instant::now());
            let until = total.min(TokioInstant::now() + path.write_idle_timeout);
            self.credit(cut.as_mut(), until).await?;
            let silence = total.min(TokioInstant::now() + path.idle_timeout);
            let phase = if silence == total { "total" } else { "idle" };
            let outlet = &self.outlet.0;
            let more = tokio::select! {
                biased;
                () = poll_fn(|cx| outlet.poll_closed(cx)) => return Err(None),
                () = cut.as_mut() => return Err(Some(Fault::ShuttingDown)),
                read = timeout_at(silence, response.next_batch(&mut batch, BATCH_BYTES)) => match read {
                    Ok(Ok(more)) => more,
                    Ok(Err(fault)) => return Err(Some(fault_of(fault, phase))),
                    Err(_) => return Err(Some(Fault::Timeout { phase })),
                },
            };
            exchange.waited_until(Instant::now(), Duration::ZERO);
            if !more && batch.is_empty() {
                return Ok(());
            }
            // a provider that never pauses is not polled by the timer
            if TokioInstant::now() >= total {
                return Err(Some(Fault::Timeout { phase: "total" }));
            }
        }
    }

    /// Until there is room for more. A client that reads nothing for long is as good as gone.
    async fn credit(&self, cut: Pin<&mut impl Future<Output = ()>>, until: TokioInstant) -> Result<(), Cut> {
        if self.outlet.0.has_credit() {
            return Ok(());
        }
        log::trace!("waiting for the client after={:?}", self.began.elapsed());
        tokio::select! {
            biased;
            () = cut => Err(Some(Fault::ShuttingDown)),
            credit = timeout_at(until, self.outlet.0.credit()) => match credit {
                Ok(true) => Ok(()),
                Ok(false) | Err(_) => Err(None),
            },
        }
    }
}
