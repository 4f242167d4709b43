//! `CallbackRegistry`: the one owner of the list of callbacks.
//!
//! Every change makes a new [`CapabilitySnapshot`] and pushes it to every worker; the admin caller is answered only when
//! every worker has it. Changes are handled one after another (`AtomicResponse` stops the mailbox until a change is
//! through), so generations arrive in order and two callers cannot interleave.

use std::sync::Arc;

use actix::prelude::*;

use crate::capabilities::{CapabilitySnapshot, Registered};
use crate::ports::{Callback, CallbackFactory, CallbackSpec, ParamError};
use crate::workers::{Published, Pushed};

// === Messages ===

/// The new snapshot, to a worker. Its reply is the acknowledgement.
#[derive(Message, Clone)]
#[rtype(result = "()")]
pub struct PushCallbacks(pub Arc<CapabilitySnapshot>);

impl From<Arc<CapabilitySnapshot>> for PushCallbacks {
    fn from(snapshot: Arc<CapabilitySnapshot>) -> Self {
        PushCallbacks(snapshot)
    }
}

/// A worker asks to be told; it is told at once what is current.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Subscribe {
    /// Where to push.
    pub worker: Recipient<PushCallbacks>,
}

/// Adds a callback, or replaces the one of its name in place.
#[derive(Message)]
#[rtype(result = "Result<Changed, RegistryError>")]
pub struct Upsert {
    /// What to make.
    pub spec: CallbackSpec,
    /// The generation the caller has seen, if it wants lost updates prevented.
    pub if_match: Option<u64>,
}

/// Removes a callback.
#[derive(Message)]
#[rtype(result = "Result<Changed, RegistryError>")]
pub struct Remove {
    /// Its name.
    pub name: String,
    /// As in [`Upsert`].
    pub if_match: Option<u64>,
}

/// Replaces the whole list, or nothing if one of it cannot be made.
#[derive(Message)]
#[rtype(result = "Result<Changed, RegistryError>")]
pub struct Reload {
    /// The new list. A callback whose spec is unchanged stays as it is, its queue included.
    pub specs: Vec<CallbackSpec>,
    /// As in [`Upsert`].
    pub if_match: Option<u64>,
}

/// Asks for the current snapshot.
#[derive(Message)]
#[rtype(result = "Arc<CapabilitySnapshot>")]
pub struct List;

/// A change that went through.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The generation every worker now has.
    pub generation: u64,
    /// The workers that acknowledged.
    pub workers: usize,
}

/// Why a change did not.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RegistryError {
    /// Someone else changed the list first.
    #[error("the callbacks are at generation {current}, not {seen}: read them again and repeat the change")]
    Stale {
        /// Where they are.
        current: u64,
        /// What the caller saw.
        seen: u64,
    },
    /// No callback of that name.
    #[error("no callback is named `{name}`; there are: {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The callback could not be made.
    #[error("callback `{name}` cannot be made: {}", join(.errors))]
    Invalid {
        /// Its name.
        name: String,
        /// Every complaint.
        errors: Vec<ParamError>,
    },
    /// Some workers did not acknowledge in time. The change holds; they get it as soon as they come round.
    #[error("{missing} of {workers} workers have not acknowledged generation {generation} yet")]
    Lagging {
        /// How many.
        missing: usize,
        /// Of how many.
        workers: usize,
        /// The generation they will have.
        generation: u64,
    },
}

// === The actor ===

/// The actor.
pub struct CallbackRegistry {
    factory: Arc<dyn CallbackFactory>,
    published: Published<CapabilitySnapshot, PushCallbacks>,
}

impl CallbackRegistry {
    /// Begins with what is published: at first the callbacks of the configuration, already made, since a bad one must stop
    /// the start and not appear later; after an end, what the one before it left.
    pub fn new(factory: Arc<dyn CallbackFactory>, published: Published<CapabilitySnapshot, PushCallbacks>) -> Self {
        CallbackRegistry { factory, published }
    }

    fn check(&self, if_match: Option<u64>) -> Result<(), RegistryError> {
        let current = self.published.current().generation;
        match if_match {
            Some(seen) if seen != current => Err(RegistryError::Stale { current, seen }),
            _ => Ok(()),
        }
    }

