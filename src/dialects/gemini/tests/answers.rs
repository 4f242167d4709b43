//! Answers: a stream and a whole answer say the same, here and in every other protocol.

use millrace_actors::fault::Fault;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;
use serde_json::json;

use super::{data_of, decode, encode, facts, fixture, fixtures, golden, parsed, pretty};
use crate::dialects::event::{Event, Reason};
use crate::dialects::gemini::{read_whole, write_whole};
use crate::dialects::{Decode, anthropic, bridge, openai};

#[test]
fn a_stream_folds_to_the_whole_answer_in_every_protocol() {
    for name in fixtures("gemini", "stream-") {
        let name = name.trim_start_matches("stream-").trim_end_matches(".sse");
        let whole = read_whole(fixture(&format!("gemini/whole-{name}.json")).as_bytes()).unwrap();
        let stream = decode(&data_of(&fixture(&format!("gemini/stream-{name}.sse")))).unwrap();
        for (target, write) in [
            ("gemini", write_whole as fn(Vec<Event>, _: &_) -> _),
            ("openai", openai::write_whole),
            ("anthropic", anthropic::write_whole),
        ] {
            let written = parsed(&write(whole.clone(), &facts()));
            assert_eq!(parsed(&write(stream.clone(), &facts())), written, "{name} to {target}");
            golden(&format!("gemini-to-{target}/whole-{name}.json"), &pretty(&written));
        }
    }
}

#[test]
fn streams_are_read_as_events_and_written_as_streams() {
    for name in fixtures("gemini", "stream-") {
        let events = decode(&data_of(&fixture(&format!("gemini/{name}")))).unwrap();
        let shown: String = events.iter().map(|event| format!("{event:?}\n")).collect();
        golden(&format!("gemini-to-model/{}", name.replace(".sse", ".txt")), &shown);
        let frames = encode(events);
        let text: String =
            frames.iter().map(|frame| format!("data: {}\n\n", String::from_utf8_lossy(&frame.data))).collect();
        golden(&format!("gemini-to-gemini/{name}"), &text);
        // what was written is read as what it was
        let again = decode(&data_of(&text)).unwrap();
        let whole = |events: Vec<Event>| parsed(&write_whole(events, &facts()));
        assert_eq!(whole(again), whole(decode(&data_of(&fixture(&format!("gemini/{name}")))).unwrap()), "{name}");
    }
}

#[test]
fn other_providers_answers_become_this_protocols() {
    type Read = fn() -> Box<dyn Decode>;
    let readers: [(&str, Read); 2] = [
        ("openai", || Box::new(openai::Decoder::default())),
        ("anthropic", || Box::new(anthropic::Decoder::default())),
    ];
    for (from, reader) in readers {
        for name in fixtures(from, "stream-").into_iter().filter(|name| !name.contains("error")) {
            let (mut decoder, mut events) = (reader(), Vec::new());
            for block in fixture(&format!("{from}/{name}")).split("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| Some(line.strip_prefix(name)?.trim()));
                if let Some(data) = field("data:") {
                    let event = field("event:").map(str::as_bytes);
                    decoder.event(event, data.as_bytes(), &mut events).unwrap();
                }
            }
            let whole = parsed(&write_whole(events.clone(), &facts()));
            golden(
                &format!("{from}-to-gemini/{}", name.replace("stream-", "whole-").replace(".sse", ".json")),
                &pretty(&whole),
            );
            let frames = encode(events);
            let datas: Vec<String> =
                frames.iter().map(|frame| String::from_utf8_lossy(&frame.data).into_owned()).collect();
            let read: Vec<&str> = datas.iter().map(String::as_str).collect();
            let folded = parsed(&write_whole(decode(&read).unwrap(), &facts()));
            assert_eq!(
                folded["candidates"][0]["finishReason"], whole["candidates"][0]["finishReason"],
                "{from} {name}"
            );
            assert_eq!(folded["usageMetadata"], whole["usageMetadata"], "{from} {name}");
        }
    }
}

