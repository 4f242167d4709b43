//! Where the configuration came from, and comes from again on reload.

use std::path::PathBuf;
use std::sync::Arc;

use millrace_actors::ports::{CallbackFactory, CallbackSpec};

use crate::callbacks;
use crate::config::{self, CallbackEntry, Config, Report};
use crate::credentials::Source;
use crate::logging;

/// The source of a configuration.
pub struct ConfigSource {
    /// The file; `None` when the configuration was made from the environment.
    pub path: Option<PathBuf>,
    /// Where we may write.
    pub data_dir: Option<PathBuf>,
    /// Makes callbacks from what the operator's file says.
    pub factory: Arc<dyn CallbackFactory>,
    /// What was read at the start, before options of the command line: what a reload is compared with.
    pub loaded: Config,
}

impl ConfigSource {
    /// The source for a configuration that was loaded from `path`.
    pub fn new(path: Option<PathBuf>, config: &Config) -> Self {
        let data_dir = config.millrace.data_dir.clone();
        let factory = Arc::new(callbacks::Builtins::new(data_dir.clone()));
        ConfigSource { path, data_dir, factory, loaded: config.clone() }
    }

    /// Reads the configuration again.
    pub fn load(&self) -> Option<Result<Config, Report>> {
        Some(match &self.path {
            Some(path) => config::load(path, &config::ProcessEnv, &callbacks::validate),
            None => config::from_env(&config::ProcessEnv)?,
        })
    }

    /// Where callbacks that were asked to be kept are kept.
    pub fn overlay_path(&self) -> Option<PathBuf> {
        self.data_dir.as_ref().map(|dir| dir.join("callbacks.json"))
    }
}

/// The callbacks of a configuration, as the registry takes them.
pub fn specs(config: &Config) -> Vec<CallbackSpec> {
    config.callbacks.iter().map(spec_of).collect()
}

/// Registers every secret of a configuration with the log's filter, before anything can log it.
pub fn guard_secrets(config: &Config) {
    let models = config.models.iter();
    let fetched = models.clone().filter_map(|model| model.credential.as_ref()).flat_map(Source::secrets);
    let models = models.filter_map(|model| model.api_key.as_ref()).chain(fetched);
    for secret in models.chain(&config.general.master_key) {
        logging::guard_secret(secret.expose());
    }
}

fn spec_of(entry: &CallbackEntry) -> CallbackSpec {
    let mut params = entry.params.0.clone();
    if let Some(events) = entry.events.as_param() {
        params.entry("events").or_insert_with(|| events.into());
    }
    CallbackSpec { name: entry.name.clone(), kind: entry.kind.clone(), params: params.into() }
}
