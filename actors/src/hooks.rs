//! The points in an exchange at which callbacks may look, change or refuse, and sets of them.

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

    /// The place of a single hook among [`Hooks::NAMES`]; beyond its end for none.
    #[inline]
    pub(crate) fn place(self) -> usize {
        self.0.trailing_zeros() as usize
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
