//! Keeping the target on one core and the load on another.
//!
//! A child inherits the processor set of the thread that starts it, so the set is changed around the start: no race with
//! the child's own threads, and no `taskset` needed.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::bench::error::Error;

/// Which core does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    /// Core of the targets that this run starts.
    pub target: usize,
    /// Core of the mock provider and of the load.
    pub load: usize,
}

impl Pin {
    /// Reads `TARGET:LOAD`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error::option("--pin", format!("`{text}` is not two core numbers"), "write it as 0:1");
        let (target, load) = text.split_once(':').ok_or_else(bad)?;
        let pin = Self { target: target.parse().map_err(|_| bad())?, load: load.parse().map_err(|_| bad())? };
        if pin.target.max(pin.load) < CpuSet::MAX_CPU { Ok(pin) } else { Err(bad()) }
    }
}

/// Puts the calling thread, and what it starts from now on, on one core.
pub fn stay_on(core: usize) -> Result<(), Error> {
    let mut set = CpuSet::new();
    set.set(core);
    let failed = |source: rustix::io::Errno| Error::System { action: "keep to a core (--pin)", source: source.into() };
    let allowed = sched_getaffinity(None).map_err(failed)?;
    if !allowed.is_set(core) {
        let problem = format!("core {core} is not among those this process may use");
        return Err(Error::option("--pin", problem, "name others, or leave it out"));
    }
    sched_setaffinity(None, &set).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read() {
        assert_eq!(Pin::parse("0:1").expect("valid"), Pin { target: 0, load: 1 });
        for bad in ["0", "a:b", "0:1:2", "0:99999999"] {
            assert!(Pin::parse(bad).is_err(), "{bad}");
        }
    }
}
