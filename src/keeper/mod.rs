//! `ConfigKeeper`: the one owner of what is in force of the configuration, and of the callbacks kept beside it.
//!
//! A reload reads two files and pushes to two owners of snapshots; a kept change of a callback pushes to one and writes a
//! file. Two of these side by side could put an older file in force over a newer one, or drop a change that was just kept.
//! So all of them pass through here and are done one after the other, in order of arrival (`AtomicResponse` stops the
//! mailbox until one is through), each to its end whether or not its caller still waits. A lock would do as much, but
//! would have to be held across every await in here.
//!
//! It reads and syncs files, which blocks its thread: boot gives it one of its own.

pub mod overlay;
pub mod routing;
pub mod source;
mod upstream;
pub mod work;

use std::sync::Arc;

use actix::prelude::*;
use millrace_actors::callback_registry::Changed;
use millrace_actors::watch::Standing;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use work::{CHANGE_DEADLINE, CallbackChange, ChangeError, ReloadError, Reloaded, Unconfirmed, WAITING, Work};

// === Messages ===

/// Reads the configuration again and puts it in force, or refuses it whole.
#[derive(Message)]
#[rtype(result = "Result<Reloaded, ReloadError>")]
pub struct Reload {
    /// The callbacks' generation that the caller has seen, if it wants lost updates prevented.
    pub if_match: Option<u64>,
    /// Its place among those that wait.
    _place: OwnedSemaphorePermit,
}

/// Changes one callback, and keeps the change over a restart if asked to.
#[derive(Message)]
#[rtype(result = "Result<Changed, ChangeError>")]
pub struct Change {
    /// What to change.
    pub change: CallbackChange,
    /// As in [`Reload`].
    pub if_match: Option<u64>,
    /// Whether to write it down.
    pub persist: bool,
    /// As in [`Reload`].
    _place: OwnedSemaphorePermit,
}

// === The way to it ===

/// The keeper's address, with a bound on who waits there. A mailbox has none (ARCHITECTURE.md, "Bounds are ours").
pub struct Keeper {
    address: Standing<ConfigKeeper>,
    places: Arc<Semaphore>,
}

impl Keeper {
    /// The only way to this keeper.
    pub fn new(address: Standing<ConfigKeeper>) -> Self {
        Keeper { address, places: Arc::new(Semaphore::new(WAITING)) }
    }

    /// Asks for a [`Reload`].
    pub async fn reload(&self, if_match: Option<u64>) -> Result<Reloaded, ReloadError> {
        let message = Reload { if_match, _place: self.place()? };
        self.address.ask(message, CHANGE_DEADLINE).await.map_err(Unconfirmed::from)?
    }

    /// Asks for a [`Change`].
    pub async fn change(
        &self,
        change: CallbackChange,
        if_match: Option<u64>,
        persist: bool,
    ) -> Result<Changed, ChangeError> {
        let message = Change { change, if_match, persist, _place: self.place()? };
        self.address.ask(message, CHANGE_DEADLINE).await.map_err(Unconfirmed::from)?
    }

    /// The place goes with the message, not with the caller: a caller that leaves makes no room for the next.
    fn place(&self) -> Result<OwnedSemaphorePermit, Unconfirmed> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Unconfirmed::Crowded)
    }
}

// === The actor ===

/// The actor.
pub struct ConfigKeeper(Arc<Work>);

impl ConfigKeeper {
    /// A keeper of what boot has put in force.
    pub fn new(work: Arc<Work>) -> Self {
        ConfigKeeper(work)
    }
}

impl Actor for ConfigKeeper {
    type Context = Context<Self>;
}

impl Handler<Reload> for ConfigKeeper {
    type Result = AtomicResponse<Self, Result<Reloaded, ReloadError>>;

    fn handle(&mut self, message: Reload, _: &mut Context<Self>) -> Self::Result {
        let work = Arc::clone(&self.0);
        let done = async move {
            let Reload { if_match, _place } = message;
            work.reload(if_match).await
        };
        AtomicResponse::new(Box::pin(done.into_actor(self)))
    }
}

impl Handler<Change> for ConfigKeeper {
    type Result = AtomicResponse<Self, Result<Changed, ChangeError>>;

    fn handle(&mut self, message: Change, _: &mut Context<Self>) -> Self::Result {
        let work = Arc::clone(&self.0);
        let done = async move {
            let Change { change, if_match, persist, _place } = message;
            work.change(change, if_match, persist).await
        };
        AtomicResponse::new(Box::pin(done.into_actor(self)))
    }
}

#[cfg(test)]
mod tests;
