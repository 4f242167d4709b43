//! Reads the configuration again and puts it in force, or refuses it whole: `POST /callbacks/reload` and SIGHUP.
//!
//! Callbacks go first, then routes and prices; each push is complete when every worker has it. What cannot change while
//! the process runs (address, workers, master key) is said by name, not ignored.

use millrace_actors::callback_registry::{Changed, RegistryError, Reload};
use millrace_actors::cost_cache::{Current, Reprice};
use millrace_actors::mailbox::ask;
use serde::Serialize;

use super::{BootError, guard_secrets, overlay, routing, specs};
use crate::config::{Config, Report};
use crate::state::State;
use std::time::Duration;

/// How long a change may take: a push waits five seconds for the last worker.
pub const CHANGE_DEADLINE: Duration = Duration::from_secs(30);

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
    /// It cannot be run.
    #[error("the configuration was refused, the old one stays in force: {0}")]
    Unusable(#[from] BootError),
    /// The callbacks were changed by someone else, or cannot be made.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// There is no file, and no provider key in the environment any more.
    #[error("there is no configuration to read again: the process was started without a file")]
    NoSource,
    /// The cast did not answer.
    #[error("the change was not confirmed in time")]
    Unconfirmed,
}

/// Reads, checks and puts in force. `if_match` is the callbacks' generation the caller has seen.
pub async fn reload(state: &State, if_match: Option<u64>) -> Result<Reloaded, ReloadError> {
    let outcome = run(state, if_match).await;
    state.metrics.config_reloaded(outcome.is_ok());
    if let Err(error) = &outcome {
        log::error!("reload refused cause={:?}", error.to_string());
    }
    outcome
}

async fn run(state: &State, if_match: Option<u64>) -> Result<Reloaded, ReloadError> {
    let config = state.source.load().ok_or(ReloadError::NoSource)?.map_err(ReloadError::Refused)?;
    guard_secrets(&config);
    let before = ask(&state.cost_cache, Current, CHANGE_DEADLINE).await.map_err(|_| ReloadError::Unconfirmed)?;
    let prices = routing::prices(&config).map_err(BootError::from)?;
    let routing = routing::build(&config, prices, Some(&before)).map_err(BootError::from)?;
    let configured = specs(&config);
    state.source.factory.configured(&configured);
    let specs = overlay::apply(state.source.overlay_path().as_deref(), configured).map_err(BootError::from)?;
    // callbacks first: they are the part that can still be refused, and nothing has changed yet
    let changed = ask(&state.registry, Reload { specs, if_match }, CHANGE_DEADLINE).await;
    let Changed { generation, workers } = changed.map_err(|_| ReloadError::Unconfirmed)??;
    let pushed = ask(&state.cost_cache, Reprice { routing }, CHANGE_DEADLINE).await;
    let pushed = pushed.map_err(|_| ReloadError::Unconfirmed)?;
    if pushed.missing > 0 {
        return Err(ReloadError::Unconfirmed);
    }
    let needs_restart = needs_restart(state, &config);
    Ok(Reloaded { generation, routing_generation: pushed.generation, workers, needs_restart })
}

fn needs_restart(state: &State, now: &Config) -> Vec<&'static str> {
    let (then, ours) = (&state.source.loaded, &now.millrace);
    let differs = [
        ("general_settings.master_key", then.general.master_key != now.general.master_key),
        ("millrace.host", then.millrace.host != ours.host),
        ("millrace.port", then.millrace.port != ours.port),
        ("millrace.workers", then.millrace.workers != ours.workers),
        ("millrace.keep_alive", then.millrace.keep_alive != ours.keep_alive),
        ("millrace.connect_timeout", then.millrace.connect_timeout != ours.connect_timeout),
        ("millrace.max_in_flight", then.millrace.max_in_flight != ours.max_in_flight),
        ("millrace.data_dir", then.millrace.data_dir != ours.data_dir),
    ];
    differs.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect()
}
