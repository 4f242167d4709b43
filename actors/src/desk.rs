//! What one worker holds: its HTTP client, its snapshots, and the addresses it may ask.
//!
//! Made in the App factory, on the worker's own thread, so it need not be `Send`. Reading a snapshot is a clone of an
//! `Arc` out of a cell: no lock, no atomic shared with another worker's writes but the count itself.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use actix::prelude::*;
use foldhash::fast::RandomState;
use tokio::sync::Notify;

use crate::callback_registry::{CallbackRegistry, PushCallbacks, Subscribe as SubscribeCallbacks};
use crate::capabilities::CapabilitySnapshot;
use crate::cost_cache::{CostCache, PushRouting, Subscribe as SubscribeRouting, ZeroCost};
use crate::credential::keeper::CredentialKeeper;
use crate::in_flight::InFlightCount;
use crate::mailbox::tell;
use crate::meter::Meter;
use crate::ports::TokenCounter;
use crate::record::NAME_BYTES;
use crate::routing::Routing;
use crate::upstream::UpstreamClient;
use crate::watch::{Standing, Watch};

/// How long the one question on the path may take. A cast that is slower than this is stuck; the answer is then "not
/// free", which only means that the budget stage is not skipped.
const ZERO_COST_DEADLINE: Duration = Duration::from_millis(250);

/// How often a worker forgets origins it has not called for long, and tells what it has counted.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// Names remembered per price generation, none longer than a record would keep. Callers choose model names, so the memo must
/// not grow with them; for a longer one the question is asked each time.
const ZERO_COST_MEMO: usize = 4096;

/// One worker's desk.
pub struct Desk {
    /// The way to the providers.
    pub upstream: UpstreamClient,
    /// Where exchanges are counted.
    pub meter: Arc<dyn Meter>,
    /// Who counts tokens that no provider counted.
    pub tokens: Arc<dyn TokenCounter>,
    /// Exchanges alive in the whole process.
    pub in_flight: Arc<InFlightCount>,
    /// The end of the process.
    pub shutdown: Arc<Shutdown>,
    callbacks: RefCell<Arc<CapabilitySnapshot>>,
    routing: RefCell<Arc<Routing>>,
    zero_cost: RefCell<HashMap<String, bool, RandomState>>,
    zero_cost_of: Cell<u64>,
    cost_cache: Standing<CostCache>,
    credentials: Standing<CredentialKeeper>,
    /// [`Shutdown::wait_cut`], passed on within the worker: every exchange waits for it, and a wait on what all workers
    /// share would cost each of them more.
    cut: Notify,
}

/// What a desk is made from.
pub struct DeskParts {
    /// The way to the providers.
    pub upstream: UpstreamClient,
    /// Where exchanges are counted.
    pub meter: Arc<dyn Meter>,
    /// Who counts tokens that no provider counted.
    pub tokens: Arc<dyn TokenCounter>,
    /// Exchanges alive.
    pub in_flight: Arc<InFlightCount>,
    /// The end of the process.
    pub shutdown: Arc<Shutdown>,
    /// The snapshot to begin with.
    pub callbacks: Arc<CapabilitySnapshot>,
    /// The snapshot to begin with.
    pub routing: Arc<Routing>,
    /// Who pushes callbacks.
    pub registry: Standing<CallbackRegistry>,
    /// Who pushes routes and prices, and answers the zero-cost question.
    pub cost_cache: Standing<CostCache>,
    /// Who fetches tokens.
    pub credentials: Standing<CredentialKeeper>,
}

impl Desk {
    /// Sets up a worker and subscribes it to both owners of snapshots.
    pub fn open(parts: DeskParts) -> Rc<Self> {
        let desk = Rc::new(Desk {
            upstream: parts.upstream,
            meter: parts.meter,
            tokens: parts.tokens,
            in_flight: parts.in_flight,
            shutdown: parts.shutdown,
            zero_cost: RefCell::default(),
            zero_cost_of: Cell::new(parts.routing.generation),
            callbacks: RefCell::new(parts.callbacks),
            routing: RefCell::new(parts.routing),
            cost_cache: parts.cost_cache.clone(),
            credentials: parts.credentials,
            cut: Notify::new(),
        });
        actix::spawn({
            let desk = Rc::clone(&desk);
            async move {
                desk.shutdown.wait_cut().await;
                desk.cut.notify_waiters();
            }
        });
        let (registry, cost_cache) = (parts.registry, parts.cost_cache);
        let watch = Watch { name: "worker_inbox", meter: Arc::clone(&desk.meter) };
        Standing::start(watch, {
            let desk = Rc::clone(&desk);
            move |ctx: &mut Context<Inbox>| {
                // bounded: one message each per inbox
                tell(&registry.address(), SubscribeCallbacks { worker: ctx.address().recipient() });
                tell(&cost_cache.address(), SubscribeRouting { worker: ctx.address().recipient() });
                Inbox { desk: Rc::clone(&desk) }
            }
        });
        desk
    }

