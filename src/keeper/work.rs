//! What the keeper does when a turn comes: reads the configuration again and puts it in force, or refuses it whole; or
//! changes one callback and writes the change down.

use std::sync::Arc;
use std::time::Duration;

use millrace_actors::callback_registry::{CallbackRegistry, Changed, RegistryError, Reload, Remove, Upsert};
use millrace_actors::cost_cache::{CostCache, Current, Reprice};
use millrace_actors::mailbox::AskError;
use millrace_actors::ports::CallbackSpec;
use millrace_actors::watch::Standing;
use serde::Serialize;

use super::overlay::{self, OverlayError};
use super::routing::{self, BuildError};
use super::source::{ConfigSource, guard_secrets, specs};
use crate::config::{Config, Report};
use crate::credentials::Book;
use crate::metrics::Metrics;

/// How long a change may take: a push waits five seconds for the last worker, and a reload pushes twice. Also how long a
/// caller waits in all; a change whose caller has given up before its turn came is not made.
pub const CHANGE_DEADLINE: Duration = Duration::from_secs(30);

/// Changes that may wait for their turn, the one under way included. Operators send a few, scripts some dozens; each holds
/// a request's body at most.
pub const WAITING: usize = 64;

/// What the work is done with.
pub struct Work {
    /// Where the configuration comes from.
    pub source: Arc<ConfigSource>,
    /// The owner of callbacks.
    pub registry: Standing<CallbackRegistry>,
    /// The owner of routes and prices.
    pub cost_cache: Standing<CostCache>,
    /// The credentials that are fetched.
    pub credentials: Arc<Book>,
    /// Where reloads are counted.
    pub metrics: Arc<Metrics>,
}

/// A reload that went through.
#[derive(Debug, Serialize)]
pub struct Reloaded {
    /// The callbacks' generation, on every worker.
    pub generation: u64,
    /// The routes' and prices' generation, on every worker.
    pub routing_generation: u64,
    /// Workers that have both.
    pub workers: usize,
    /// Settings that differ from what the process started with and need a restart.
    pub needs_restart: Vec<&'static str>,
}

