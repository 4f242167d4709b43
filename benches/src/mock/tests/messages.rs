//! Anthropic's messages: whole answers, streams, and that both say the same.

use super::client::{Answer, post, server};
use super::sse::{Named, named};
use crate::mock::{MockServer, content};
use proptest::prelude::*;
use serde_json::{Value, json};

pub const HEADERS: &str = "connection: close\r\nanthropic-version: 2023-06-01\r\nx-api-key: k\r\n";

/// Asks for a message.
pub fn ask(server: &MockServer, stream: bool) -> Answer {
    let body = json!({"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
        "stop_sequences": ["END"], "metadata": {"user_id": "anna"}, "stream": stream});
    Answer::to(server, &post("/v1/messages", HEADERS, &body.to_string()))
}

fn whole(spec: &str) -> Value {
    ask(&server(spec), false).json()
}

pub fn events(spec: &str) -> Vec<Named> {
    named(&ask(&server(spec), true).text())
}

/// Puts a stream together as a client does; panics where the order of events is wrong.
fn joined(events: &[Named]) -> Value {
    let mut message = Value::Null;
    let mut open = None;
    for event in events {
        let data = event.json();
        assert_eq!(data["type"], event.name, "name and type differ");
        match event.name.as_str() {
            "message_start" => message = data["message"].clone(),
            "content_block_start" => {
                let blocks = message["content"].as_array_mut().unwrap();
                assert_eq!((data["index"].as_u64(), open), (Some(blocks.len() as u64), None));
                open = data["index"].as_u64();
                blocks.push(data["content_block"].clone());
            }
            "content_block_delta" => {
                assert_eq!(data["index"].as_u64(), open);
                extend(message["content"].as_array_mut().unwrap().last_mut().unwrap(), &data["delta"]);
            }
            "content_block_stop" => {
                assert_eq!(data["index"].as_u64(), open.take());
                let block = message["content"].as_array_mut().unwrap().last_mut().unwrap();
                if let Some(text) = block["partial"].as_str().map(str::to_owned) {
                    block["input"] = if text.is_empty() { json!({}) } else { serde_json::from_str(&text).unwrap() };
                    block.as_object_mut().unwrap().remove("partial");
                }
            }
            "message_delta" => {
                for part in [&data["delta"], &json!({"usage": data["usage"]})] {
                    message.as_object_mut().unwrap().extend(part.as_object().unwrap().clone());
                }
            }
            "message_stop" | "ping" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(open, None);
    message
}

fn extend(block: &mut Value, delta: &Value) {
    let (field, piece) = match delta["type"].as_str().unwrap() {
        "text_delta" => ("text", &delta["text"]),
        "thinking_delta" => ("thinking", &delta["thinking"]),
        "signature_delta" => ("signature", &delta["signature"]),
        "input_json_delta" => ("partial", &delta["partial_json"]),
        other => panic!("{other}"),
    };
    let so_far = block[field].as_str().unwrap_or_default().to_owned();
    block[field] = Value::from(so_far + piece.as_str().unwrap());
}

#[test]
fn a_whole_message() {
    let answer =
        ask(&server("chunks=3,prompt-tokens=9,cached-tokens=5,cache-write-tokens=4,cache-write-1h-tokens=1"), false);
    assert_eq!(answer.status, 200);
    for header in ["request-id: req_", "anthropic-organization-id: ", "anthropic-ratelimit-input-tokens-remaining: "] {
        assert!(answer.head.contains(header), "{header} is missing in {}", answer.head);
    }
    assert!(!answer.head.contains("openai"));
    let body = answer.json();
    assert!(body["id"].as_str().unwrap().starts_with("msg_0"));
    assert_eq!(
        (&body["type"], &body["role"], &body["model"]),
        (&json!("message"), &json!("assistant"), &json!("claude"))
    );
    assert_eq!(body["content"], json!([{"type": "text", "text": "river stone wheel water "}]));
    assert_eq!((&body["stop_reason"], &body["stop_sequence"]), (&json!("end_turn"), &Value::Null));
    let usage = json!({"input_tokens": 9, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 4, "output_tokens": 3,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 1}, "service_tier": "standard"});
    assert_eq!(body["usage"], usage);
}

#[test]
fn a_stream_has_its_events_in_order_each_with_its_name() {
    let names: Vec<_> = events("chunks=2").into_iter().map(|event| event.name).collect();
    let delta = "content_block_delta";
    let start = ["message_start", "content_block_start", "ping"];
    assert_eq!(names[..3], start);
    assert_eq!(names[3..], [delta, delta, "content_block_stop", "message_delta", "message_stop"]);
    let nameless = ask(&server("nameless"), true).text();
    assert!(!nameless.contains("event:") && nameless.starts_with("data: {\"type\":\"message_start\""));
}

#[test]
fn tool_calls_are_blocks_and_may_have_no_arguments() {
    let body = whole("tool-calls=2,text-too");
    let kinds: Vec<_> = body["content"].as_array().unwrap().iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["text", "tool_use", "tool_use"]);
    let full: Value = serde_json::from_str(content::arguments()).unwrap();
    assert_eq!((&body["content"][2]["input"], &body["content"][2]["name"]), (&full, &json!("tool_1")));
    assert_eq!(body["stop_reason"], "tool_use");
    assert_ne!(body["content"][1]["id"], body["content"][2]["id"]);
    for (arguments, pieces) in [("empty", vec!["", "{}"]), ("none", vec![""])] {
        let spec = format!("tool-calls=1,arguments={arguments}");
        assert_eq!(whole(&spec)["content"][0]["input"], json!({}));
        let events = events(&spec);
        let sent: Vec<_> = events
            .iter()
            .filter_map(|event| Some(event.json()["delta"]["partial_json"].as_str()?.to_owned()))
            .collect();
        assert_eq!(sent, pieces);
    }
}

