//! A gateway that keeps a record of every exchange, and the records it kept.

use std::path::PathBuf;

use millrace_lab::mock::MockServer;
use serde_json::Value;

use crate::harness::{Gateway, eventually};

/// The file of records.
pub struct Records {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

/// A gateway in front of `mock` with a `jsonl` callback; `more` is more configuration.
pub fn recording(mock: &MockServer, more: &str) -> (Gateway, Records) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("exchanges.jsonl");
    let config = format!(
        "\nlitellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: \"{}\"}}}}\n{more}",
        path.display()
    );
    (Gateway::with(mock, &config), Records { path, _folder: folder })
}

impl Records {
    /// Waits for `count` records; there must never be more.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Value> {
        let mut records = Vec::new();
        eventually("the records are written", || {
            records = self.read();
            records.len() >= count
        });
        assert_eq!(records.len(), count, "settled more than once: {records:?}");
        records
    }

    /// What is there now.
    pub fn read(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}
