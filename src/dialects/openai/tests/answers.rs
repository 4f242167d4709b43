//! Whole answers, and that they say what the stream of the same answer says.

use millrace_actors::fault::Fault;
use serde_json::{Value, json};

use super::super::super::Event;
use super::super::super::event::{Audio, Citation, Reason};
use super::super::usage::Written;
use super::super::{read_whole, write_whole};
use super::{PAIRS, STREAMS, decode, facts, fixture, golden};

#[test]
fn a_stream_folds_to_the_whole_answer() {
    for name in PAIRS {
        let whole = read_whole(fixture(&format!("whole-{name}.json")).as_bytes()).unwrap();
        let (stream, fault) = decode(&fixture(&format!("stream-{name}.sse")));
        assert_eq!(fault, None, "{name}");
        let whole: Value = serde_json::from_slice(&write_whole(whole, &facts(true))).unwrap();
        let stream: Value = serde_json::from_slice(&write_whole(stream, &facts(true))).unwrap();
        assert_eq!(stream, whole, "{name}");
        golden(
            &format!("openai-to-openai/whole-{name}.json"),
            &format!("{}\n", serde_json::to_string_pretty(&whole).unwrap()),
        );
    }
}

/// Nothing of a provider's whole answer is lost on the way through the model, but what we name ourselves.
#[test]
fn a_whole_answer_comes_back_as_it_was() {
    for name in PAIRS {
        let mut was: Value = serde_json::from_str(&fixture(&format!("whole-{name}.json"))).unwrap();
        let events = read_whole(was.to_string().as_bytes()).unwrap();
        let mut is: Value = serde_json::from_slice(&write_whole(events, &facts(true))).unwrap();
        assert_eq!(is["model"], "my-model");
        for answer in [&mut was, &mut is] {
            answer["model"] = Value::Null;
            answer["usage"] = json!([answer["usage"]["prompt_tokens"], answer["usage"]["total_tokens"]]);
            for choice in answer["choices"].as_array_mut().unwrap() {
                let message = choice["message"].as_object_mut().unwrap();
                message.entry("refusal").or_insert(Value::Null);
                message.retain(|name, value| name != "annotations" || *value != json!([]));
                for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
                    if call["function"]["arguments"] == "" {
                        call["function"]["arguments"] = "{}".into();
                    }
                }
            }
        }
        assert_eq!(is, was, "{name}");
    }
}

#[test]
fn streams_are_read_as_events() {
    for name in PAIRS.into_iter().chain(STREAMS) {
        let (events, fault) = decode(&fixture(&format!("stream-{name}.sse")));
        let mut shown: String = events.iter().map(|event| format!("{}\n", line(event))).collect();
        shown.extend(fault);
        golden(&format!("openai-to-events/stream-{name}.txt"), &format!("{}\n", shown.trim_end()));
    }
}

/// One event; usage in the words of the dialect, without the counts that are zero.
fn line(event: &Event) -> String {
    match event {
        Event::Usage(usage) => format!("Usage {}", serde_json::to_string(&Written::of(usage)).unwrap()),
        event => format!("{event:?}"),
    }
}

#[test]
fn answers_that_are_none_are_the_providers_fault() {
    for body in ["", "[]", "null", "<html>", "{}", r#"{"choices":[]}"#, r#"{"choices":null}"#, r#"{"choices":[7]}"#] {
        let fault = read_whole(body.as_bytes()).unwrap_err();
        assert!(matches!(&fault, Fault::InvalidAnswer { cause } if cause.len() <= 300), "{body}: {fault:?}");
    }
    let content = |value: Value| json!({"choices": [{"message": {"content": value}}]}).to_string();
    assert!(matches!(read_whole(content(json!(7)).as_bytes()), Err(Fault::InvalidAnswer { .. })));
    let error = json!({"error": {"message": "slow down", "type": "rate_limit_error", "code": null}}).to_string();
    assert!(matches!(read_whole(error.as_bytes()), Err(Fault::Provider { status: 429, .. })));
    let calls: Vec<_> = (0..2000).map(|n| json!({"id": format!("c{n}"), "function": {"name": "f"}})).collect();
    let many = json!({"choices": [{"message": {"tool_calls": calls}}]}).to_string();
    assert!(matches!(read_whole(many.as_bytes()), Err(Fault::InvalidAnswer { .. })));
}