#[test]
fn thought_is_signed_and_may_be_redacted() {
    let body = whole("thinking=3,redacted=2,chunks=1");
    let content = body["content"].as_array().unwrap();
    let kinds: Vec<_> = content.iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["thinking", "redacted_thinking", "redacted_thinking", "text"]);
    assert_eq!(content[0]["thinking"].as_str().map(str::len), Some(3 * 8));
    assert!(content[0]["signature"].as_str().unwrap().ends_with("=="));
    assert_ne!(content[1]["data"], content[2]["data"]);
    assert_eq!(body["usage"]["output_tokens"], 4);
    let events = events("thinking=1");
    let deltas: Vec<_> =
        events.iter().filter_map(|event| Some(event.json()["delta"]["type"].as_str()?.to_owned())).collect();
    assert_eq!(deltas[..2], ["thinking_delta", "signature_delta"]);
}

#[test]
fn every_reason_to_stop() {
    for (stop, reason, sequence) in [
        ("auto", "end_turn", Value::Null),
        ("length", "max_tokens", Value::Null),
        ("sequence", "stop_sequence", json!("END")),
        ("refusal", "refusal", Value::Null),
        ("pause", "pause_turn", Value::Null),
        ("window", "model_context_window_exceeded", Value::Null),
    ] {
        let spec = format!("stop={stop}");
        for message in [whole(&spec), joined(&events(&spec))] {
            assert_eq!((&message["stop_reason"], &message["stop_sequence"]), (&json!(reason), &sequence));
            assert_eq!(message["stop_details"]["type"] == "refusal", stop == "refusal");
        }
    }
    assert!(events("finish=missing").iter().all(|event| event.json()["delta"]["stop_reason"].is_null()));
}

#[test]
fn usage_in_every_place() {
    let usages = |spec: &str| {
        let events = events(&format!("chunks=3,prompt-tokens=9,cached-tokens=2,{spec}"));
        let of = |event: &Named| Some((event.json()["message"]["usage"].clone(), event.json()["usage"].clone()));
        let all: Vec<_> =
            events.iter().filter_map(of).filter(|(start, later)| start.is_object() || later.is_object()).collect();
        all.into_iter().map(|(start, later)| if later.is_object() { later } else { start }).collect::<Vec<_>>()
    };
    let outputs =
        |spec: &str| usages(spec).iter().map(|usage| usage["output_tokens"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(outputs(""), [1, 3]);
    assert_eq!((&usages("")[1]["input_tokens"], &usages("")[1]["cache_read_input_tokens"]), (&json!(9), &json!(2)));
    assert_eq!(usages("usage=finish")[1], json!({"output_tokens": 3}));
    assert_eq!(usages("usage=final")[0]["input_tokens"], 0);
    assert_eq!(outputs("usage=every"), [1, 1, 2, 3, 3]);
    assert_eq!(outputs("usage=absent"), [0; 0]);
    assert_eq!(outputs("usage=negative"), [-3, -3]);
}

#[test]
fn fields_events_and_blocks_that_nobody_knows() {
    let events = events("extra,chunks=1");
    assert!(events.iter().any(|event| event.name == "x_mock_event"));
    assert!(events[0].json()["message"]["x_mock_message"].is_object());
    assert!(events.iter().any(|event| event.json()["delta"]["type"] == "x_mock_delta"));
    assert_eq!(whole("extra")["content"][1]["type"], "x_mock_block");
}

#[test]
fn the_user_is_found_in_the_metadata() {
    assert_eq!(whole("echo-user")["content"][0]["text"], "anna");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever is in it, the events of a stream fold to the whole answer.
    #[test]
    fn a_stream_folds_to_the_whole_answer(
        chunks in 1_u32..5, size in 1_usize..9, tools in 0_u32..3, thinking in 0_u32..3, redacted in 0_u32..2,
        alphabet in "ascii|emoji|cjk|mixed|done", arguments in "full|empty|none", flags in "|,text-too|,pings|,text-too,pings",
    ) {
        let spec = format!(
            "chunks={chunks},chunk-bytes={size},tool-calls={tools},thinking={thinking},redacted={redacted},\
             alphabet={alphabet},arguments={arguments}{flags}"
        );
        let (mut whole, mut streamed) = (whole(&spec), joined(&events(&spec)));
        for message in [&mut whole, &mut streamed] {
            message["id"].take();
            for block in message["content"].as_array_mut().unwrap() {
                block["id"].take();
            }
        }
        prop_assert_eq!(whole, streamed);
    }
}
