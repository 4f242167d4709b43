//! Resident memory of a process and its descendants over a load.
//!
//! The sum of each process's resident size: pages that processes share, as nginx's workers do, count once for each.

use super::proc::Proc;

/// Memory over one load, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Memory {
    /// Resident before the measured requests.
    pub before: u64,
    /// The greatest resident size while they ran.
    pub peak: u64,
    /// Resident after them.
    pub after: u64,
}

/// Watches a tree of processes.
#[derive(Debug)]
pub struct MemoryWatch {
    proc: Proc,
    root: u32,
    /// Whether the kernel's own mark of the peak was set back at the start and can be relied on.
    marked: bool,
    seen: Memory,
}

impl MemoryWatch {
    /// Begins to watch; nothing if the process does not exist.
    pub fn start(proc: &Proc, root: u32) -> Option<Self> {
        let tree = proc.tree(root);
        let marked = !tree.is_empty() && tree.iter().all(|pid| proc.reset_peak(*pid));
        let now = resident(proc, &tree)?;
        Some(Self { proc: proc.clone(), root, marked, seen: Memory { before: now, peak: now, after: now } })
    }

    /// Looks once.
    pub fn look(&mut self) {
        if let Some(now) = resident(&self.proc, &self.proc.tree(self.root)) {
            self.seen.after = now;
            self.seen.peak = self.seen.peak.max(now);
        }
    }

    /// Ends the watch. A peak between two looks is in the kernel's own mark.
    pub fn end(mut self) -> Memory {
        self.look();
        if self.marked {
            let tree = self.proc.tree(self.root);
            let marks = tree.iter().filter_map(|pid| self.proc.status_bytes(*pid, "VmHWM"));
            self.seen.peak = self.seen.peak.max(marks.sum());
        }
        self.seen
    }
}

fn resident(proc: &Proc, tree: &[u32]) -> Option<u64> {
    let sizes: Vec<u64> = tree.iter().filter_map(|pid| proc.status_bytes(*pid, "VmRSS")).collect();
    if sizes.is_empty() { None } else { Some(sizes.iter().sum()) }
}

#[cfg(test)]
mod tests {
    use super::super::proc::tests::fixture;
    use super::*;

    #[test]
    fn the_peak_is_the_kernels() {
        let (_dir, proc) = fixture();
        let seen = MemoryWatch::start(&proc, 10).expect("alive").end();
        assert_eq!(seen, Memory { before: 10_000 * 1024, peak: 15_612 * 1024, after: 10_000 * 1024 });
        assert!(MemoryWatch::start(&proc, 7).is_none());
    }
}
