//! The handler's part of a stream: what the upstream socket has ready goes to the relay as one message, until the provider,
//! the client, a deadline or the relay itself ends it.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};

use actix::prelude::*;
use bytes::Bytes;
use tokio::time::{Instant as TokioInstant, Sleep, sleep_until, timeout_at};

use crate::answered::Open;
use crate::desk::Desk;
use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::hold::Way;
use crate::job::Job;
use crate::mailbox::tell;
use crate::outlet::{Outlet, outlet};
use crate::relay::{Relay, RelaySettings};
use crate::reply::{Answer, Reply, facts};
use crate::routing::PathSettings;
use crate::stream_relay::{Cause, Chunks, End, Heartbeat, StreamRelay};
use crate::within::{BATCH_BYTES, fault_of};

/// Releases the head, unless that is done, starts the relay, and pumps. The exchange goes to the relay, which settles it.
pub(crate) async fn run(job: Job, open: Open) {
    let Job { exchange, desk, hold, .. } = job;
    let Open { mut response, batch, more } = open;
    let path = exchange.routing.path.clone();
    let timer = Timer::new(&path, &exchange);
    let relay = relay_for(&exchange);
    let (outlet, release) = match hold.take() {
        Way::Released(outlet) => (outlet, None),
        Way::Held(reply) => {
            let (outlet, body) = outlet(path.credit_bytes);
            let facts = facts(&exchange, std::mem::take(&mut response.headers));
            (outlet, Some((reply, Reply { answer: Ok(Answer::Stream(body)), facts })))
        }
        Way::Taken => return,
    };
    let relay = StreamRelay::new(relay, outlet.clone(), exchange).start();
    if let Some((held, reply)) = release {
        // if the caller has left, the body dies with the unsent reply, and the pump sees it as a client that left
        drop(held.send(reply));
    }
    let mut pump = Pump { outlet, relay, timer, path, waited: Duration::ZERO };
    pump.send(batch);
    let cause = match more {
        true => pump.run(&mut response, &desk).await,
        false => Cause::Closed,
    };
    let Pump { outlet, relay, waited, .. } = pump;
    tell(&relay, End { cause, waited });
    drop(relay);
    if outlet.is_complete() && !response.is_ended() {
        response.drain().await;
    }
}

fn relay_for(exchange: &Exchange) -> Relay {
    let path = &exchange.routing.path;
    let shown = exchange.shown_model();
    let dialect = exchange.progress.deployment.as_ref().map(|deployment| &deployment.dialect);
    let settings = RelaySettings {
        protocol: exchange.asked.protocol,
        framing: dialect.map(|dialect| dialect.framing()).unwrap_or_default(),
        shown_model: Some(shown),
        withhold_usage: !exchange.asked.envelope.include_usage() && path.always_include_stream_usage != Some(true),
        max_event_bytes: path.max_event_bytes,
    };
    let foreign = dialect.filter(|dialect| exchange.translated_by(&***dialect));
    let translate = foreign.map(|dialect| dialect.translator(exchange.asked.protocol, exchange.answer_facts()));
    Relay::new(&settings, translate, &exchange.callbacks, || exchange.facts())
}

struct Pump {
    outlet: Outlet,
    relay: Addr<StreamRelay>,
    timer: Timer,
    path: PathSettings,
    /// Not yet told to the relay.
    waited: Duration,
}

enum Step {
    Batch(bool),
    Failed(Fault),
    Closed,
    Tick,
    Cut,
}

impl Pump {
    async fn run(&mut self, response: &mut crate::upstream::UpstreamResponse, desk: &Desk) -> Cause {
        let mut cut = std::pin::pin!(desk.wait_cut());
        loop {
            if !self.outlet.has_credit()
                && let Some(cause) = self.wait_for_credit(cut.as_mut()).await
            {
                return cause;
            }
            let began = Instant::now();
            let mut batch = Vec::new();
            let step = tokio::select! {
                biased;
                () = poll_fn(|cx| self.outlet.poll_closed(cx)) => Step::Closed,
                // before the bytes: a provider that never pauses must not keep the process from ending
                () = cut.as_mut() => Step::Cut,
                read = response.next_batch(&mut batch, BATCH_BYTES) => match read {
                    Ok(more) => Step::Batch(more),
                    Err(fault) => Step::Failed(fault_of(fault, "idle")),
                },
                () = self.timer.sleep.as_mut() => Step::Tick,
            };
            let now = Instant::now();
            self.waited += now - began;
            match step {
                Step::Batch(true) => {
                    self.timer.touch(&self.outlet, now);
                    self.send(batch);
                    // nor from its deadline: the timer is polled only when nothing is ready to be read
                    if self.timer.last >= self.timer.total {
                        return Cause::Failed(Fault::Timeout { phase: "total" });
                    }
                }
                Step::Batch(false) => return Cause::Closed,
                Step::Failed(fault) => return Cause::Failed(fault),
                // ended by the relay, or left by the client: the relay knows which of the two it has settled
                Step::Closed => return Cause::ClientLeft,
                Step::Cut => return Cause::Failed(Fault::ShuttingDown),
                Step::Tick => match self.timer.tick(&self.outlet) {
                    Tick::Overdue(phase) => return Cause::Failed(Fault::Timeout { phase }),
                    Tick::Heartbeat => tell(&self.relay, Heartbeat),
                    Tick::Early => {}
                },
            }
        }
    }

