//! The one way to end a run early: a flag that threads can look at and futures can wait for.

use std::sync::Arc;

use tokio::sync::watch;

/// A flag that is set once, by a signal. Clones share it.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Sets it.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Resolves when it is set, at once if it was.
    pub async fn wait(&self) {
        // The sender lives in `self`, so the wait can only end by the flag.
        let _ = self.0.subscribe().wait_for(|set| *set).await;
    }
}