    fn upsert(&self, message: Upsert) -> Result<Vec<Registered>, RegistryError> {
        self.check(message.if_match)?;
        let new = registered(self.factory.make_for_admin(&message.spec), message.spec)?;
        let mut list = self.published.current().callbacks.clone();
        match list.iter_mut().find(|c| c.spec.name == new.spec.name) {
            Some(old) => *old = new,
            None => list.push(new),
        }
        Ok(list)
    }

    fn remove(&self, message: &Remove) -> Result<Vec<Registered>, RegistryError> {
        self.check(message.if_match)?;
        let (list, gone): (Vec<_>, Vec<_>) =
            self.published.current().callbacks.iter().cloned().partition(|c| c.spec.name != message.name);
        if gone.is_empty() {
            let known = list.iter().map(|c| c.spec.name.as_str()).collect::<Vec<_>>().join(", ");
            return Err(RegistryError::Unknown { name: message.name.clone(), known });
        }
        Ok(list)
    }

    fn reload(&self, message: Reload) -> Result<Vec<Registered>, RegistryError> {
        self.check(message.if_match)?;
        let current = self.published.current();
        let keep = |spec: &CallbackSpec| current.callbacks.iter().find(|c| c.spec == *spec).cloned();
        message.specs.into_iter().map(|spec| keep(&spec).map_or_else(|| make(&*self.factory, spec), Ok)).collect()
    }

    /// Takes a new list over and tells every worker; resolves when all have acknowledged or the deadline has passed.
    fn change(&mut self, list: Result<Vec<Registered>, RegistryError>) -> Changing {
        let list = match list {
            Ok(list) => list,
            Err(error) => return AtomicResponse::new(Box::pin(actix::fut::ready(Err(error)))),
        };
        let generation = self.published.current().generation + 1;
        let pushed = self.published.publish(generation, Arc::new(CapabilitySnapshot::fold(generation, list)));
        let waited = async move {
            let Pushed { workers, missing, .. } = pushed.await;
            log::info!("callbacks changed generation={generation} workers={workers} missing={missing}");
            match missing {
                0 => Ok(Changed { generation, workers }),
                _ => Err(RegistryError::Lagging { missing, workers, generation }),
            }
        };
        AtomicResponse::new(Box::pin(waited.into_actor(self)))
    }
}

type Changing = AtomicResponse<CallbackRegistry, Result<Changed, RegistryError>>;

impl Actor for CallbackRegistry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        // the one before it may have ended between making a change and telling it; workers take nothing twice
        let told = self.published.push(self.published.current().generation);
        ctx.wait(told.into_actor(self).map(|_, _, _| ()));
    }
}

impl Handler<Subscribe> for CallbackRegistry {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, message: Subscribe, _: &mut Context<Self>) -> Self::Result {
        let told = self.published.subscribe(message.worker);
        AtomicResponse::new(Box::pin(told.into_actor(self)))
    }
}

impl Handler<Upsert> for CallbackRegistry {
    type Result = Changing;

    fn handle(&mut self, message: Upsert, _: &mut Context<Self>) -> Changing {
        self.change(self.upsert(message))
    }
}

impl Handler<Remove> for CallbackRegistry {
    type Result = Changing;

    fn handle(&mut self, message: Remove, _: &mut Context<Self>) -> Changing {
        self.change(self.remove(&message))
    }
}

impl Handler<Reload> for CallbackRegistry {
    type Result = Changing;

    fn handle(&mut self, message: Reload, _: &mut Context<Self>) -> Changing {
        self.change(self.reload(message))
    }
}

impl Handler<List> for CallbackRegistry {
    type Result = MessageResult<List>;

    fn handle(&mut self, _: List, _: &mut Context<Self>) -> MessageResult<List> {
        MessageResult(self.published.current())
    }
}

/// Makes one callback and asks it, once, which hooks it has.
pub fn make(factory: &dyn CallbackFactory, spec: CallbackSpec) -> Result<Registered, RegistryError> {
    registered(factory.make(&spec), spec)
}

fn registered(
    made: Result<Arc<dyn Callback>, Vec<ParamError>>,
    spec: CallbackSpec,
) -> Result<Registered, RegistryError> {
    let callback = made.map_err(|errors| RegistryError::Invalid { name: spec.name.clone(), errors })?;
    let hooks = callback.hooks();
    Ok(Registered { spec, callback, hooks })
}

fn join(errors: &[ParamError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
