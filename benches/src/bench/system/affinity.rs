//! Keeping the target on one core and the load on another.
//!
//! A child inherits the processor set of the thread that starts it, so the set is changed around the start: no race with
//! the child's own threads, and no `taskset` needed.

use rustix::thread::{CpuSet, sched_setaffinity};

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
    sched_setaffinity(None, &set).map_err(|problem| match problem {
        rustix::io::Errno::INVAL => {
            let problem = format!("core {core} is not among those this process may use");
            Error::option("--pin", problem, "name others, or leave it out")
        }
        other => Error::System { action: "keep to a core (--pin)", source: other.into() },
    })
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

    #[test]
    fn a_thread_can_move_from_core_to_core_and_not_to_one_that_is_not_there() {
        // On a thread of its own: the set ends with it.
        let moved = std::thread::spawn(|| {
            let allowed = rustix::thread::sched_getaffinity(None).expect("a set");
            let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
            cores.iter().try_for_each(|core| stay_on(*core)).expect("each core may be used");
            let message = stay_on(CpuSet::MAX_CPU - 1).expect_err("not there").to_string();
            assert!(message.starts_with("--pin"), "{message}");
        });
        moved.join().expect("no panic");
    }
}