#[test]
fn a_stream_that_is_not_finished_has_no_end() {
    let text = r#"{"candidates":[{"content":{"parts":[{"text":"a"}]},"index":0}]}"#;
    let done = r#"{"candidates":[{"finishReason":"STOP","index":1}]}"#;
    for events in [&[text][..], &[text, done], &[], &["{}"]] {
        assert!(!decode(events).unwrap().contains(&Event::End), "{events:?}");
    }
    let both = [text, done, r#"{"candidates":[{"finishReason":"STOP","index":0}]}"#];
    assert_eq!(decode(&both).unwrap().last(), Some(&Event::End));
}

#[test]
fn answers_that_are_none_are_the_providers_fault() {
    for body in ["", "[]", "null", "<html>", "{}", r#"{"candidates":[]}"#, r#"{"candidates":7}"#] {
        let fault = read_whole(body.as_bytes()).unwrap_err();
        assert!(matches!(&fault, Fault::InvalidAnswer { cause } if cause.len() <= 300), "{body}: {fault:?}");
    }
    let error = json!({"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}).to_string();
    assert!(matches!(decode(&[&error]), Err(Fault::Provider { status: 429, .. })));
    // a file of a type that nobody is told is no answer either, and no empty one
    for file in [json!({"data": "aGk="}), json!({"mimeType": "application/pdf", "data": "aGk="})] {
        let file = json!({"candidates": [{"content": {"parts": [{"inlineData": file}]}}]}).to_string();
        let mut notes = Notes::default();
        for to in [Protocol::Chat, Protocol::Messages, Protocol::Responses] {
            let told = bridge::translate(Protocol::GenerateContent, to, facts(), file.as_bytes(), &mut notes);
            assert!(matches!(&told, Err(Fault::InvalidAnswer { cause }) if cause.contains("files")), "{told:?}");
        }
        let beside = file.replace("{\"inlineData", "{\"text\":\"see\"},{\"inlineData");
        let told = bridge::translate(Protocol::GenerateContent, Protocol::Chat, facts(), beside.as_bytes(), &mut notes);
        assert!(told.is_ok(), "{told:?}");
        assert_eq!(notes.to_string(), "dropped=answer.file");
    }
    let nameless = json!({"candidates": [{"content": {"parts": [{"functionCall": {"args": {}}}]}}]}).to_string();
    assert!(matches!(read_whole(nameless.as_bytes()), Err(Fault::InvalidAnswer { .. })));
}

/// There is nothing in it that a caller could be given; it is noted.
#[test]
fn a_picture_without_bytes_is_none() {
    for part in [
        json!({"inlineData": {"mimeType": "image/png", "data": ""}}),
        json!({"inlineData": {"mimeType": "image/png"}}),
        json!({"fileData": {"mimeType": "image/png", "fileUri": ""}}),
        json!({"inlineData": {"mimeType": "audio/wav", "data": ""}}),
    ] {
        let parts = [json!({"text": "a"}), part.clone()];
        let answer = json!({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]});
        let events = read_whole(answer.to_string().as_bytes()).unwrap();
        assert!(!events.iter().any(|event| matches!(event, Event::Image { .. } | Event::Audio { .. })), "{events:?}");
        let noted = events.contains(&Event::Own { kind: "image".into() });
        assert_eq!(noted, !part.to_string().contains("audio"), "{part}");
    }
}

#[test]
fn reasons_have_the_nearest_word_both_ways() {
    let read = |word: &str| {
        let body = json!({"candidates": [{"finishReason": word}]}).to_string();
        let events = read_whole(body.as_bytes()).unwrap();
        events.into_iter().find_map(|event| if let Event::Finish { reason, .. } = event { Some(reason) } else { None })
    };
    for (word, want) in [
        ("STOP", Reason::Stop),
        ("MAX_TOKENS", Reason::Length),
        ("RECITATION", Reason::ContentFilter),
        ("IMAGE_SAFETY", Reason::ContentFilter),
        ("MALFORMED_FUNCTION_CALL", Reason::Other("MALFORMED_FUNCTION_CALL".into())),
    ] {
        assert_eq!(read(word), Some(want), "{word}");
    }
    let written = |reason| {
        let events = vec![Event::Finish { choice: 0, reason, stop_sequence: None }, Event::End];
        parsed(&write_whole(events, &facts()))["candidates"][0]["finishReason"].clone()
    };
    assert_eq!(written(Reason::Pause), "MAX_TOKENS");
    assert_eq!(written(Reason::Refusal), "SAFETY");
    assert_eq!(written(Reason::Other("MALFORMED_FUNCTION_CALL".into())), "MALFORMED_FUNCTION_CALL");
    assert_eq!(written(Reason::Other("whatever".into())), "STOP");
}

#[test]
fn calls_without_ids_have_the_same_made_up_one_in_both_forms() {
    let ids = |events: Vec<Event>| -> Vec<String> {
        let ids =
            events.into_iter().filter_map(|event| if let Event::ToolCall { id, .. } = event { Some(id) } else { None });
        ids.collect()
    };
    let whole = read_whole(fixture("gemini/whole-tools.json").as_bytes()).unwrap();
    assert_eq!(ids(whole), ["call_r2_0_0", "9c"]);
    let stream = decode(&data_of(&fixture("gemini/stream-tools.sse"))).unwrap();
    assert_eq!(ids(stream), ["call_r2_0_0", "9c"]);
}
