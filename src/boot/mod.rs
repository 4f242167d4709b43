//! From a checked configuration to a running process: everything is made once, here, in order, last to first.

pub mod server;

use std::sync::Arc;

use actix::prelude::*;
use millrace_actors::callback_registry::{CallbackRegistry, make};
use millrace_actors::capabilities::CapabilitySnapshot;
use millrace_actors::cost_cache::CostCache;
use millrace_actors::credential::keeper::CredentialKeeper;
use millrace_actors::desk::Shutdown;
use millrace_actors::in_flight::InFlightCount;
use millrace_actors::ports::{CallbackFactory, CallbackSpec};
use millrace_actors::upstream::{TlsTrust, UpstreamClient, UpstreamSettings};
use millrace_actors::watch::{Standing, Watch};
use millrace_actors::workers::Published;

use crate::app::{AppParts, FirstSnapshots};
use crate::auth::Keys;
use crate::config::Config;
use crate::credentials::Book;
use crate::keeper::source::{ConfigSource, guard_secrets, specs};
use crate::keeper::work::Work;
use crate::keeper::{ConfigKeeper, Keeper, overlay, routing};
use crate::metrics::Metrics;
use crate::state::State;

/// Why the process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// A callback cannot be made.
    #[error("{0}")]
    Callback(#[from] millrace_actors::callback_registry::RegistryError),
    /// Prices, deployments or the saved callbacks cannot be used.
    #[error("{0}")]
    Build(#[from] routing::BuildError),
    /// The file of saved callbacks cannot be used.
    #[error("{0}")]
    Overlay(#[from] overlay::OverlayError),
    /// The data folder cannot be made.
    #[error("millrace.data_dir {} cannot be made: {cause}", path.display())]
    DataDir {
        /// The folder.
        path: std::path::PathBuf,
        /// The system's word.
        cause: std::io::Error,
    },
    /// The certificates in `SSL_CERT_FILE` cannot be used.
    #[error("SSL_CERT_FILE cannot be used: {0}")]
    Trust(std::io::Error),
}

/// Starts the cast and returns what the App is made from. Must run inside an actix System.
pub fn boot(config: &Config, source: Arc<ConfigSource>) -> Result<AppParts, BootError> {
    guard_secrets(config);
    let prices = routing::prices(config)?;
    let book = Arc::new(Book::default());
    let routing = Arc::new(routing::build(config, prices, None, &book)?);
    // a callback's file may be the first thing in it
    if let Some(path) = &source.data_dir {
        std::fs::create_dir_all(path).map_err(|cause| BootError::DataDir { path: path.clone(), cause })?;
    }
    let configured = specs(config);
    source.factory.configured(&configured);
    let specs = overlay::apply(source.overlay_path().as_deref(), configured)?;
    let callbacks = Arc::new(first_callbacks(&*source.factory, specs)?);
    let first = FirstSnapshots { callbacks, routing };
    // one thread of their own: a push must not wait behind a worker's traffic
    let cast = Arbiter::new().handle();
    let metrics = Arc::new(Metrics::default());
    let watch = |name| Watch { name, meter: metrics.clone() };
    let cost_cache = Standing::start_in(&cast, watch("cost_cache"), {
        let published = Published::new(Arc::clone(&first.routing));
        move |_| CostCache::new(published.clone())
    });
    let registry = Standing::start_in(&cast, watch("callback_registry"), {
        let (factory, published) = (Arc::clone(&source.factory), Published::new(Arc::clone(&first.callbacks)));
        move |_| CallbackRegistry::new(Arc::clone(&factory), published.clone())
    });
    let work = Arc::new(Work {
        source,
        registry: registry.clone(),
        cost_cache: cost_cache.clone(),
        credentials: book,
        metrics: Arc::clone(&metrics),
    });
    // and one for the two keepers, which read and sync files
    let keepers = Arbiter::new().handle();
    let keeper = Standing::start_in(&keepers, watch("config_keeper"), move |_| ConfigKeeper::new(Arc::clone(&work)));
    let upstream = upstream_settings(config)?;
    let credentials = Standing::start_in(&keepers, watch("credential_keeper"), {
        let upstream = upstream.clone();
        move |_| CredentialKeeper::new(UpstreamClient::new(upstream.clone()))
    });
    let limit = config.millrace.max_in_flight as u64;
    let state = Arc::new(State {
        metrics,
        registry,
        cost_cache,
        credentials,
        tokens: Arc::default(),
        in_flight: Arc::new(InFlightCount::bounded(limit)),
        shutdown: Arc::new(Shutdown::default()),
        keeper: Keeper::new(keeper),
    });
    let keys = Arc::new(Keys { master: config.general.master_key.clone() });
    Ok(AppParts { state, keys, upstream, first })
}

fn first_callbacks(factory: &dyn CallbackFactory, specs: Vec<CallbackSpec>) -> Result<CapabilitySnapshot, BootError> {
    let made = specs.into_iter().map(|spec| make(factory, spec)).collect::<Result<_, _>>()?;
    Ok(CapabilitySnapshot::fold(1, made))
}

fn upstream_settings(config: &Config) -> Result<UpstreamSettings, BootError> {
    let file = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty());
    let trust = match &file {
        Some(file) => TlsTrust::with_extra_ca_file(file.as_ref()),
        None => TlsTrust::public_roots(),
    };
    let mut settings = UpstreamSettings::with_trust(trust.map_err(BootError::Trust)?);
    settings.connect_timeout = config.millrace.connect_timeout;
    settings.handshake_timeout = config.millrace.connect_timeout;
    Ok(settings)
}
