//! C12: what a caller writes into a name or an id never becomes a header, ours or the provider's, nor a line of a record.

use serde_json::json;

use super::mock;
use super::raw::say;
use super::records::recording;
use crate::harness::{Gateway, KEY, chat};

const EVIL: [&str; 6] =
    ["a\r\nx-evil: 1", "a\nx-evil: 1", "a\rx-evil: 1", "a\0b", "\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "é\u{2028}x-evil: 1"];

#[test]
fn c12_a_model_name_never_becomes_a_header() {
    let mock = mock("none");
    let (gateway, records) = recording(&mock, "");
    for stream in [false, true] {
        for model in EVIL {
            mock.reset();
            let answer = gateway.client().chat(&chat(model, json!({ "stream": stream })));
            assert!(answer.status < 500, "{model:?}: {}", answer.text());
            assert_eq!(answer.header("x-evil"), None, "{model:?}: {:?}", answer.headers);
            for sent in mock.requests() {
                assert_eq!(sent.header("x-evil"), None, "{model:?}");
                assert_eq!(sent.json()["model"], model, "the name goes on as it was written");
            }
        }
    }
    let records = records.wait(2 * EVIL.len());
    assert!(records.iter().all(|record| EVIL.contains(&record["model"].as_str().expect("a name"))), "{records:?}");
}

#[test]
fn c12_a_model_in_the_path_never_becomes_a_header() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    for model in
        ["a%0d%0ax-evil:1", "a%0ax-evil:1", "a%00b", "%0d%0a%0d%0aHTTP/1.1 200 OK".replace(' ', "%20").as_str()]
    {
        let body = json!({ "messages": [] });
        let answer = gateway.client().post(&format!("/engines/{model}/chat/completions"), &body);
        assert!(answer.status < 500, "{model}: {}", answer.text());
        assert_eq!(answer.header("x-evil"), None, "{model}");
        assert!(mock.requests().iter().all(|sent| sent.header("x-evil").is_none()), "{model}");
    }
}

#[test]
fn c12_ids_that_are_not_sane_are_replaced() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let long = "x".repeat(129);
    for id in ["a b", "a;b", "<script>", "é", "a\tb", "\"", "a,b", "%0d%0a", long.as_str()] {
        let client = gateway.client().header("x-request-id", id).header("x-litellm-call-id", id);
        let answer = client.chat(&chat("gpt-4o", json!({})));
        for name in ["x-request-id", "x-litellm-call-id"] {
            let given = answer.header(name).expect("an id");
            assert!(given != id && given.len() == 36, "{name} {id:?}: {given}");
        }
    }
    let client = gateway.client().header("x-request-id", "req-1").header("x-litellm-call-id", "call.2");
    let answer = client.chat(&chat("gpt-4o", json!({})));
    assert_eq!((answer.header("x-request-id"), answer.header("x-litellm-call-id")), (Some("req-1"), Some("call.2")));
}

#[test]
fn c12_bytes_that_no_header_may_hold_are_refused() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    for name in ["x-request-id", "x-litellm-call-id", "x-litellm-tags"] {
        for value in ["a\rb", "a\0b", "a\x01b", "a\x7fb"] {
            let bytes = format!(
                "GET /v1/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {KEY}\r\n{name}: {value}\r\n\r\n"
            );
            let said = say(gateway.address, bytes.as_bytes());
            assert!(said.closed && said.statuses().iter().all(|status| *status == 400), "{value:?}: {}", said.text());
        }
    }
}

#[test]
fn c12_tags_go_on_in_the_body_and_nowhere_else() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    for tag in EVIL {
        let answer = gateway.client().chat(&chat("gpt-4o", json!({ "metadata": { "tags": [tag] }, "user": tag })));
        assert_eq!((answer.status, answer.header("x-evil")), (200, None));
        let sent = mock.last_request().expect("a request");
        assert_eq!(sent.header("x-evil"), None);
        assert_eq!(sent.json()["metadata"]["tags"][0], tag);
    }
}

#[test]
fn c12_a_callers_headers_stay_with_us() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let client = gateway.client().header("x-canary", "1").header("cookie", "a=b").header("x-forwarded-for", "10.0.0.1");
    assert_eq!(client.chat(&chat("gpt-4o", json!({}))).status, 200);
    let sent = mock.last_request().expect("a request");
    for name in ["x-canary", "cookie", "x-forwarded-for"] {
        assert_eq!(sent.header(name), None, "{:?}", sent.headers);
    }
    let authorization = sent.header("authorization").expect("a key");
    assert_eq!(authorization, format!("Bearer {}", crate::harness::PROVIDER_KEY), "the caller's key went on (I6)");
}
