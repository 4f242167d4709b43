//! C13: tricks with the path, the host and forwarded headers. Whoever has no key gets nothing, whatever the path is called.

use super::mock;
use super::raw::say;
use crate::harness::{Gateway, KEY};

const PATHS: [&str; 48] = [
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/chat//completions",
    "/v1/chat/completions/",
    "/v1/chat/completions//",
    "/./v1/chat/completions",
    "/v1/./chat/completions",
    "/v1/../v1/chat/completions",
    "/health/../v1/chat/completions",
    "/health/liveliness/../../v1/chat/completions",
    "/health/liveliness/..;/..;/v1/chat/completions",
    "/..;/v1/chat/completions",
    "/v1/..;/v1/chat/completions",
    "/;/v1/chat/completions",
    "/v1;a=b/chat/completions",
    "/v1/chat/completions;a=b",
    "/v1%2fchat%2fcompletions",
    "/v1/chat%2fcompletions",
    "/%2fv1/chat/completions",
    "/%2e/v1/chat/completions",
    "/%2e%2e/v1/chat/completions",
    "/health%2f..%2fv1/chat/completions",
    "/v1%252fchat/completions",
    "/v1%5cchat/completions",
    "/v1\\chat\\completions",
    "/v1/chat/completions%00",
    "/v1/chat/completions%20",
    "/v1/chat/completions.json",
    "/v1/chat/completions?key=x",
    "/v1/chat/completions?",
    "/v1/chat/completions#/health/liveliness",
    "/V1/CHAT/COMPLETIONS",
    "/v1/chat/completion%73",
    "/%76%31/chat/completions",
    "/metrics/",
    "//metrics",
    "/metrics;/health/liveliness",
    "/metrics?/health/liveliness",
    "/metric%73",
    "/callbacks/",
    "//callbacks",
    "/callbacks/..%2freload",
    "/callbacks/%72eload",
    "/openai/deployments/../../v1/chat/completions",
    "/openai/deployments//chat/completions",
    "/engines/../health/liveliness/chat/completions",
    "/engines/a/../../metrics",
    "/v1/models/../../metrics",
];

/// Further heads that a gateway might believe.
const HEADS: [&str; 9] = [
    "",
    "x-forwarded-for: 127.0.0.1\r\n",
    "x-forwarded-host: localhost\r\nx-forwarded-proto: https\r\n",
    "forwarded: for=127.0.0.1;host=localhost\r\n",
    "x-original-url: /health/liveliness\r\n",
    "x-rewrite-url: /health/liveliness\r\n",
    "x-forwarded-prefix: /health\r\n",
    "x-real-ip: ::1\r\n",
    "authorization: Basic YWRtaW46YWRtaW4=\r\n",
];

const BODY: &str = r#"{"model":"gpt-4o","messages":[]}"#;

fn ask(gateway: &Gateway, target: &str, host: &str, head: &str, method: &str) -> super::raw::Said {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{head}content-length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    say(gateway.address, request.as_bytes())
}

#[test]
fn c13_no_spelling_of_a_path_and_no_header_opens_it() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let absolute = [
        "http://a/v1/chat/completions",
        "http://127.0.0.1/health/liveliness/../../metrics",
        "https://evil.example/metrics",
    ];
    for target in PATHS.iter().chain(&absolute) {
        for method in ["GET", "POST"] {
            let said = ask(&gateway, target, "a", "", method);
            let status = said.status();
            assert!(matches!(status, 400 | 401 | 404 | 405), "{method} {target}: {}", said.text());
        }
    }
    for head in HEADS {
        for host in ["localhost", "127.0.0.1", "a/health/liveliness", "", "evil.example:80"] {
            let status = ask(&gateway, "/v1/chat/completions", host, head, "POST").status();
            assert!(matches!(status, 400 | 401), "{head} {host}: {status}");
        }
    }
    assert_eq!(mock.stats().requests, 0, "{:?}", mock.requests());
}

#[test]
fn c13_the_first_key_header_speaks() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let good = format!("authorization: Bearer {KEY}\r\n");
    for first in ["x-litellm-api-key: sk-wrong\r\n", "x-litellm-api-key:\r\n"] {
        assert_eq!(ask(&gateway, "/v1/models", "a", &format!("{good}{first}"), "GET").status(), 401);
    }
    let twice = format!("authorization: Bearer sk-wrong\r\n{good}");
    assert_eq!(ask(&gateway, "/v1/models", "a", &twice, "GET").status(), 401, "two keys, and the first is wrong");
    assert_eq!(ask(&gateway, "/v1/models", "a", &good, "GET").status(), 200);
}
