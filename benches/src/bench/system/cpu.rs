//! Processor time of a process and its descendants between two readings.
//!
//! From `schedstat`, in nanoseconds, where the kernel keeps it. It is kept per living thread, so when a thread has ended
//! between the readings the ticks of `stat` stand in: these are of 10 ms, so a load should then be large enough
//! to spend some seconds.

use std::collections::BTreeMap;

use super::proc::Proc;

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuReading {
    threads: BTreeMap<(u32, u32), u64>,
    ticks: u64,
}

impl CpuReading {
    /// Reads the process `root` and its descendants; nothing if it does not exist.
    pub fn take(proc: &Proc, root: u32) -> Option<Self> {
        let tree = proc.tree(root);
        let mut threads = BTreeMap::new();
        for pid in &tree {
            threads.extend(proc.thread_nanos(*pid).into_iter().map(|(thread, nanos)| ((*pid, thread), nanos)));
        }
        let ticks = tree.iter().filter_map(|pid| proc.tick_nanos(*pid)).sum();
        if tree.is_empty() { None } else { Some(Self { threads, ticks }) }
    }

    /// Nanoseconds spent since an earlier reading.
    pub fn since(&self, earlier: &Self) -> u64 {
        let spent = |(thread, nanos): (&(u32, u32), &u64)| {
            nanos.saturating_sub(earlier.threads.get(thread).copied().unwrap_or(0))
        };
        let by_thread = self.threads.iter().map(spent).sum();
        let all_alive = earlier.threads.keys().all(|thread| self.threads.contains_key(thread));
        if all_alive && !self.threads.is_empty() {
            return by_thread;
        }
        // Each is too little in its own way: the one lacks the ended threads, the other what is less than a tick.
        self.ticks.saturating_sub(earlier.ticks).max(by_thread)
    }
}

#[cfg(test)]
mod tests {
    use super::super::proc::tests::fixture;
    use super::*;

    fn reading(threads: &[(u32, u64)], ticks: u64) -> CpuReading {
        CpuReading { threads: threads.iter().map(|(thread, nanos)| ((1, *thread), *nanos)).collect(), ticks }
    }

    #[test]
    fn a_tree_is_summed() {
        let (_dir, proc) = fixture();
        let taken = CpuReading::take(&proc, 10).expect("alive");
        assert_eq!(taken.threads.values().sum::<u64>(), 346_986_424 + 1000 + 5);
        assert_eq!(taken.ticks, 410_000_000);
        assert_eq!(CpuReading::take(&proc, 7), None);
    }

    #[test]
    fn new_threads_count_and_ended_ones_fall_back_to_ticks() {
        let before = reading(&[(1, 100), (2, 50)], 10_000_000);
        assert_eq!(reading(&[(1, 150), (2, 50), (3, 7)], 10_000_000).since(&before), 57);
        assert_eq!(reading(&[(1, 150)], 30_000_000).since(&before), 20_000_000);
        assert_eq!(reading(&[(1, 150)], 10_000_000).since(&before), 50, "less than a tick, but not nothing");
        assert_eq!(reading(&[], 30_000_000).since(&reading(&[], 10_000_000)), 20_000_000);
    }
}
