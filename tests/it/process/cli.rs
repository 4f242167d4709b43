//! The command line: exit codes and words.

use millrace_lab::mock::{MockConfig, MockServer};

use crate::harness::{Process, finished, millrace};

/// A file that can be run, and one that cannot.
const GOOD: &str = "model_list:\n- {model_name: a, litellm_params: {model: openai/a, api_key: sk-canary-4712}}\n";
const BAD: &str = "router_settings:\n  num_retrys: 1\nmodel_list:\n- model_name: a\n";

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("a file");
    file
}

#[test]
fn the_demo_checks_itself() {
    let (output, text) = finished(&mut millrace(&["demo", "--check", "--port", "0"]));
    assert!(output.status.success(), "{text}");
}

#[test]
fn the_version_and_the_completions_are_printed() {
    let (output, text) = finished(&mut millrace(&["--version"]));
    assert!(output.status.success());
    assert_eq!(text.trim(), format!("millrace {}", env!("CARGO_PKG_VERSION")));
    let (output, text) = finished(&mut millrace(&["completions", "bash"]));
    assert!(output.status.success());
    for word in ["serve", "check", "demo", "mock", "bench", "healthcheck"] {
        assert!(text.contains(word), "{word}");
    }
    let (output, text) = finished(&mut millrace(&["srve"]));
    assert!(!output.status.success() && text.contains("'serve'"), "{text}");
}

#[test]
fn check_exits_by_what_it_finds_and_writes_json_on_request() {
    let (good, bad) = (file(GOOD), file(BAD));
    let path = |file: &tempfile::NamedTempFile| file.path().to_str().expect("UTF-8").to_owned();
    let (output, text) = finished(&mut millrace(&["check", &path(&good)]));
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("ok: 1 deployment") && !text.contains("canary"), "{text}");
    let (output, text) = finished(&mut millrace(&["check", &path(&bad)]));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(":2:3: error MR1022") && text.contains("2 errors"), "{text}");
    let (output, text) = finished(&mut millrace(&["check", "--json", &path(&bad)]));
    assert_eq!(output.status.code(), Some(1));
    let rows: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let lines: Vec<_> = rows.as_array().expect("an array").iter().map(|row| row["line"].as_u64()).collect();
    assert_eq!(lines, [Some(2), Some(4)], "{text}");
    let (output, text) = finished(&mut millrace(&["check", "--json", "/nowhere/config.yaml"]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("MR1001"), "{text}");
}

#[test]
fn healthcheck_exits_by_readiness() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let process = Process::before(&mock, "");
    let address = process.address.to_string();
    let (output, text) = finished(&mut millrace(&["healthcheck", "--address", &address]));
    assert_eq!(output.status.code(), Some(0), "{text}");
    let (status, log, _) = process.stop();
    assert!(status.success(), "{log}");
    let (output, text) = finished(&mut millrace(&["healthcheck", "--address", &address]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("does not answer"), "{text}");
    // the mock speaks HTTP but has no readiness
    let (output, text) = finished(&mut millrace(&["healthcheck", "--address", &mock.addr().to_string()]));
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains("not ready"), "{text}");
}

#[test]
fn p12_a_taken_port_is_said_clearly() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let config = file(GOOD);
    let mut serve = millrace(&["serve", "--host", "127.0.0.1", "--port", &address.port().to_string(), "--config"]);
    let (output, text) = finished(serve.arg(config.path()));
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(&format!("cannot listen on {address}")) && text.contains("in use"), "{text}");
}

/// FAULTS U1 for users, who have no handle of the mock: the system refuses.
#[test]
fn a_mock_can_be_told_to_refuse_every_connection() {
    use std::io::{BufRead, BufReader, ErrorKind};

    let mut mock = millrace(&["mock", "--listen", "127.0.0.1:0", "--refuse"]);
    let mut mock = mock.stdout(std::process::Stdio::piped()).spawn().expect("the binary");
    let mut line = String::new();
    BufReader::new(mock.stdout.take().expect("stdout")).read_line(&mut line).expect("its address");
    let address = line.trim().strip_prefix("http://").and_then(|url| url.strip_suffix("/v1")).expect("an address");
    let refused = std::net::TcpStream::connect(address).map(drop).map_err(|error| error.kind());
    mock.kill().expect("a child");
    mock.wait().expect("a child");
    assert_eq!(refused, Err(ErrorKind::ConnectionRefused));
}
