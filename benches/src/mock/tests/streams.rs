//! Streams: their events, usage, tool calls, and every way of framing events.

use super::client::{Answer, Ended, chat, exchange, server};
use crate::mock::content;
use serde_json::Value;

const STREAM: &str = r#"{"model":"m","stream":true,"messages":[]}"#;
const WITH_USAGE: &str = r#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;

fn stream(spec: &str, body: &str) -> Answer {
    Answer::to(&server(spec), &chat(body))
}

#[test]
fn role_content_finish_done() {
    let answer = stream("chunks=3,chunk-bytes=4", STREAM);
    assert!(answer.head.contains("content-type: text/event-stream"));
    let events = answer.events();
    assert_eq!(events.len(), 1 + 3 + 1);
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(events[0]["object"], "chat.completion.chunk");
    assert_eq!(events[2]["choices"][0]["delta"]["content"].as_str().map(str::len), Some(4));
    assert_eq!(events[4]["choices"][0]["finish_reason"], "stop");
    assert!(events.iter().all(|event| event["id"] == events[0]["id"] && event.get("usage").is_none()));
    assert_eq!(answer.data().last().map(String::as_str), Some("[DONE]"));
}

#[test]
fn the_same_content_whole_and_streamed() {
    for spec in ["alphabet=emoji,chunk-bytes=1", "alphabet=mixed,escape=ascii", "alphabet=cjk,chunk-bytes=7"] {
        let whole = stream(spec, r#"{"model":"m"}"#).json();
        assert_eq!(whole["choices"][0]["message"]["content"].as_str(), Some(stream(spec, STREAM).content().as_str()));
    }
}

#[test]
fn usage_comes_last_when_asked_for_and_is_null_before() {
    let events = stream("chunks=2,prompt-tokens=5", WITH_USAGE).events();
    let (last, others) = events.split_last().unwrap();
    assert_eq!(last["choices"].as_array().map(Vec::len), Some(0));
    assert_eq!(last["usage"]["total_tokens"], 7);
    assert!(others.iter().all(|event| event.get("usage") == Some(&Value::Null)));
}

#[test]
fn usage_in_other_places() {
    let usages = |spec: &str, body: &str| -> Vec<i64> {
        let events = stream(spec, body).events();
        events.iter().filter_map(|event| event["usage"]["completion_tokens"].as_i64()).collect()
    };
    assert_eq!(usages("chunks=2,usage=every", STREAM), [0, 1, 2, 2]);
    assert_eq!(usages("chunks=2,usage=final", STREAM), [2]);
    assert_eq!(usages("chunks=2,usage=absent", WITH_USAGE), [0; 0]);
    assert_eq!(usages("chunks=2,usage=negative", WITH_USAGE), [-3]);
    let finish = stream("chunks=2,usage=finish", STREAM).events();
    assert_eq!(finish.last().unwrap()["choices"][0]["finish_reason"], "stop");
    assert_eq!(finish.last().unwrap()["usage"]["completion_tokens"], 2);
}

#[test]
fn tool_call_arguments_join_to_the_original() {
    for size in [1, 2, 5] {
        let answer = stream(&format!("tool-calls=2,chunk-bytes={size}"), STREAM);
        let call = |event: &Value| event["choices"][0]["delta"]["tool_calls"][0].clone();
        let second = answer.events().iter().map(call).filter(|call| call["index"] == 1).collect::<Vec<_>>();
        let joined: String = second.iter().filter_map(|call| call["function"]["arguments"].as_str()).collect();
        assert_eq!(joined, content::arguments());
        assert_eq!(second[0]["function"]["name"], "tool_1");
    }
    let split = stream("tool-calls=1,chunk-bytes=1", STREAM).text();
    assert!(split.contains(r#""arguments":"\\"}"#), "no piece ends within an escape");
}

#[test]
fn lone_surrogates_fall_into_two_chunks() {
    let data = stream("text=😀,escape=lone", STREAM).data();
    assert!(data[1].contains(r#""content":"\ud83d""#), "{}", data[1]);
    assert!(data[2].contains(r#""content":"\ude00""#), "{}", data[2]);
}

#[test]
fn choices_are_interleaved() {
    let events = stream("chunks=2,n=3", STREAM).events();
    let indices: Vec<_> = events.iter().map(|event| event["choices"][0]["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
}

#[test]
fn ends_of_a_stream() {
    let ends = |spec: &str| stream(spec, STREAM).data().iter().filter(|data| data.trim() == "[DONE]").count();
    assert_eq!([ends("done=missing"), ends("done=once"), ends("done=twice"), ends("done=spaced")], [0, 1, 2, 1]);
    let then = stream("done=then", STREAM).data();
    assert!(then.last().unwrap().starts_with('{'));
    let junk = stream("done=junk", STREAM).body;
    assert!(junk.windows(22).any(|window| window == b"data: [DONE]\n\n\x00\xFF{junk "));
    let finishes = |spec: &str| stream(spec, STREAM).text().matches("\"finish_reason\":\"stop\"").count();
    assert_eq!([finishes("finish=missing"), finishes("finish=once"), finishes("finish=twice")], [0, 1, 2]);
}

#[test]
fn done_within_content_is_content() {
    let answer = stream("alphabet=done,chunks=4,chunk-bytes=12", STREAM);
    assert!(answer.content().contains("data: [DONE]"));
    assert_eq!(answer.data().iter().filter(|data| *data == "[DONE]").count(), 1);
}

#[test]
fn line_ends() {
    let body = |spec: &str| stream(spec, STREAM).body;
    let crlf = body("eol=crlf");
    assert!(crlf.ends_with(b"data: [DONE]\r\n\r\n"));
    assert!(body("eol=cr").ends_with(b"data: [DONE]\r\r"));
    assert!(!body("eol=cr").contains(&b'\n'));
    let mixed = String::from_utf8(body("eol=mixed,chunks=6")).unwrap();
    let plain = mixed.replace("\r\n", "\n").replace('\r', "\n");
    assert_eq!(plain.matches("\n\n").count(), 1 + 6 + 1 + 1, "blank lines were lost: {mixed:?}");
    for end in ["}\r\n", "}\n", "}\r"] {
        assert!(mixed.contains(end), "{end:?} is missing");
    }
}

#[test]
fn fields_comments_and_byte_order_mark() {
    let text = |spec: &str| stream(spec, STREAM).text();
    assert!(text("bom").starts_with("\u{FEFF}data: {"));
    assert!(text("comments").starts_with(": a comment\n:\ndata: {"));
    assert!(text("no-space").starts_with("data:{"));
    assert!(text("fields").starts_with("event: message\nid: 0\nretry: 3000\ndata: {"));
    assert!(text("unknown-fields").starts_with("x-mock: unknown\ndatas: no data\ndata\ndata: {"));
    let multiline = text("multiline");
    let first = multiline.split("\n\n").next().unwrap().replace("data: ", "");
    assert_eq!(first.lines().count(), 2);
    assert!(serde_json::from_str::<Value>(&first).is_ok(), "{first}");
}

#[test]
fn errors_and_broken_json_within_a_stream() {
    for at in [0, 2] {
        let data = stream(&format!("error-event:{at},message=boom"), STREAM).data();
        assert_eq!(data.len(), at + 1);
        assert!(data[at].contains("\"error\":{\"message\":\"boom\""));
    }
    let answer = stream("bad-json:1,chunks=3", STREAM);
    assert_eq!(answer.data().len(), 6);
    assert!(serde_json::from_str::<Value>(&answer.data()[1]).is_err());
}

#[test]
fn a_last_event_without_its_blank_line() {
    let (bytes, ended) = exchange(&server("unterminated,done=missing"), &chat(STREAM));
    assert_eq!(ended, Ended::Fin);
    let body = Answer::parse(&bytes).text();
    assert!(body.ends_with('}'), "{body}");
}

#[test]
fn shape_against_the_request() {
    assert_eq!(stream("shape=json", STREAM).json()["object"], "chat.completion");
    assert_eq!(stream("shape=sse", r#"{"model":"m"}"#).data().last().map(String::as_str), Some("[DONE]"));
}

#[test]
fn slices_and_pauses_change_no_byte() {
    let body = |spec: &str| {
        let mut events = stream(spec, WITH_USAGE).events();
        for event in &mut events {
            event["id"].take();
            event["created"].take();
        }
        events
    };
    let whole = body("alphabet=emoji,chunks=4");
    assert_eq!(whole, body("alphabet=emoji,chunks=4,slice=1"));
    assert_eq!(whole, body("alphabet=emoji,chunks=4,slice=7,gap=1ms,ttft=1ms,head-first"));
}
