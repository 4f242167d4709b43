//! What the present set of callbacks can do: one bit and one ordered list per hook, in an immutable numbered snapshot.
//!
//! A request keeps the snapshot it started with, so it never sees half a change.

use std::sync::Arc;

use crate::ports::{Callback, CallbackSpec};

/// A set of hooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hooks(u16);

impl Hooks {
    /// Before the upstream call; may change or refuse.
    pub const PRE_CALL: Hooks = Hooks(1);
    /// Beside the upstream call; may refuse.
    pub const DURING_CALL: Hooks = Hooks(1 << 1);
    /// On whole answers; may change.
    pub const POST_CALL: Hooks = Hooks(1 << 2);
    /// Wraps the whole stream. Apart from [`Hooks::STREAM_CHUNK`]: LiteLLM once had both in one flag, and every wrapper
    /// then cost a look at each chunk (COMPAT 1.3).
    pub const STREAM: Hooks = Hooks(1 << 3);
    /// Looks at each chunk.
    pub const STREAM_CHUNK: Hooks = Hooks(1 << 4);
    /// Adds response headers.
    pub const RESPONSE_HEADERS: Hooks = Hooks(1 << 5);
    /// Sees failures before the caller does.
    pub const FAILURE: Hooks = Hooks(1 << 6);
    /// Logs what went well.
    pub const LOG_SUCCESS: Hooks = Hooks(1 << 7);
    /// Logs what did not.
    pub const LOG_FAILURE: Hooks = Hooks(1 << 8);
    /// None.
    pub const NONE: Hooks = Hooks(0);

    /// Every hook with its name, in the order of an exchange.
    pub const NAMES: [(Hooks, &'static str); 9] = [
        (Hooks::PRE_CALL, "pre_call"),
        (Hooks::DURING_CALL, "during_call"),
        (Hooks::POST_CALL, "post_call"),
        (Hooks::STREAM, "stream"),
        (Hooks::STREAM_CHUNK, "stream_chunk"),
        (Hooks::RESPONSE_HEADERS, "response_headers"),
        (Hooks::FAILURE, "failure"),
        (Hooks::LOG_SUCCESS, "log_success"),
        (Hooks::LOG_FAILURE, "log_failure"),
    ];

    /// All of them.
    pub fn all() -> Hooks {
        Hooks::NAMES.iter().fold(Hooks::NONE, |all, (hook, _)| all | *hook)
    }

    /// Whether any of `hooks` is in this set: the one test a hook costs when nobody has it.
    #[inline]
    pub fn any(self, hooks: Hooks) -> bool {
        self.0 & hooks.0 != 0
    }

    /// The names in this set.
    pub fn names(self) -> Vec<&'static str> {
        Hooks::NAMES.iter().filter(|(hook, _)| self.any(*hook)).map(|(_, name)| *name).collect()
    }
}

impl std::ops::BitOr for Hooks {
    type Output = Hooks;
    fn bitor(self, other: Hooks) -> Hooks {
        Hooks(self.0 | other.0)
    }
}

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
        self.lists.get(hook.0.trailing_zeros() as usize).map_or(&[], Vec::as_slice)
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
