//! U25, U26: an answer that cannot be understood. The caller is told why and of which deployment; what came stands in the
//! debug log, without our credential.

use serde_json::json;

use super::raw::Provider;
use super::{ALIAS, Setup, gateway_at, shown};
use crate::harness::{chat, logged};

/// As JSON, and as a stream's first bytes: neither is what its type says; and an object that is no answer, for a stream. Each echoes the key of the scene's deployment.
const WHOLE: &str = "{\"choices\":[], and then sk-provider, broken-off-1";
const STREAM: &str = "data: {\"never\": \"ended sk-provider broken-off-2";
const STRANGE: &str = "{\"detail\": \"busy sk-provider broken-off-3\"}";

fn answering(content_type: &str, body: &str) -> Provider {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nconnection: close\r\n\r\n{body}");
    Provider::start(move |socket| socket.head(answer.as_bytes()))
}

#[test]
fn u25_what_cannot_be_understood_is_told_with_its_deployment_and_logged_without_the_key() {
    logged();
    for (content_type, body, mark, members) in [
        ("application/json", WHOLE, "broken-off-1", json!({})),
        ("text/event-stream", STREAM, "broken-off-2", shown()),
        ("application/json", STRANGE, "broken-off-3", shown()),
    ] {
        let provider = answering(content_type, body);
        let gateway = gateway_at(&provider.base_url(), &Setup::default());
        let answer = gateway.client().send("/v1/chat/completions", &chat(ALIAS, members)).whole();
        let error = answer.error(502);
        let message = error["message"].as_str().unwrap();
        assert_eq!(error["type"], "upstream_invalid_answer", "{error}");
        let (_, named) = message.split_once("(deployment ").unwrap_or_else(|| panic!("{message}"));
        assert!(named.len() > 1 && !message.contains(mark), "{message}");
        let all = logged();
        let line = all.lines().find(|line| line.contains("answer not usable") && line.contains(mark));
        let line = line.unwrap_or_else(|| panic!("no line of {mark}"));
        assert!(line.contains("[redacted]") && line.contains("cause=") && line.contains("call_id="), "{line}");
        assert!(!all.contains("sk-provider"), "the key is in the log");
    }
}