/// Why the old configuration stays.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file has complaints.
    #[error("the configuration was refused, the old one stays in force:\n{0}")]
    Refused(Report),
    /// Its prices or deployments cannot be used.
    #[error("the configuration was refused, the old one stays in force: {0}")]
    Build(#[from] BuildError),
    /// The file of kept callbacks cannot be used.
    #[error("the configuration was refused, the old one stays in force: {0}")]
    Overlay(#[from] OverlayError),
    /// The callbacks were changed by someone else, or cannot be made; or not every worker has them yet.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// There is no file, and no provider key in the environment any more.
    #[error("there is no configuration to read again: the process was started without a file")]
    NoSource,
    /// It is not made, or not known to be.
    #[error(transparent)]
    Unconfirmed(#[from] Unconfirmed),
}

/// One change of one callback.
pub enum CallbackChange {
    /// Add it, or replace the one of its name.
    Upsert(CallbackSpec),
    /// Remove the one of this name.
    Remove(String),
}

/// Why a change was not made, or not as it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The owner of callbacks refused it, or not every worker has it yet.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// It is made, and not written down.
    #[error("the change is in force, generation {generation}, but will not outlive a restart: {cause}")]
    NotKept {
        /// The callbacks' generation with it.
        generation: u64,
        /// Why.
        cause: OverlayError,
    },
    /// It is not made, or not known to be.
    #[error(transparent)]
    Unconfirmed(#[from] Unconfirmed),
}

/// Why a change is not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unconfirmed {
    /// Too many wait already; this one is not made.
    #[error("{WAITING} changes wait for their turn already and this one was not made: try again when some are through")]
    Crowded,
    /// Somebody did not answer in time, or is gone.
    #[error("the change was not confirmed: {0}")]
    NoAnswer(#[from] AskError),
    /// Some worker does not have the new routes yet. They hold; it gets them as soon as it comes round.
    #[error("the change was not confirmed: {missing} of {workers} workers have not acknowledged the routes yet")]
    Lagging {
        /// How many.
        missing: usize,
        /// Of how many.
        workers: usize,
    },
}

impl Work {
    /// Reads, checks and puts in force; counts how it went.
    pub(super) async fn reload(&self, if_match: Option<u64>) -> Result<Reloaded, ReloadError> {
        let outcome = self.read_and_push(if_match).await;
        self.metrics.config_reloaded(outcome.is_ok());
        if let Err(error) = &outcome {
            log::error!("reload refused cause={:?}", error.to_string());
        }
        outcome
    }

    /// Callbacks go first, then routes and prices: callbacks are the part that can still be refused, and nothing has changed
    /// yet. What cannot change while the process runs (address, workers, master key) is said by name, not ignored.
    async fn read_and_push(&self, if_match: Option<u64>) -> Result<Reloaded, ReloadError> {
        let config = self.source.load().ok_or(ReloadError::NoSource)?.map_err(ReloadError::Refused)?;
        guard_secrets(&config);
        let before = self.cost_cache.ask(Current, CHANGE_DEADLINE).await.map_err(Unconfirmed::from)?;
        let routing = routing::build(&config, routing::prices(&config)?, Some(&before), &self.credentials)?;
        let configured = specs(&config);
        let specs = overlay::apply(self.source.overlay_path().as_deref(), configured.clone())?;
        let changed =
            self.registry.ask(Reload { specs, if_match }, CHANGE_DEADLINE).await.map_err(Unconfirmed::from)?;
        if in_force(&changed).is_some() {
            // not before: what a refused file says is not what the admin surface may go by
            self.source.factory.configured(&configured);
        } else {
            changed.clone()?;
        }
        // also where a worker is late with the callbacks: it will have them, and must not be left with half of a file
        let pushed = self.cost_cache.ask(Reprice { routing }, CHANGE_DEADLINE).await.map_err(Unconfirmed::from)?;
        let Changed { generation, workers } = changed?;
        if pushed.missing > 0 {
            Err(Unconfirmed::Lagging { missing: pushed.missing, workers: pushed.workers })?;
        }
        let needs_restart = needs_restart(&self.source.loaded, &config);
        Ok(Reloaded { generation, routing_generation: pushed.generation, workers, needs_restart })
    }

    /// Changes one callback, and writes it down if it is to be kept.
    pub(super) async fn change(
        &self,
        change: CallbackChange,
        if_match: Option<u64>,
        persist: bool,
    ) -> Result<Changed, ChangeError> {
        let (name, spec) = match &change {
            CallbackChange::Upsert(spec) => (spec.name.clone(), Some(spec.clone())),
            CallbackChange::Remove(name) => (name.clone(), None),
        };
        let changed = match change {
            CallbackChange::Upsert(spec) => self.registry.ask(Upsert { spec, if_match }, CHANGE_DEADLINE).await,
            CallbackChange::Remove(name) => self.registry.ask(Remove { name, if_match }, CHANGE_DEADLINE).await,
        };
        let changed = changed.map_err(Unconfirmed::from)?;
        if let (Some(generation), true) = (in_force(&changed), persist) {
            let kept = overlay::keep(self.source.overlay_path().as_deref(), &name, spec.as_ref());
            kept.map_err(|cause| ChangeError::NotKept { generation, cause })?;
        }
        Ok(changed?)
    }
}

/// The generation that a change made, if it made one. A change that some worker still has to take is made.
fn in_force(changed: &Result<Changed, RegistryError>) -> Option<u64> {
    match changed {
        Ok(Changed { generation, .. }) | Err(RegistryError::Lagging { generation, .. }) => Some(*generation),
        Err(RegistryError::Stale { .. } | RegistryError::Unknown { .. } | RegistryError::Invalid { .. }) => None,
    }
}

fn needs_restart(then: &Config, now: &Config) -> Vec<&'static str> {
    let (ours_then, ours) = (&then.millrace, &now.millrace);
    let differs = [
        ("general_settings.master_key", then.general.master_key != now.general.master_key),
        ("millrace.host", ours_then.host != ours.host),
        ("millrace.port", ours_then.port != ours.port),
        ("millrace.workers", ours_then.workers != ours.workers),
        ("millrace.keep_alive", ours_then.keep_alive != ours.keep_alive),
        ("millrace.connect_timeout", ours_then.connect_timeout != ours.connect_timeout),
        ("millrace.max_in_flight", ours_then.max_in_flight != ours.max_in_flight),
        ("millrace.data_dir", ours_then.data_dir != ours.data_dir),
    ];
    differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}
