//! Where exchanges are counted.

use crate::account::Settled;
use crate::deployment::Deployment;

/// Where exchanges are counted; the service's `/metrics` fills it. Called on the path: no lock, no allocation.
pub trait Meter: Send + Sync + 'static {
    /// An attempt at a deployment ended, a stream's with its stream; `outcome` is `ok`, `client_cancelled` or a
    /// [`Fault::class`](crate::fault::Fault::class).
    fn attempt(&self, deployment: &Deployment, outcome: &'static str);

    /// How many requests this worker's client has sent again on a fresh connection since it was made. Told now and then by
    /// the worker itself: its client is its own, and a scrape runs on one worker only.
    fn stale_retries(&self, _of_this_worker: u64) {}

    /// A long-lived actor was made: at the start, or anew after the last one had ended by a panic.
    fn actor_made(&self, _name: &'static str, _anew: bool) {}

    /// An exchange settled.
    fn settled(&self, exchange: &Settled<'_>);
}
