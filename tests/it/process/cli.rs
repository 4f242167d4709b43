//! The command line: exit codes and words.

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

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

#[test]
fn a_provider_that_litellm_has_and_we_lack_is_named_by_line_and_stops_nothing_unless_told_to() {
    let lacking = "- {model_name: b, litellm_params: {model: replicate/b, api_key: k}}\n";
    let check = |text: &str| {
        let file = file(text);
        let (output, text) = finished(&mut millrace(&["check", file.path().to_str().expect("UTF-8")]));
        (output.status.code(), text)
    };
    let (code, text) = check(&format!("{GOOD}{lacking}"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(":3:43: notice MR1032: the provider `replicate` is not supported yet"), "{text}");
    assert!(text.contains("left out") && text.contains("ok: 1 deployment, 1 notice"), "{text}");
    let (code, text) = check(&format!("{GOOD}{lacking}router_settings: {{ignore_invalid_deployments: false}}\n"));
    assert!(code == Some(1) && text.contains(":3:43: error MR1032"), "{text}");
    // a mistyped one is no provider of anybody's
    let (code, text) = check(&format!("{GOOD}{}", lacking.replace("replicate", "opnai")));
    assert!(code == Some(1) && text.contains("did you mean `openai`?"), "{text}");
    let (code, text) = check(&format!("model_list:\n{lacking}"));
    assert!(code == Some(1) && text.contains("MR1302"), "nothing can be called: {text}");
}

#[test]
fn check_says_in_both_forms_where_a_gateway_would_be_open_to_all() {
    let open = file(&format!("{GOOD}millrace:\n  host: 0.0.0.0\n"));
    let path = open.path().to_str().expect("UTF-8");
    let (output, text) = finished(&mut millrace(&["check", path]));
    assert!(output.status.code() == Some(1) && text.contains(":4:9: error MR1051: 0.0.0.0"), "{text}");
    let (output, text) = finished(&mut millrace(&["check", "--json", path]));
    let rows: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((output.status.code(), &rows[0]["code"]), (Some(1), &"MR1051".into()), "{text}");
    assert_eq!(
        (&rows[0]["line"], &rows[0]["column"], &rows[0]["key"]),
        (&4.into(), &9.into(), &"millrace.host".into())
    );
}

/// A standard output that nobody reads any more, as behind `| head`.
fn unread() -> Stdio {
    let (ours, theirs) = UnixStream::pair().expect("a pair");
    drop(theirs);
    OwnedFd::from(ours).into()
}

#[test]
fn a_reader_that_went_away_is_no_reason_to_panic() {
    for args in [&["completions", "zsh"][..], &["demo", "--check", "--port", "0"], &["check", "--schema"]] {
        let output = millrace(args).stdout(unread()).stderr(Stdio::piped()).output().expect("the binary");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() != Some(101) && !said.contains("panicked"), "{args:?}: {said}");
    }
    let data = tempfile::tempdir().expect("a folder");
    let mut serve = millrace(&["serve", "--port", "0", "--workers", "1"]);
    serve.env("OPENAI_API_KEY", "sk-canary-provider").env("MILLRACE_DATA_DIR", data.path());
    let mut child = serve.stdout(unread()).stderr(Stdio::piped()).spawn().expect("the binary");
    let stderr = BufReader::new(child.stderr.take().expect("stderr"));
    let listens = stderr.lines().map_while(Result::ok).any(|line| line.contains("listening address="));
    child.kill().and_then(|()| child.wait()).expect("an end");
    assert!(listens, "its first start needs somebody to read what it prints");
}

/// FAULTS U1 for users, who have no handle of the mock: the system refuses.
#[test]
fn a_mock_can_be_told_to_refuse_every_connection() {
    use std::io::ErrorKind;

    let mut mock = millrace(&["mock", "--listen", "127.0.0.1:0", "--refuse"]);
    let mut mock = mock.stdout(Stdio::piped()).spawn().expect("the binary");
    let mut line = String::new();
    BufReader::new(mock.stdout.take().expect("stdout")).read_line(&mut line).expect("its address");
    let address = line.trim().strip_prefix("http://").and_then(|url| url.strip_suffix("/v1")).expect("an address");
    let refused = std::net::TcpStream::connect(address).map(drop).map_err(|error| error.kind());
    mock.kill().expect("a child");
    mock.wait().expect("a child");
    assert_eq!(refused, Err(ErrorKind::ConnectionRefused));
}
