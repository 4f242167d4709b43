//! A child process that ends with the run: at the guard's drop its whole process group is asked to stop, and then killed.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::bench::error::Error;
use crate::bench::system::affinity::stay_on;

/// How long a child may take to stop when asked.
const GRACE: Duration = Duration::from_secs(2);
/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Bytes of a log's end that are shown.
const TAIL: usize = 2000;

/// A running child.
#[derive(Debug)]
pub struct Child {
    /// Which part it plays.
    pub role: String,
    /// Where its output goes.
    pub log: PathBuf,
    process: Process,
}

/// How a child is started.
#[derive(Debug)]
pub struct Start<'a> {
    /// Which part it plays.
    pub role: &'a str,
    /// The program and its arguments.
    pub words: &'a [String],
    /// The folder it is started in; nothing for the present one.
    pub dir: Option<&'a Path>,
    /// Where its output goes.
    pub log: PathBuf,
    /// The core it is kept on, and the core this thread goes back to.
    pub cores: Option<(usize, usize)>,
}

impl Child {
    /// Starts it, in a process group of its own, so that helpers it starts (as `uv run` does) end with it.
    pub fn start(start: Start<'_>) -> Result<Self, Error> {
        let failed = |source| Error::Spawn {
            role: start.role.to_owned(),
            command: start.words.first().cloned().unwrap_or_default(),
            source,
        };
        let (program, arguments) =
            start.words.split_first().ok_or_else(|| failed(std::io::ErrorKind::InvalidInput.into()))?;
        let out = File::create(&start.log).map_err(|source| Error::file("create", &start.log, source))?;
        let errors = out.try_clone().map_err(failed)?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(out).stderr(errors).process_group(0);
        // As the script does: no reports to its maker, no prices fetched, and a log that is not held back.
        command.envs([
            ("LITELLM_TELEMETRY", "False"),
            ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
            ("PYTHONUNBUFFERED", "1"),
        ]);
        if let Some(dir) = start.dir {
            command.current_dir(dir);
        }
        if let Some((core, _)) = start.cores {
            stay_on(core)?;
        }
        let spawned = command.spawn().map_err(failed);
        if let Some((_, back)) = start.cores {
            stay_on(back)?;
        }
        Ok(Self { role: start.role.to_owned(), log: start.log, process: spawned? })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<String> {
        self.process.try_wait().ok().flatten().map(|status| format!("it ended with {status}"))
    }

    /// The end of its log.
    pub fn tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(TAIL)..]).into_owned()
    }

    fn signal(&self, signal: Signal) {
        // The group has the number of its first process. It may be gone already: then there is nothing to do.
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + GRACE;
        while self.ended().is_none() && Instant::now() < deadline {
            std::thread::sleep(LOOK_EVERY);
        }
        // Also when the first process has ended: others of its group may not have.
        self.signal(Signal::KILL);
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::system::proc::Proc;

    #[test]
    fn a_child_and_its_own_children_end_with_the_guard() {
        let dir = tempfile::tempdir().expect("a folder");
        let words = ["sh", "-c", "trap '' TERM; sleep 600 & sleep 600"].map(str::to_owned);
        let log = dir.path().join("log");
        let child = Child::start(Start { role: "test", words: &words, dir: None, log, cores: None }).expect("sh");
        let deadline = Instant::now() + Duration::from_secs(20);
        let mut tree = Proc::default().tree(child.pid());
        while tree.len() < 3 && Instant::now() < deadline {
            tree = Proc::default().tree(child.pid());
        }
        assert_eq!(tree.len(), 3, "a shell and two sleeps");
        drop(child);
        let running = |pid: &u32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // An ended process that nobody has waited for yet is a Z.
            stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
        };
        while tree.iter().any(running) {
            assert!(Instant::now() < deadline, "a process is left over");
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let words = ["no-such-program-here".to_owned()];
        let dir = tempfile::tempdir().expect("a folder");
        let start = Start { role: "gateway", words: &words, dir: None, log: dir.path().join("log"), cores: None };
        let message = Child::start(start).expect_err("not there").to_string();
        assert!(message.contains("gateway") && message.contains("no-such-program-here"), "{message}");
    }
}
