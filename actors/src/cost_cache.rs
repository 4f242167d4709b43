//! `CostCache`: the one owner of routes and prices, and the answer to "is this model free?".
//!
//! LiteLLM's pull request #27816 kept this answer in a process-wide map keyed on identity and length, so a price changed
//! in place went unseen (COMPAT 1.6). Here an answer belongs to a *generation*: anything about a price, a deployment or a
//! fallback that changes makes a new one, and no worker can keep an old answer past it.

use std::collections::HashMap;
use std::sync::Arc;

use actix::prelude::*;

use crate::prices::zero_cost;
use crate::record::NAME_BYTES;
use crate::routing::Routing;
use crate::workers::{Published, Pushed};

/// Answers kept, to names no longer than a record would keep; callers choose names, so both must have a bound.
const ANSWERS: usize = 4096;

// === Messages ===

/// The new routes and prices, to a worker. Its reply is the acknowledgement.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub struct PushRouting(pub Arc<Routing>);

impl From<Arc<Routing>> for PushRouting {
    fn from(routing: Arc<Routing>) -> Self {
        PushRouting(routing)
    }
}

/// A worker asks to be told; it is told at once what is current.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Subscribe {
    /// Where to push.
    pub worker: Recipient<PushRouting>,
}

/// Whether all that may serve `model` is explicitly priced at zero, fallbacks included. `None`: the generation is not
/// the current one any more, so no answer would be safe to remember.
#[derive(Message)]
#[rtype(result = "Option<bool>")]
pub struct ZeroCost {
    /// The model as the caller wrote it.
    pub model: String,
    /// The generation the question is about.
    pub generation: u64,
}

/// New routes and prices. Answered with their generation when every worker has them.
#[derive(Message)]
#[rtype(result = "Pushed")]
pub struct Reprice {
    /// Built from the configuration; its generation is set here.
    pub routing: Routing,
}

/// Asks for what is current.
#[derive(Message)]
#[rtype(result = "Arc<Routing>")]
pub struct Current;

// === The actor ===

/// The actor.
pub struct CostCache {
    published: Published<Routing, PushRouting>,
    answers: HashMap<String, bool>,
}

impl CostCache {
    /// Begins with what is published: the routes of the configuration, or what the one before it left.
    pub fn new(published: Published<Routing, PushRouting>) -> Self {
        CostCache { published, answers: HashMap::new() }
    }

    fn answer(&mut self, model: &str) -> bool {
        if let Some(known) = self.answers.get(model) {
            return *known;
        }
        let free = self.published.current().pricings(model).is_some_and(|all| zero_cost(&all));
        if self.answers.len() >= ANSWERS {
            self.answers.clear();
        }
        if model.len() <= NAME_BYTES {
            self.answers.insert(model.to_owned(), free);
        }
        free
    }
}

impl Actor for CostCache {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // as in the registry of callbacks
        let told = self.published.push(self.published.current().generation);
        ctx.wait(told.into_actor(self).map(|_, _, _| ()));
    }
}

impl Handler<Subscribe> for CostCache {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, message: Subscribe, _: &mut Context<Self>) -> Self::Result {
        let told = self.published.subscribe(message.worker);
        AtomicResponse::new(Box::pin(told.into_actor(self)))
    }
}

impl Handler<ZeroCost> for CostCache {
    type Result = Option<bool>;

    fn handle(&mut self, message: ZeroCost, _: &mut Context<Self>) -> Option<bool> {
        (message.generation == self.published.current().generation).then(|| self.answer(&message.model))
    }
}

impl Handler<Reprice> for CostCache {
    type Result = AtomicResponse<Self, Pushed>;

    fn handle(&mut self, message: Reprice, _: &mut Context<Self>) -> Self::Result {
        let generation = self.published.current().generation + 1;
        self.answers.clear();
        let pushed = self.published.publish(generation, Arc::new(Routing { generation, ..message.routing }));
        let waited = async move {
            let pushed = pushed.await;
            log::info!("routing changed generation={generation} workers={} missing={}", pushed.workers, pushed.missing);
            pushed
        };
        AtomicResponse::new(Box::pin(waited.into_actor(self)))
    }
}

impl Handler<Current> for CostCache {
    type Result = MessageResult<Current>;

    fn handle(&mut self, _: Current, _: &mut Context<Self>) -> MessageResult<Current> {
        MessageResult(self.published.current())
    }
}
