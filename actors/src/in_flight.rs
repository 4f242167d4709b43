//! Exchanges in flight, counted for the whole process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Exchanges alive, and the bound on them: memory per exchange is bounded, so this bounds the whole (I4).
#[derive(Debug)]
pub struct InFlightCount {
    alive: AtomicU64,
    limit: u64,
}

/// One exchange's share of [`InFlightCount`]; gives it back when dropped (I5).
#[derive(Debug)]
pub struct InFlight(Arc<InFlightCount>);

impl InFlightCount {
    /// None alive, `limit` at most.
    pub fn bounded(limit: u64) -> Self {
        InFlightCount { alive: AtomicU64::new(0), limit }
    }

    /// Counts one in, if there is room.
    pub fn enter(self: &Arc<Self>) -> Option<InFlight> {
        let before = self.alive.fetch_add(1, Relaxed);
        // made first, so that a refusal gives back what it took
        let permit = InFlight(Arc::clone(self));
        (before < self.limit).then_some(permit)
    }

    /// How many are alive.
    pub fn get(&self) -> u64 {
        self.alive.load(Relaxed)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Relaxed);
    }
}
