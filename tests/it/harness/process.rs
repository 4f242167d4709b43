//! The real binary as a child process, for what only a process has: signals, an exit status, its log, its memory.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use millrace_lab::mock::MockServer;

use super::{Client, KEY, PROVIDER_KEY, eventually};

/// A running `millrace serve`.
pub struct Process {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its data folder and its configuration file.
    pub folder: tempfile::TempDir,
    child: Child,
    log: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

/// The binary, with nothing of this process's environment that could configure it.
pub fn millrace(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_millrace"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

impl Process {
    /// In front of one mock, which serves every model under its own name. `more` is more configuration; its `millrace:`
    /// section, if there is one, must set port and data folder itself.
    pub fn before(mock: &MockServer, more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!(
            "model_list:\n  - model_name: \"*\"\n    litellm_params: {{model: \"openai/*\", api_base: \"{}\", api_key: {PROVIDER_KEY}}}\n\
             general_settings: {{master_key: {KEY}}}\n{more}\n",
            mock.base_url(),
        );
        std::fs::write(folder.path().join("config.yaml"), text).expect("a file");
        Self::from_folder(folder)
    }

    /// From the `config.yaml` in a folder; the process runs there.
    pub fn from_folder(folder: tempfile::TempDir) -> Self {
        let mut command = millrace(&["serve", "--config", "config.yaml", "--host", "127.0.0.1", "--port", "0"]);
        command.args(["--workers", "2"]).current_dir(folder.path());
        Self::spawn(command, folder)
    }

    /// From a command that runs `serve`; waits until it listens.
    pub fn spawn(mut command: Command, folder: tempfile::TempDir) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary");
        let log = Arc::new(Mutex::new(String::new()));
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("stdout")), Box::new(child.stderr.take().expect("stderr"))];
        let readers = streams.into_iter().map(|stream| collect(stream, Arc::clone(&log))).collect();
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut process = Process { address: unknown, folder, child, log, readers };
        let address = |log: String| log.split("listening address=").nth(1)?.split_whitespace().next()?.parse().ok();
        eventually("it listens", || {
            if let Some(status) = process.child.try_wait().expect("a child") {
                panic!("ended before it listened: {status}\n{}", process.log());
            }
            address(process.log()).map(|address| process.address = address).is_some()
        });
        process
    }

    /// A client with the master key.
    pub fn client(&self) -> Client {
        Client::new(self.address, KEY)
    }

    /// What it has written so far, to either stream.
    pub fn log(&self) -> String {
        self.log.lock().expect("no panic").clone()
    }

    /// Its configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("config.yaml")
    }

    /// One series of `/metrics`; 0 if it is not there.
    pub fn metric(&self, series: &str) -> f64 {
        let text = self.client().get("/metrics").text();
        let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        // the shell's own `kill`: sending a signal needs `unsafe` in Rust, or one more dependency
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().expect("a shell").success(), "{kill}");
    }

    /// Resident memory, in kB.
    pub fn resident_kb(&self) -> u64 {
        self.status_kb("VmRSS:")
    }

    /// The most resident memory it ever had, in kB.
    pub fn peak_kb(&self) -> u64 {
        self.status_kb("VmHWM:")
    }

    fn status_kb(&self, field: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix(field)).expect(field);
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Waits for its end; all it wrote, and its folder.
    pub fn wait(mut self) -> (ExitStatus, String, tempfile::TempDir) {
        let mut status = None;
        eventually("it ends", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        for reader in self.readers.drain(..) {
            reader.join().expect("a reader");
        }
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().expect("a folder"));
        (status.expect("a status"), self.log(), folder)
    }

    /// SIGTERM, and its end.
    pub fn stop(self) -> (ExitStatus, String, tempfile::TempDir) {
        self.signal("TERM");
        self.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the binary to its end.
pub fn finished(command: &mut Command) -> (Output, String) {
    let output = command.output().expect("the binary");
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(text).expect("UTF-8");
    (output, text)
}

fn collect(stream: Box<dyn Read + Send>, log: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("no panic");
            log.push_str(&line);
            log.push('\n');
        }
    })
}
