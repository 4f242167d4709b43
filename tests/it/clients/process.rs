//! The real binary as a process of its own, for what only a process has: its memory and its open files.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use crate::harness::{Client, KEY, PROVIDER_KEY, eventually};

/// A running `millrace serve`; killed when dropped.
pub struct Process {
    child: Child,
    folder: tempfile::TempDir,
    address: SocketAddr,
}

impl Process {
    /// In front of one provider, with more `millrace:` settings (`key: value, ...`).
    pub fn before(base_url: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("config.yaml");
        let text = format!(
            "model_list:\n  - model_name: \"*\"\n    litellm_params: {{model: \"openai/*\", api_base: \"{base_url}\", api_key: {PROVIDER_KEY}}}\n\
             general_settings: {{master_key: {KEY}}}\n\
             millrace: {{host: 127.0.0.1, port: 0, workers: 2, {settings}}}\n"
        );
        std::fs::write(&config, text).expect("a file");
        let log = std::fs::File::create(folder.path().join("log")).expect("a file");
        let child = Command::new(env!("CARGO_BIN_EXE_millrace"))
            .args(["serve", "--config"])
            .arg(&config)
            .env("RUST_LOG", "info")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the binary");
        let mut process = Process { child, folder, address: ([127, 0, 0, 1], 0).into() };
        let mut address = None;
        eventually("the gateway says where it listens", || {
            address =
                process.log().split("listening address=").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
            address.is_some()
        });
        process.address = address.expect("an address");
        process
    }

    /// All it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub fn client(&self) -> Client {
        Client::new(self.address, KEY)
    }

    /// Resident memory in KiB: `VmRSS` of proc(5).
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// Open files, sockets among them.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("its files").count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
