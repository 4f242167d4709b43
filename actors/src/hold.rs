//! The head of an answer while it is held: until there is an answer an error keeps its own status, and another try is free.
//!
//! With heartbeats the hold of a stream has an end. Most providers send their head only with the first token, so it ends
//! while an attempt still waits for one: the head goes out and comments follow it, beside the attempt that goes on. From
//! then on there is no other try (I1), and what goes wrong is the one event that ends the stream (I2).

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::exchange::Exchange;
use crate::fault::Fault;
use crate::outlet::{Outlet, outlet};
use crate::relay::HEARTBEAT;
use crate::reply::{Answer, Reply, facts};
use crate::told;
use crate::upstream::UpstreamHeaders;
use crate::wire::endpoint::Way as Answering;

/// The way to the caller of one exchange.
pub(crate) struct Hold(RefCell<Way>);

/// What stands open.
pub(crate) enum Way {
    /// The head is ours to write.
    Held(oneshot::Sender<Reply>),
    /// It is out, and nothing but comments after it.
    Released(Outlet),
    /// Nothing any more: whoever took the way out has it.
    Taken,
}

impl Hold {
    /// A head that is held.
    pub fn new(reply: oneshot::Sender<Reply>) -> Self {
        Hold(RefCell::new(Way::Held(reply)))
    }

    /// Resolves when the caller has left.
    pub async fn left(&self) {
        poll_fn(|cx| match &mut *self.0.borrow_mut() {
            Way::Held(reply) => reply.poll_closed(cx),
            Way::Released(outlet) => outlet.poll_closed(cx),
            Way::Taken => std::task::Poll::Pending,
        })
        .await;
    }

    /// Whether the head is out: then nothing may be tried again.
    pub fn is_over(&self) -> bool {
        !matches!(*self.0.borrow(), Way::Held(_))
    }

    /// Waits for `work` on a stream, and lets the head go if that takes longer than the hold: a heartbeat's time after the
    /// request was read, not after this attempt began, since what counts is how long the caller has heard nothing.
    pub async fn over<T>(&self, exchange: &Exchange, mut work: Pin<&mut impl Future<Output = T>>) -> T {
        let heartbeat = exchange.routing.path.heartbeat.filter(|_| exchange.way() == Answering::Events);
        let Some(every) = heartbeat else { return work.await };
        let mut next = match self.is_over() {
            true => Instant::now() + every,
            false => Instant::from_std(exchange.asked.started + exchange.progress.body_read) + every,
        };
        loop {
            if let Ok(done) = timeout_at(next, work.as_mut()).await {
                return done;
            }
            next = Instant::now() + every;
            self.beat(exchange);
            // whoever waits for the caller to leave must look at the outlet from now on
            tokio::task::yield_now().await;
        }
    }

    fn beat(&self, exchange: &Exchange) {
        let outlet = match self.take() {
            Way::Held(reply) => release(reply, exchange),
            Way::Released(outlet) => outlet,
            Way::Taken => return,
        };
        outlet.comment(Bytes::from_static(HEARTBEAT));
        self.0.replace(Way::Released(outlet));
    }

    /// Takes the way, to answer on it.
    pub fn take(&self) -> Way {
        self.0.replace(Way::Taken)
    }

    /// Ends it with a fault, in an answer of its own or as the stream's last event. Returns whether anybody was there.
    pub fn fail(&self, exchange: &Exchange, fault: &Fault) -> bool {
        match self.take() {
            Way::Held(reply) => {
                let facts = facts(exchange, exchange.progress.error_head.clone());
                reply.send(Reply { answer: Err(fault.clone()), facts }).is_ok()
            }
            Way::Released(outlet) => {
                let asked = &exchange.asked;
                outlet.push(told::event(fault, asked.protocol, &asked.request_id, 0));
                outlet.end();
                !outlet.client_left()
            }
            Way::Taken => false,
        }
    }
}

/// Lets the head go. What only the provider's head tells is missing from it.
fn release(held: oneshot::Sender<Reply>, exchange: &Exchange) -> Outlet {
    let (outlet, body) = outlet(exchange.routing.path.credit_bytes);
    let facts = facts(exchange, UpstreamHeaders::default());
    // if the caller has left, the body dies with the unsent reply, and the outlet knows
    drop(held.send(Reply { answer: Ok(Answer::Stream(body)), facts }));
    outlet
}

impl Drop for Hold {
    /// A stream whose exchange panicked is broken off: its caller must not wait for the rest (FAULTS P6).
    fn drop(&mut self) {
        if let Way::Released(outlet) = self.0.get_mut() {
            outlet.abort();
        }
    }
}