#[test]
fn what_servers_of_this_dialect_add_is_understood() {
    let events = |message: Value, more: Value| {
        let mut choice = json!({"message": message, "finish_reason": "stop"});
        choice.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = json!({"id": "x y", "choices": [choice]});
        read_whole(answer.to_string().as_bytes()).unwrap()
    };
    // Mistral's list of parts, and a part of a kind that came later
    let parts = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "hologram"},
        {"type": "text", "text": "a"}]);
    let got = events(json!({"content": parts}), json!({}));
    assert_eq!(got[1], Event::Reasoning { choice: 0, text: "hm".into() });
    assert_eq!(got[2], Event::Text { choice: 0, text: "a".into() });
    // vLLM: the same thought under two names, and the stop sequence that was met
    let got =
        events(json!({"content": "a", "reasoning": "hm", "reasoning_content": "hm"}), json!({"stop_reason": "END"}));
    assert_eq!(got.iter().filter(|event| matches!(event, Event::Reasoning { .. })).count(), 1);
    let finish = Event::Finish { choice: 0, reason: Reason::StopSequence, stop_sequence: Some("END".into()) };
    assert!(got.contains(&finish), "{got:?}");
    // the older form of a call: an id is made, of characters that every dialect takes
    let got = events(json!({"content": null, "function_call": {"name": "f", "arguments": "{}"}}), json!({}));
    assert_eq!(got[1], Event::ToolCall { choice: 0, call: 0, id: "call_xy_0_0".into(), name: "f".into() });
    assert_eq!(got[3], Event::Finish { choice: 0, reason: Reason::ToolCalls, stop_sequence: None });
    // LiteLLM's sources without an address
    let own = json!({"citations": [[{"type": "char_location", "document_title": "t", "cited_text": "c"}], 7, {}]});
    let got = events(json!({"content": "a", "provider_specific_fields": own}), json!({}));
    assert!(matches!(&got[2], Event::Citation { citation, .. } if citation.title.as_deref() == Some("t")), "{got:?}");
    // speech has words of its own
    let got = events(json!({"content": null, "audio": {"id": "a", "transcript": "hello", "data": ""}}), json!({}));
    let audio = Audio { id: Some("a".into()), transcript: "hello".into(), ..Audio::default() };
    assert_eq!(got[1], Event::Audio { choice: 0, audio });
}

#[test]
fn foreign_citations_and_reasons_are_written_in_the_nearest_form() {
    let page = Citation {
        url: Some("https://a.example".into()),
        title: None,
        cited_text: None,
        behind: None,
        native: json!({"x": 1}),
    };
    let file = Citation { native: json!({"type": "char_location"}), ..Citation::default() };
    let events = vec![
        Event::Text { choice: 0, text: "né".into() },
        Event::Citation { choice: 0, citation: page },
        Event::Citation { choice: 0, citation: file },
        Event::Finish { choice: 0, reason: Reason::Pause, stop_sequence: None },
        Event::Finish { choice: 0, reason: Reason::Stop, stop_sequence: None },
        Event::End,
    ];
    let whole: Value = serde_json::from_slice(&write_whole(events, &facts(true))).unwrap();
    let message = &whole["choices"][0]["message"];
    let annotation = json!({"url": "https://a.example", "title": "", "start_index": 0, "end_index": 2});
    assert_eq!(message["annotations"], json!([{"type": "url_citation", "url_citation": annotation}]));
    assert_eq!(message["provider_specific_fields"], json!({"citations": [{"type": "char_location"}]}));
    assert_eq!(whole["choices"][0]["finish_reason"], "length", "the first reason stands");
    assert_eq!((&whole["id"], &whole["created"]), (&json!("chatcmpl-made-up"), &json!(1_795_599_999)));
    assert!(whole.get("usage").is_none());
}

#[test]
fn an_answer_that_says_nothing_has_a_choice() {
    let silent = br#"{"choices":[{"index":0,"message":{"role":"assistant","content":null},"finish_reason":null}]}"#;
    let written = write_whole(read_whole(silent).unwrap(), &facts(true));
    let whole: Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(whole["choices"].as_array().map(Vec::len), Some(1), "{whole}");
    assert_eq!(whole["choices"][0]["message"]["content"], "");
    assert_eq!(whole["choices"][0]["finish_reason"], "stop");
    read_whole(&written).unwrap();
}

/// The next call's arguments are not the input of the one before, though its name is missing.
#[test]
fn a_whole_call_without_a_name_is_a_fault_and_joins_no_other() {
    let named = json!({"id": "call_s1", "type": "custom", "custom": {"name": "shell", "input": "ls"}});
    let nameless = json!({"id": "call_w1", "function": {"arguments": "{\"city\":\"Bern\"}"}});
    let answer = json!({"choices": [{"message": {"tool_calls": [named, nameless]}, "finish_reason": "tool_calls"}]});
    let why = read_whole(answer.to_string().as_bytes()).expect_err("a call of nothing");
    assert!(matches!(&why, Fault::InvalidAnswer { cause } if cause.contains("before its name")), "{why:?}");
}
