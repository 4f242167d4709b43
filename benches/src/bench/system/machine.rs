//! The machine and the programs of a run, for the record: enough to judge the numbers, and nothing that names the machine.

use std::path::Path;
use std::process::Command;

/// What is recorded of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Machine {
    /// The processor's model.
    pub cpu: String,
    /// Cores.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// Memory in MB.
    pub memory_mb: u64,
}

impl Machine {
    /// This machine.
    pub fn read(root: &Path) -> Self {
        let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap_or_default();
        let cpuinfo = read("cpuinfo");
        Self {
            cpu: field(&cpuinfo, "model name").unwrap_or("unknown").to_owned(),
            cores: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
            kernel: read("sys/kernel/osrelease").trim().to_owned(),
            memory_mb: field(&read("meminfo"), "MemTotal").and_then(kilobytes).unwrap_or(0) / 1024,
        }
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

fn kilobytes(value: &str) -> Option<u64> {
    value.split_whitespace().next()?.parse().ok()
}

/// The first line a program says of itself, on either of its outputs; nothing if it is not there.
pub fn version(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).output().ok()?;
    let said = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    let text = String::from_utf8_lossy(&said);
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// The short revision of the repository that `dir` is in; `unknown`, as the script says, where there is none.
pub fn revision(dir: &Path) -> String {
    let output = Command::new("git").args(["rev-parse", "--short", "HEAD"]).current_dir(dir).output();
    let text = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let text = text.map(|text| String::from_utf8_lossy(&text).trim().to_owned()).unwrap_or_default();
    if text.is_empty() { "unknown".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_read() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(dir.path().join("sys/kernel")).expect("a folder");
        let write = |file: &str, text: &str| std::fs::write(dir.path().join(file), text).expect("a file");
        write("cpuinfo", "processor\t: 0\nmodel name\t: A CPU\n\nprocessor\t: 1\nmodel name\t: A CPU\n");
        write("sys/kernel/osrelease", "6.1.0\n");
        write("meminfo", "MemTotal:       2048 kB\nMemFree: 1 kB\n");
        let machine = Machine { cpu: "A CPU".to_owned(), cores: 2, kernel: "6.1.0".to_owned(), memory_mb: 2 };
        assert_eq!(Machine::read(dir.path()), machine);
    }

    #[test]
    fn what_is_not_there_is_unknown() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(revision(dir.path()), "unknown");
        assert_eq!(version(&dir.path().join("nginx"), "-v"), None);
        assert_eq!(Machine::read(dir.path()).cpu, "unknown");
    }
}
