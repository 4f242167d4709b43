//! What is not counted by exchange: how reloads went, and what is looked at when somebody asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use millrace_actors::capabilities::CapabilitySnapshot;
use millrace_actors::desk::Desk;
use millrace_actors::ports::SinkHealth;
use millrace_actors::routing::Routing;

/// How reading the configuration went.
pub(super) struct Reloads {
    pub(super) done: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) last_succeeded: AtomicBool,
}

/// What is not counted but looked at when somebody asks.
pub struct LiveSources {
    /// Exchanges alive.
    pub in_flight: u64,
    /// The callbacks of this moment.
    pub callbacks: Arc<CapabilitySnapshot>,
    /// The routes of this moment.
    pub routing: Arc<Routing>,
    /// Every queue by its name. A name may occur once.
    pub sinks: Vec<(String, SinkHealth)>,
}

impl LiveSources {
    /// All that a worker's desk shows.
    pub fn of(desk: &Desk) -> Self {
        let callbacks = desk.callbacks();
        let sinks = callbacks.callbacks.iter();
        let sinks = sinks.filter_map(|c| Some((c.spec.name.clone(), c.callback.health()?))).collect();
        LiveSources { in_flight: desk.in_flight.get(), routing: desk.routing(), callbacks, sinks }
    }
}
