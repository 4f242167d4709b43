//! The admin surface of callbacks: who may, what it shows, what it refuses.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Gateway, chat, records};

/// `PUT /callbacks/{name}`.
pub fn put(client: &Client, name: &str, body: &Value) -> Answer {
    client.request("PUT", &format!("/callbacks/{name}"), body.to_string().as_bytes()).whole()
}

/// `DELETE /callbacks/{name}`.
pub fn delete(client: &Client, name: &str) -> Answer {
    client.request("DELETE", &format!("/callbacks/{name}"), b"").whole()
}

/// A `headers` callback that sets both headers to one value: whoever reads two has seen half a change.
pub fn headers(value: &str) -> Value {
    json!({ "callback": "headers", "params": { "headers": { "x-a": value, "x-b": value } } })
}

const TWO: &str = "litellm_settings: {callbacks: [noop, mark]}\n\
                   callback_settings: {mark: {callback: headers, headers: {x-a: one}}}\n";

#[test]
fn the_list_tells_generation_hooks_and_every_callback() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, TWO);
    let answer = gateway.client().get("/callbacks");
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")));
    let list = answer.json();
    assert_eq!(list["generation"], 1);
    let all = [
        "pre_call",
        "during_call",
        "post_call",
        "stream",
        "stream_chunk",
        "response_headers",
        "failure",
        "log_success",
        "log_failure",
    ];
    assert_eq!(list["hooks"], json!(all));
    let callbacks = list["callbacks"].as_array().expect("a list");
    assert_eq!(callbacks.len(), 2);
    assert_eq!((&callbacks[0]["name"], &callbacks[0]["callback"]), (&json!("noop"), &json!("noop")));
    assert_eq!(callbacks[1]["name"], "mark");
    assert_eq!(callbacks[1]["callback"], "headers");
    assert_eq!(callbacks[1]["hooks"], json!(["response_headers"]));
    assert_eq!(callbacks[1]["health"], Value::Null, "it has no queue");
}

#[test]
fn litellms_page_of_active_callbacks_has_its_members() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, TWO);
    let active = gateway.client().get("/active/callbacks").json();
    assert_eq!(active["litellm.callbacks"], json!(["noop", "mark"]));
    for member in [
        "litellm.success_callback",
        "litellm.failure_callback",
        "litellm._async_success_callback",
        "litellm.input_callback",
    ] {
        assert_eq!(active[member], json!(["noop"]), "{member}");
    }
    assert_eq!(
        (&active["num_callbacks"], &active["num_alerting"], &active["alerting"]),
        (&json!(2), &json!(0), &json!("None"))
    );
}

#[test]
fn every_route_wants_the_master_key() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, TWO);
    let nobody = gateway.client().anonymous();
    let other = nobody.clone().header("authorization", "Bearer sk-some-other-key-0123456789");
    for (client, code) in [(nobody, "401"), (other, "invalid_api_key")] {
        assert_eq!(client.get("/callbacks").error(401)["code"], code);
        assert_eq!(client.get("/active/callbacks").error(401)["code"], code);
        assert_eq!(client.post("/callbacks/reload", &json!({})).error(401)["code"], code);
        assert_eq!(put(&client, "mark", &headers("two")).error(401)["code"], code);
        assert_eq!(delete(&client, "mark").error(401)["code"], code);
    }
    let list = gateway.client().get("/callbacks").json();
    assert_eq!((&list["generation"], list["callbacks"].as_array().map(Vec::len)), (&json!(1), Some(2)));
}