    /// Resolves when the grace of a shutdown is over.
    pub async fn wait_cut(&self) {
        // made before the look, so that it does not miss what happens after it
        let cut = self.cut.notified();
        if !self.shutdown.is_cut() {
            cut.await;
        }
    }

    /// The callbacks of this moment.
    pub fn callbacks(&self) -> Arc<CapabilitySnapshot> {
        Arc::clone(&self.callbacks.borrow())
    }

    /// Who fetches tokens.
    pub(crate) fn credential_keeper(&self) -> Arc<Addr<CredentialKeeper>> {
        self.credentials.address()
    }

    /// The routes and prices of this moment.
    pub fn routing(&self) -> Arc<Routing> {
        Arc::clone(&self.routing.borrow())
    }

    /// Whether everything that may serve `model` is explicitly priced at zero. The first question for a model in a price
    /// generation goes to the [`CostCache`]; its answer is remembered until the next generation arrives.
    pub async fn zero_cost(&self, model: &str, generation: u64) -> bool {
        if self.zero_cost_of.get() == generation
            && let Some(known) = self.zero_cost.borrow().get(model)
        {
            return *known;
        }
        let question = ZeroCost { model: model.to_owned(), generation };
        let Ok(Some(answer)) = self.cost_cache.ask(question, ZERO_COST_DEADLINE).await else {
            return false;
        };
        // a push may have come while we waited: an answer about an older generation must not outlive it
        if self.zero_cost_of.get() == generation && model.len() <= NAME_BYTES {
            let mut memo = self.zero_cost.borrow_mut();
            if memo.len() >= ZERO_COST_MEMO {
                memo.clear();
            }
            memo.insert(model.to_owned(), answer);
        }
        answer
    }

    fn take_callbacks(&self, snapshot: Arc<CapabilitySnapshot>) {
        if snapshot.generation > self.callbacks.borrow().generation {
            self.callbacks.replace(snapshot);
        }
    }

    fn take_routing(&self, routing: Arc<Routing>) {
        if routing.generation > self.routing.borrow().generation {
            self.zero_cost.borrow_mut().clear();
            self.zero_cost_of.set(routing.generation);
            self.routing.replace(routing);
        }
    }
}

/// A worker's mailbox for pushed snapshots. Its reply is the acknowledgement that an admin caller waits for.
struct Inbox {
    desk: Rc<Desk>,
}

impl Actor for Inbox {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.run_interval(HOUSEKEEPING, |inbox, _| {
            inbox.desk.upstream.sweep();
            inbox.desk.meter.stale_retries(inbox.desk.upstream.stale_retries());
        });
    }
}

impl Handler<PushCallbacks> for Inbox {
    type Result = ();

    fn handle(&mut self, push: PushCallbacks, _: &mut Context<Self>) {
        self.desk.take_callbacks(push.0);
    }
}

impl Handler<PushRouting> for Inbox {
    type Result = ();

    fn handle(&mut self, push: PushRouting, _: &mut Context<Self>) {
        self.desk.take_routing(push.0);
    }
}

/// The end of the process in two steps: `drain` (not ready any more, what runs may finish), `cut` (grace is over).
#[derive(Debug)]
pub struct Shutdown {
    draining: AtomicBool,
    cut: tokio::sync::watch::Sender<bool>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Shutdown { draining: AtomicBool::new(false), cut: tokio::sync::watch::Sender::new(false) }
    }
}

impl Shutdown {
    /// Readiness turns false.
    pub fn drain(&self) {
        self.draining.store(true, Relaxed);
    }

    /// Whether it has.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Relaxed)
    }

    /// What still runs ends with an error.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Whether it has.
    pub fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// Resolves when the grace is over.
    pub async fn wait_cut(&self) {
        let mut cut = self.cut.subscribe();
        // the sender is `self`, so this cannot fail while it is borrowed
        let _ = cut.wait_for(|cut| *cut).await;
    }
}