    /// Bounded by the credit: bytes on their way to the relay count against it until the relay has taken them.
    fn send(&mut self, batch: Vec<Bytes>) {
        if batch.is_empty() {
            return;
        }
        self.outlet.sent(batch.iter().map(Bytes::len).sum());
        tell(&self.relay, Chunks { batch, waited: std::mem::take(&mut self.waited) });
    }

    /// Until the client reads on, but not past what ends any stream: the total, and the end of the process.
    async fn wait_for_credit(&mut self, cut: Pin<&mut impl Future<Output = ()>>) -> Option<Cause> {
        let began = Instant::now();
        let until = self.timer.total.min(TokioInstant::now() + self.path.write_idle_timeout);
        let credit = tokio::select! {
            biased;
            () = cut => None,
            credit = timeout_at(until, self.outlet.credit()) => Some(credit),
        };
        let now = Instant::now();
        self.waited += now - began;
        self.timer.touch(&self.outlet, now);
        match credit {
            None => Some(Cause::Failed(Fault::ShuttingDown)),
            Some(Ok(true)) => None,
            Some(Err(_)) if until == self.timer.total => Some(Cause::Failed(Fault::Timeout { phase: "total" })),
            // a client that does not read is as good as gone; holding its stream would hold a provider's too
            Some(Ok(false) | Err(_)) => Some(Cause::ClientLeft),
        }
    }
}

/// The two deadlines of a running stream and its heartbeat, on one timer. A batch only notes the time: re-arming a timer
/// per batch would cost more than the batch.
struct Timer {
    sleep: Pin<Box<Sleep>>,
    /// When the provider last sent anything.
    last: TokioInstant,
    /// When the client last got anything: not the same, since the provider's comments are not passed on.
    heard: TokioInstant,
    /// [`Outlet::pushed`] when that was last looked at.
    pushed: u64,
    idle: Duration,
    heartbeat: Option<Duration>,
    total: TokioInstant,
}

enum Tick {
    Overdue(&'static str),
    Heartbeat,
    Early,
}

impl Timer {
    fn new(path: &PathSettings, exchange: &Exchange) -> Self {
        let now = TokioInstant::now();
        let total = TokioInstant::from_std(exchange.asked.started + path.total_timeout);
        let mut timer = Timer {
            sleep: Box::pin(sleep_until(now)),
            last: now,
            heard: now,
            pushed: 0,
            idle: path.idle_timeout,
            heartbeat: path.heartbeat,
            total,
        };
        timer.arm();
        timer
    }

    /// Something came from the provider just now.
    fn touch(&mut self, outlet: &Outlet, now: Instant) {
        self.note(outlet);
        self.last = now.into();
    }

    /// If the relay has let something through since the last look, then out of the batch that came last.
    fn note(&mut self, outlet: &Outlet) {
        if outlet.pushed() != self.pushed {
            self.pushed = outlet.pushed();
            self.heard = self.last;
        }
    }

    /// The timer fired: what is due? Re-arms for what is next.
    fn tick(&mut self, outlet: &Outlet) -> Tick {
        self.note(outlet);
        let now = TokioInstant::now();
        let since = |then| now.saturating_duration_since(then);
        let tick = if now >= self.total {
            Tick::Overdue("total")
        } else if since(self.last) >= self.idle {
            Tick::Overdue("idle")
        } else if self.heartbeat.is_some_and(|every| since(self.heard) >= every) {
            self.heard = now;
            Tick::Heartbeat
        } else {
            Tick::Early
        };
        self.arm();
        tick
    }

    fn arm(&mut self) {
        let silence_ends = self.last + self.idle;
        let beat = self.heartbeat.map(|every| self.heard + every);
        let next = beat.map_or(silence_ends, |beat| beat.min(silence_ends)).min(self.total);
        self.sleep.as_mut().reset(next);
    }
}