#[test]
fn what_cannot_be_done_is_answered_in_shape_and_changes_nothing() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, TWO);
    let client = gateway.client();
    let missing = delete(&client, "nobody").error(404);
    assert!(missing["message"].as_str().is_some_and(|m| m.contains("noop") && m.contains("mark")), "{missing}");
    let stale = client.clone().header("if-match", "\"7\"");
    assert_eq!(put(&stale, "mark", &headers("two")).error(412)["code"], "412");
    assert_eq!(delete(&stale, "mark").error(412)["code"], "412");
    assert_eq!(stale.post("/callbacks/reload", &json!({})).error(412)["code"], "412");
    put(&client.clone().header("if-match", "\"soon\""), "mark", &headers("two")).error(412);
    let bad = [
        ("mark", json!({ "callback": "haeders", "params": {} }), "headers"),
        ("mark", json!({ "callback": "headers", "params": { "headers": { "connection": "close" } } }), "connection"),
        ("mark", json!({ "callback": "headers", "params": { "headrs": {} } }), "headers"),
        ("noop", json!({ "params": { "a": 1 } }), "/a"),
        ("a%20b", headers("two"), "name"),
        (&"n".repeat(65), headers("two"), "name"),
    ];
    for (name, body, part) in bad {
        let error = put(&client, name, &body).error(422);
        assert!(error["message"].as_str().is_some_and(|m| m.contains(part)), "{name} {body}: {error}");
    }
    put(&client, "mark", &json!({ "kind": "headers" })).error(400);
    put(&client, "mark", &json!([1])).error(400);
    let list = client.get("/callbacks");
    assert_eq!(list.header("etag"), Some("\"1\""), "{}", list.text());
    assert_eq!(client.chat(&chat("m", json!({}))).header("x-a"), Some("one"));
    let wrong_method = client.request("PATCH", "/callbacks/mark", b"{}").whole();
    wrong_method.error(405);
    assert_eq!(wrong_method.header("allow"), Some("PUT, DELETE"));
}

#[test]
fn a_change_holds_on_every_worker_when_it_is_answered() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, "millrace: {workers: 4}\n");
    let client = gateway.client();
    let mut generation = 1;
    for n in 0..25 {
        let answer = put(&client, "mark", &headers(&n.to_string()));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let body = answer.json();
        assert_eq!((&body["workers"], &body["persisted"]), (&json!(4), &json!(false)));
        let now = body["generation"].as_u64().expect("a number");
        assert_eq!(now, generation + 1);
        assert_eq!(answer.header("etag"), Some(format!("\"{now}\"").as_str()));
        generation = now;
        // connections are dealt out in turn: eight of them reach all four workers
        let streams: Vec<_> = (0..8).map(|_| client.send("/v1/chat/completions", &chat("m", json!({})))).collect();
        for stream in streams {
            let answer = stream.whole();
            assert_eq!(
                (answer.header("x-a"), answer.header("x-b")),
                (Some(n.to_string().as_str()), Some(n.to_string().as_str()))
            );
        }
    }
    assert_eq!(delete(&client, "mark").status, 200);
    for _ in 0..8 {
        assert_eq!(client.chat(&chat("m", json!({}))).header("x-a"), None);
    }
}

#[test]
fn p3_a_stream_keeps_the_callbacks_it_began_with() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let file = |name: &str| json!({ "callback": "jsonl", "params": { "path": format!("{name}.jsonl") } });
    let gateway = Gateway::with(&mock, "");
    let client = gateway.client();
    let begin = || {
        let mut stream =
            client.send("/v1/chat/completions", &chat("mock:chunks=100,gap=10ms", json!({ "stream": true })));
        stream.until("data:");
        stream
    };
    assert_eq!(put(&client, "goes", &file("goes")).status, 200);
    let stream = begin();
    assert_eq!(delete(&client, "goes").status, 200);
    stream.events().assert_done();
    let stream = begin();
    assert_eq!(put(&client, "comes", &file("comes")).status, 200);
    stream.events().assert_done();
    assert_eq!(client.chat(&chat("m", json!({}))).status, 200);
    let folder = gateway.stop();
    let streams =
        |name: &str| records(&folder.path().join(name)).iter().map(|r| r["stream"].clone()).collect::<Vec<_>>();
    assert_eq!(streams("goes.jsonl"), [json!(true)], "what began with it is not in it");
    assert_eq!(streams("comes.jsonl"), [json!(false)], "what began before it is in it");
}
