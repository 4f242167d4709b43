//! What the present set of callbacks can do: one bit and one ordered list per hook, in an immutable numbered snapshot.
//!
//! A request keeps the snapshot it started with, so it never sees half a change.

use std::sync::Arc;

pub use crate::hooks::Hooks;
use crate::ports::{Callback, CallbackSpec};

/// A callback under its name.
#[derive(Clone)]
pub struct Registered {
    /// What it was made from.
    pub spec: CallbackSpec,
    /// The object.
    pub callback: Arc<dyn Callback>,
    /// Its hooks, asked once.
    pub hooks: Hooks,
}

/// The immutable view a worker reads without asking anyone.
pub struct CapabilitySnapshot {
    /// Only grows.
    pub generation: u64,
    /// The union of all callbacks' hooks.
    pub hooks: Hooks,
    /// All callbacks in order of registration.
    pub callbacks: Vec<Registered>,
    lists: [Vec<Arc<dyn Callback>>; Hooks::NAMES.len()],
}

impl CapabilitySnapshot {
    /// Folds callbacks into a snapshot.
    pub fn fold(generation: u64, callbacks: Vec<Registered>) -> Self {
        let hooks = callbacks.iter().fold(Hooks::NONE, |all, c| all | c.hooks);
        let lists = Hooks::NAMES
            .map(|(hook, _)| callbacks.iter().filter(|c| c.hooks.any(hook)).map(|c| Arc::clone(&c.callback)).collect());
        CapabilitySnapshot { generation, hooks, callbacks, lists }
    }

    /// The callbacks that have `hook` (one hook, not a set), in order.
    #[inline]
    pub fn with(&self, hook: Hooks) -> &[Arc<dyn Callback>] {
        self.lists.get(hook.place()).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Only(Hooks);
    impl Callback for Only {
        fn kind(&self) -> &'static str {
            "only"
        }
        fn hooks(&self) -> Hooks {
            self.0
        }
    }

    #[test]
    fn a_list_holds_only_who_has_the_hook() {
        let registered = |name: &str, hooks| Registered {
            spec: CallbackSpec { name: name.into(), kind: "only".into(), params: serde_json::json!({}) },
            callback: Arc::new(Only(hooks)),
            hooks,
        };
        let snapshot = CapabilitySnapshot::fold(
            3,
            vec![registered("a", Hooks::STREAM), registered("b", Hooks::STREAM | Hooks::LOG_FAILURE)],
        );
        assert_eq!(snapshot.with(Hooks::STREAM).len(), 2);
        assert_eq!(snapshot.with(Hooks::LOG_FAILURE).len(), 1);
        assert!(snapshot.with(Hooks::STREAM_CHUNK).is_empty());
        assert!(!snapshot.hooks.any(Hooks::STREAM_CHUNK), "wrapping a stream is not looking at chunks");
        assert_eq!(snapshot.hooks.names(), ["stream", "log_failure"]);
    }
}
