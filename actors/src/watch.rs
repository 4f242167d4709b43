//! The way to an actor that lives as long as the process, and whoever makes it anew.
//!
//! A panic in a handler is the end of its actor: actix's Supervisor neither catches it nor makes another, every address of it
//! is dead, and what it answers for stays as it was until a restart. So whoever must live is reached through a [`Standing`],
//! which outlives it, and is watched: when it ends, it is made again on the same thread, counted and logged. What must not be
//! lost with it lies outside of it ([`Published`](crate::workers::Published)); what waited in its mailbox is lost, and whoever
//! waited is told at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};

use crate::mailbox::{AskError, ask};
use crate::meter::Meter;

/// The least time from one making to the next: an actor that ends as soon as it is made must not keep its thread busy.
const PAUSE: Duration = Duration::from_secs(1);

/// The way to a long-lived actor, whichever holds the place.
pub struct Standing<A: Actor>(Arc<ArcSwap<Addr<A>>>);

/// An actor's name in logs and metrics, and where its ends are counted.
#[derive(Clone)]
pub struct Watch {
    /// As the word is used in ARCHITECTURE.md, in small letters.
    pub name: &'static str,
    /// Who counts.
    pub meter: Arc<dyn Meter>,
}

impl<A: Actor> Clone for Standing<A> {
    fn clone(&self) -> Self {
        Standing(Arc::clone(&self.0))
    }
}

impl<A: Actor<Context = Context<A>>> Standing<A> {
    /// Starts one on another thread. `make` runs there, and again whenever its last one has ended.
    pub fn start_in<F>(arbiter: &ArbiterHandle, watch: Watch, mut make: F) -> Self
    where
        F: FnMut(&mut Context<A>) -> A + Send + 'static,
    {
        watch.meter.actor_made(watch.name, false);
        let (tell, told) = oneshot::channel();
        let first = A::start_in_arbiter(arbiter, move |ctx| {
            let (dies, dead) = mpsc::unbounded_channel();
            let made = made(&mut make, &dies, ctx);
            actix::spawn(async move {
                if let Ok(place) = told.await {
                    watched(place, watch, make, (dies, dead)).await;
                }
            });
            made
        });
        let place = Arc::new(ArcSwap::from_pointee(first));
        // nobody hears where the thread has ended already, and then nobody need watch
        let _ = tell.send(Arc::clone(&place));
        Standing(place)
    }

    /// Starts one on this thread.
    pub fn start<F>(watch: Watch, mut make: F) -> Self
    where
        F: FnMut(&mut Context<A>) -> A + 'static,
    {
        watch.meter.actor_made(watch.name, false);
        let (dies, dead) = mpsc::unbounded_channel();
        let place = Arc::new(ArcSwap::from_pointee(A::create(|ctx| made(&mut make, &dies, ctx))));
        actix::spawn(watched(Arc::clone(&place), watch, make, (dies, dead)));
        Standing(place)
    }

    /// The address of whoever holds the place now.
    pub fn address(&self) -> Arc<Addr<A>> {
        self.0.load_full()
    }

    /// As [`ask`].
    ///
    /// # Errors
    /// No answer in time; or it ended over this message, or over one before it.
    pub async fn ask<M>(&self, message: M, deadline: Duration) -> Result<M::Result, AskError>
    where
        A: Handler<M>,
        M: Message + Send + 'static,
        M::Result: Send,
    {
        ask(&self.address(), message, deadline).await
    }
}

/// Tells when its actor is gone, however it went: a field of the actor would do as well, but each would need one.
struct Last(mpsc::UnboundedSender<()>);

impl Drop for Last {
    fn drop(&mut self) {
        // it may run while a panic unwinds, so it does no more than this; nobody hears at the end of the process
        let _ = self.0.send(());
    }
}

fn made<A: Actor<Context = Context<A>>>(
    make: &mut impl FnMut(&mut Context<A>) -> A,
    dies: &mpsc::UnboundedSender<()>,
    ctx: &mut Context<A>,
) -> A {
    let last = Last(dies.clone());
    let lives = async move {
        let _last = last;
        std::future::pending::<()>().await;
    };
    ctx.spawn(actix::fut::wrap_future(lives));
    make(ctx)
}

async fn watched<A: Actor<Context = Context<A>>>(
    place: Arc<ArcSwap<Addr<A>>>,
    watch: Watch,
    mut make: impl FnMut(&mut Context<A>) -> A,
    (dies, mut dead): (mpsc::UnboundedSender<()>, mpsc::UnboundedReceiver<()>),
) {
    let mut since = Instant::now();
    // it never closes: a sender lies here
    while dead.recv().await.is_some() {
        tokio::time::sleep(PAUSE.saturating_sub(since.elapsed())).await;
        since = Instant::now();
        place.store(Arc::new(A::create(|ctx| made(&mut make, &dies, ctx))));
        watch.meter.actor_made(watch.name, true);
        log::error!("actor ended and was made anew actor={}", watch.name);
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
