//! Tests of `jsonl` and its file.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use millrace_actors::ports::{Callback, SinkHealth};
use serde_json::json;

use super::*;
use crate::callbacks::testing::{failure, record};

fn made(params: Value) -> SinkCallback {
    start("t", read(&params, None).unwrap()).unwrap()
}

fn ids(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|l| serde_json::from_str::<Value>(l).unwrap()["id"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn each_record_is_a_line_only_the_owner_can_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.jsonl");
    let jsonl = made(json!({"path": path}));
    jsonl.log_success(&record("a"));
    jsonl.log_failure(&failure("Bearer canary-token-123"));
    jsonl.flush().await;
    assert_eq!(ids(&path), ["a", "failed"]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!fs::read_to_string(&path).unwrap().contains("canary"));
    assert_eq!(jsonl.health(), Some(SinkHealth { depth: 0, delivered: 2, dropped: 0 }));
}

#[actix_web::test]
async fn it_rotates_and_keeps_so_many() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.jsonl");
    let jsonl = made(json!({"path": path, "max_bytes": 4096, "keep": 2}));
    for n in 0..40 {
        jsonl.log_success(&record(&n.to_string()));
        jsonl.flush().await;
    }
    let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["log.jsonl", "log.jsonl.1", "log.jsonl.2"]);
    let kept: Vec<_> =
        ["log.jsonl.2", "log.jsonl.1", "log.jsonl"].iter().flat_map(|n| ids(&dir.path().join(n))).collect();
    let last: Vec<_> = (40 - kept.len()..40).map(|n| n.to_string()).collect();
    assert_eq!(kept, last, "the newest, in order, and none twice");
    for name in names {
        assert!(fs::metadata(dir.path().join(name)).unwrap().len() <= 4096);
    }
}

#[actix_web::test]
async fn a_full_disk_drops_counts_and_does_not_stop() {
    let jsonl = made(json!({"path": "/dev/full"}));
    jsonl.log_success(&record("a"));
    jsonl.flush().await;
    assert_eq!(jsonl.health(), Some(SinkHealth { depth: 0, delivered: 0, dropped: 1 }));
    assert_eq!(jsonl.sink.gauge().dropped(Cause::Unwritten), 1);
    jsonl.log_success(&record("b"));
    jsonl.flush().await;
    assert_eq!(jsonl.health(), Some(SinkHealth { depth: 0, delivered: 0, dropped: 2 }));
}

#[actix_web::test]
async fn it_recovers_when_its_directory_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let sub = dir.path().join("logs");
    fs::create_dir(&sub).unwrap();
    let path = sub.join("log.jsonl");
    let jsonl = made(json!({"path": path}));
    fs::remove_dir_all(&sub).unwrap();
    jsonl.log_success(&record("lost"));
    jsonl.flush().await;
    fs::create_dir(&sub).unwrap();
    jsonl.log_success(&record("found"));
    jsonl.flush().await;
    assert_eq!(ids(&path), ["found"]);
    assert_eq!(jsonl.health().map(|h| (h.delivered, h.dropped)), Some((1, 1)));
}

#[actix_web::test]
async fn two_on_one_path_share_it_through_a_rotation() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.jsonl");
    let (one, two) = (made(json!({"path": path, "max_bytes": 8192})), made(json!({"path": path, "max_bytes": 8192})));
    for n in 0..15 {
        one.log_success(&record(&format!("{}", n * 2)));
        one.flush().await;
        two.log_success(&record(&format!("{}", n * 2 + 1)));
        two.flush().await;
    }
    let mut all = Vec::new();
    for name in ["log.jsonl.3", "log.jsonl.2", "log.jsonl.1", "log.jsonl"] {
        all.extend(ids(&dir.path().join(name)));
    }
    assert_eq!(all, (0..30).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[actix_web::test]
async fn a_torn_line_does_not_take_the_next_one_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = RotatingFile::new(dir.path().join("x"), 4096, 1);
    file.append(b"{\"id\":").unwrap();
    file.tear();
    file.append(b"{}\n").unwrap();
    assert_eq!(fs::read_to_string(file.path()).unwrap(), "{\"id\":\n{}\n");
}

#[test]
fn bad_parameters_are_named() {
    let errors = read(&json!({"max_bytes": 1, "paht": "/x", "events": "some"}), None).unwrap_err();
    let at: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(at, ["/path", "/max_bytes", "/events", "/paht"]);
    let errors = read(&json!({"path": "log.jsonl"}), None).unwrap_err();
    assert!(errors[0].message.contains("data_dir"), "{}", errors[0].message);
    assert!(read(&json!({"path": "log.jsonl"}), Some(Path::new("/var/lib/x"))).is_ok());
    let errors = start("t", read(&json!({"path": "/nonexistent/dir/x"}), None).unwrap()).err().unwrap();
    assert_eq!(errors[0].pointer, "/path");
}
