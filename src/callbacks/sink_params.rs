//! The parameters that every sink takes.

use std::time::Duration;

use millrace_actors::capabilities::Hooks;
use serde::Deserialize;

use super::params::Reader;
use super::sink::Bounds;

/// Which exchanges a sink is told of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Events {
    /// All.
    #[default]
    All,
    /// Those that settled well.
    Success,
    /// The others.
    Failure,
}

impl Events {
    /// The hooks that bring them.
    pub(super) fn hooks(self) -> Hooks {
        match self {
            Events::All => Hooks::LOG_SUCCESS | Hooks::LOG_FAILURE,
            Events::Success => Hooks::LOG_SUCCESS,
            Events::Failure => Hooks::LOG_FAILURE,
        }
    }
}

/// `events`, and the bounds `queue_records` (10 000), `queue_bytes` (16 MiB), `flush_timeout_ms` (2 s: longer would make a
/// dead sink hold up a restart).
pub(super) fn read(reader: &mut Reader<'_>) -> (Events, Bounds) {
    let events = reader.get("events").unwrap_or_default();
    let bounds = Bounds {
        records: reader.within("queue_records", 1..=1_000_000, 10_000),
        bytes: reader.within("queue_bytes", 4096..=1 << 30, 16 << 20),
        deadline: Duration::from_millis(reader.within("flush_timeout_ms", 10..=60_000, 2000)),
    };
    (events, bounds)
}
