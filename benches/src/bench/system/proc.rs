//! Reading `/proc`: pure readers of its files, and the walk over a process and its descendants.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Nanoseconds in one tick of `/proc/<pid>/stat`: CLK_TCK is 100 on every Linux for x86 and ARM.
const TICK_NANOS: u64 = 10_000_000;
/// Processes looked at in one tree, at most.
const MAX_TREE: usize = 512;

/// A `/proc`; another root than the real one is for tests.
#[derive(Debug, Clone)]
pub struct Proc(PathBuf);

impl Default for Proc {
    fn default() -> Self {
        Self(PathBuf::from("/proc"))
    }
}

impl Proc {
    /// A `/proc` somewhere else.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self(root.into())
    }

    fn pid(&self, pid: u32) -> PathBuf {
        self.0.join(pid.to_string())
    }

    /// The process and its descendants that are alive.
    pub fn tree(&self, root: u32) -> Vec<u32> {
        let (mut found, mut at) = (vec![root], 0);
        while at < found.len() && found.len() < MAX_TREE {
            for thread in self.threads(found[at]) {
                let children = self.pid(found[at]).join("task").join(thread.to_string()).join("children");
                let text = std::fs::read_to_string(children).unwrap_or_default();
                found.extend(text.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
            }
            at += 1;
        }
        found.retain(|pid| self.pid(*pid).is_dir());
        found
    }

    fn threads(&self, pid: u32) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(self.pid(pid).join("task")) else { return Vec::new() };
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
    }

    /// Nanoseconds each thread of the process has run, where the kernel keeps them.
    pub fn thread_nanos(&self, pid: u32) -> BTreeMap<u32, u64> {
        let read = |thread: u32| {
            Some((thread, schedstat(&self.read(pid, Path::new("task").join(thread.to_string()).join("schedstat"))?)?))
        };
        self.threads(pid).into_iter().filter_map(read).collect()
    }

    /// Nanoseconds the process has run, in ticks of 10 ms, with threads that have ended.
    pub fn tick_nanos(&self, pid: u32) -> Option<u64> {
        stat_ticks(&self.read(pid, "stat")?).map(|ticks| ticks * TICK_NANOS)
    }

    /// A field of `/proc/<pid>/status` that is in kilobytes, in bytes: `VmRSS`, `VmHWM`.
    pub fn status_bytes(&self, pid: u32, field: &str) -> Option<u64> {
        status_kb(&self.read(pid, "status")?, field).map(|kilobytes| kilobytes * 1024)
    }

    /// Sets the process's greatest resident size back to its present one; false where that is not allowed.
    pub fn reset_peak(&self, pid: u32) -> bool {
        std::fs::write(self.pid(pid).join("clear_refs"), "5").is_ok()
    }

    fn read(&self, pid: u32, file: impl AsRef<Path>) -> Option<String> {
        std::fs::read_to_string(self.pid(pid).join(file)).ok()
    }
}

/// The first number of a `schedstat`: nanoseconds on a processor.
fn schedstat(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// utime + stime of a `stat`. The command's name, in brackets, may itself hold blanks and brackets.
fn stat_ticks(text: &str) -> Option<u64> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(user + system)
}

fn status_kb(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A `/proc` with a master (10, two threads) and its worker (11).
    pub fn fixture() -> (tempfile::TempDir, Proc) {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        write("10/stat", "10 (nginx: (x) y) S 1 10 10 0 -1 4194560 99 0 0 0 34 6 0 0 20 0 2 0 49498 1 2 3");
        write("10/status", "Name:\tnginx\nVmHWM:\t   13612 kB\nVmRSS:\t    9000 kB\n");
        write("10/task/10/schedstat", "346986424 139541 21\n");
        write("10/task/12/schedstat", "1000 2 3\n");
        write("10/task/10/children", "11 \n");
        write("10/task/12/children", "");
        write("11/stat", "11 (nginx) S 10 10 10 0 -1 4194560 99 0 0 0 1 0 0 0 20 0 1 0 49498 1 2 3");
        write("11/status", "VmHWM:\t 2000 kB\nVmRSS:\t 1000 kB\n");
        write("11/task/11/schedstat", "5 0 0\n");
        write("11/task/11/children", "99 ");
        let proc = Proc::at(dir.path());
        (dir, proc)
    }

    #[test]
    fn a_tree_has_the_living_only() {
        let (_dir, proc) = fixture();
        assert_eq!(proc.tree(10), [10, 11], "99 has ended");
        assert_eq!(proc.tree(7), [0_u32; 0]);
    }

    #[test]
    fn files_are_read() {
        let (_dir, proc) = fixture();
        assert_eq!(proc.thread_nanos(10), BTreeMap::from([(10, 346_986_424), (12, 1000)]));
        assert_eq!(proc.tick_nanos(10), Some(400_000_000));
        assert_eq!(proc.status_bytes(10, "VmHWM"), Some(13612 * 1024));
        assert_eq!(proc.status_bytes(10, "VmSwap"), None);
        assert_eq!(proc.tick_nanos(7), None);
    }

    #[test]
    fn the_real_one_knows_this_process() {
        let (proc, own) = (Proc::default(), std::process::id());
        assert!(proc.tree(own).contains(&own));
        assert!(proc.status_bytes(own, "VmRSS").is_some_and(|bytes| bytes > 0));
        assert!(proc.tick_nanos(own).is_some());
    }
}
