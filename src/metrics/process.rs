//! The `process_*` family that every Prometheus client shows, read from `/proc` at a scrape. Where there is no `/proc`,
//! nothing is shown: a zero would be a lie.

use std::fs;

use super::text::{Fixed, Kind, Text};

/// Decimals of a tick in `/proc`: `USER_HZ` is 100 on every architecture Linux runs on today; `sysconf` would need `unsafe`.
const TICK: u32 = 2;

/// Writes what can be read.
pub fn render(text: &mut Text) {
    if let Some(stat) = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(Stat::parse) {
        let cpu = Fixed(stat.cpu_ticks.into(), TICK);
        text.single("process_cpu_seconds_total", Kind::Counter, "Processor time used, user and system.", cpu);
        text.single("process_threads", Kind::Gauge, "Threads.", stat.threads);
        if let Some(boot) = boot_time() {
            let start = Fixed((boot * 100 + stat.start_ticks).into(), TICK);
            text.single("process_start_time_seconds", Kind::Gauge, "When the process started, Unix time.", start);
        }
    }
    // in kB, so that the size of a page need not be known
    if let Some(kb) = fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident) {
        text.single("process_resident_memory_bytes", Kind::Gauge, "Memory in use.", kb * 1024);
    }
    if let Some(open) = open_fds() {
        text.single("process_open_fds", Kind::Gauge, "Open file descriptors.", open);
    }
    if let Some(max) = fs::read_to_string("/proc/self/limits").ok().as_deref().and_then(fd_limit) {
        text.single("process_max_fds", Kind::Gauge, "Most file descriptors that may be open.", max);
    }
}

/// Some of `/proc/self/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    cpu_ticks: u64,
    threads: u64,
    start_ticks: u64,
}

impl Stat {
    /// Fields are counted from 1 in proc(5); the second is the program's name in brackets and may hold blanks.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(") ")?;
        let field = |n: usize| rest.split(' ').nth(n - 3)?.trim().parse::<u64>().ok();
        Some(Stat { cpu_ticks: field(14)? + field(15)?, threads: field(20)?, start_ticks: field(22)? })
    }
}

fn boot_time() -> Option<u64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn fd_limit(limits: &str) -> Option<u64> {
    limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()
}

/// Since Linux 6.2 the size of the directory is the number of its entries; before, they must be counted, which takes
/// milliseconds when there are thousands of connections.
fn open_fds() -> Option<u64> {
    match fs::metadata("/proc/self/fd").ok()?.len() {
        0 => Some(fs::read_dir("/proc/self/fd").ok()?.count() as u64),
        n => Some(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_is_read_whatever_the_program_is_called() {
        let stat = "7 (a ) b (c) S 1 2 3 4 5 6 7 8 9 10 150 25 0 0 20 0 8 0 4321 99 1\n";
        assert_eq!(Stat::parse(stat), Some(Stat { cpu_ticks: 175, threads: 8, start_ticks: 4321 }));
        assert_eq!(Stat::parse("nothing"), None);
        assert_eq!(resident("VmPeak:\t 9 kB\nVmRSS:\t   1234 kB\n"), Some(1234));
        assert_eq!(
            fd_limit("Max open files            1024                 524288               files \n"),
            Some(1024)
        );
        assert_eq!(fd_limit("Max open files            unlimited            unlimited            files \n"), None);
    }
}
