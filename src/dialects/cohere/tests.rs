//! Fixtures in both forms, and what becomes of a request.

use millrace_actors::wire::framing::Framing;
use serde_json::{Value, json};

use super::COHERE;
use super::embed::embed_answer;
use crate::dialects::testing::{facts, fixture, pair, refused, written};

#[test]
fn streams_and_whole_answers_say_the_same() {
    for name in ["text", "tools", "citations", "thinking"] {
        let stream = fixture(&format!("cohere/stream-{name}.sse"));
        pair(
            &COHERE,
            Framing::Events,
            &format!("cohere/{name}"),
            &stream,
            &fixture(&format!("cohere/whole-{name}.json")),
        );
    }
}

#[test]
fn a_whole_answer_is_understood_as_an_event() {
    let (mut decoder, mut out) = ((COHERE.decoder)(), vec![]);
    decoder.event(None, fixture("cohere/whole-tools.json").as_bytes(), &mut out).unwrap();
    assert_eq!(out, (COHERE.read_whole)(fixture("cohere/whole-tools.json").as_bytes()).unwrap());
}

#[test]
fn a_conversation_gets_its_form() {
    let call = json!([{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]);
    let request = json!({"model": "x", "messages": [
        {"role": "developer", "content": "be brief"},
        {"role": "user", "name": "anna", "content": [{"type": "text", "text": "what is it?"},
            {"type": "image_url", "image_url": {"url": "https://pictures.example/a.png", "detail": "low"}}]},
        {"role": "assistant", "reasoning_content": "hm", "content": null, "tool_calls": call},
        {"role": "tool", "tool_call_id": "c1", "content": "a cat"}]});
    let (body, notes) = written(&COHERE, &request, "command-a-03-2025");
    let picture = json!({"type": "image_url", "image_url": {"url": "https://pictures.example/a.png", "detail": "low"}});
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "what is it?"}, picture]},
            {"role": "assistant", "tool_plan": "hm", "tool_calls": call},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"}])
    );
    assert_eq!((notes.as_str(), &body["stream"]), ("dropped=messages.name", &json!(false)));
    let (body, _) = written(&COHERE, &request, "command-a-reasoning-08-2025");
    assert_eq!(body["messages"][2]["content"], json!([{"type": "thinking", "thinking": "hm"}]));
}

#[test]
fn parameters_get_their_names() {
    let tool = |name: &str, strict: bool| json!({"type": "function", "function": {"name": name, "strict": strict, "parameters": {"type": "object"}}});
    let messages = json!([{"role": "user", "content": "hi"}]);
    let (body, notes) = written(
        &COHERE,
        &json!({"model": "x", "messages": messages, "stream": true, "max_completion_tokens": 7, "temperature": 0.5, "top_p": 0.9,
            "top_k": 4, "seed": 1, "stop": ["a", "b", "c", "d", "e", "f"], "presence_penalty": 0.1, "frequency_penalty": 0.2,
            "safety_mode": "NONE", "documents": ["d"], "tools": [tool("f", true), tool("g", true)],
            "tool_choice": {"type": "function", "function": {"name": "g"}}, "user": "anna", "logit_bias": {"1": 2}, "n": 1,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}}),
        "command-a-03-2025",
    );
    for (name, value) in [
        ("max_tokens", json!(7)),
        ("p", json!(0.9)),
        ("k", json!(4)),
        ("stop_sequences", json!(["a", "b", "c", "d", "e"])),
        ("tool_choice", json!("REQUIRED")),
        ("strict_tools", json!(true)),
        ("safety_mode", json!("NONE")),
        ("documents", json!(["d"])),
        ("stream", json!(true)),
        ("response_format", json!({"type": "json_object", "json_schema": {"type": "object"}})),
        ("tools", json!([{"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}}])),
    ] {
        assert_eq!(body[name], value, "{name}");
    }
    assert_eq!(notes, "dropped=logit_bias,user; clamped=stop; renamed=tool_choice");
}

#[test]
fn thinking_is_asked_of_models_that_think() {
    let of = |effort: &str, model: &str| {
        let request =
            json!({"model": "x", "messages": [{"role": "user", "content": "hi"}], "reasoning_effort": effort});
        let (body, notes) = written(&COHERE, &request, model);
        (body["thinking"].clone(), notes)
    };
    let enabled = json!({"type": "enabled"});
    assert_eq!(of("high", "command-a-reasoning-08-2025"), (enabled, "clamped=reasoning_effort".to_owned()));
    assert_eq!(of("none", "command-a-reasoning-08-2025"), (json!({"type": "disabled"}), String::new()));
    assert_eq!(of("high", "command-r-plus"), (Value::Null, "dropped=reasoning_effort".to_owned()));
    assert_eq!(of("none", "command-r-plus"), (Value::Null, String::new()));
}

#[test]
fn what_cannot_be_shown_to_the_model_is_refused_with_its_place() {
    let part = json!({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}});
    let (place, _) = refused(&COHERE, &json!({"model": "x", "messages": [{"role": "user", "content": [part]}]}));
    assert_eq!(place, "/messages/0/content/0");
}

#[test]
fn failures_and_nonsense_are_faults() {
    for data in [
        r#"{"type":"message-end","delta":{"finish_reason":"ERROR","usage":{}}}"#,
        r#"{"message":"internal server error"}"#,
        r#"{"id":"1","message":"invalid request"}"#,
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"x"}}}}}"#,
        "[]",
        "nonsense",
    ] {
        let (mut decoder, mut out) = ((COHERE.decoder)(), vec![]);
        assert!(decoder.event(None, data.as_bytes(), &mut out).is_err(), "{data}: {out:?}");
    }
    assert!((COHERE.read_whole)(br#"{"message":"invalid api token"}"#).is_err());
}

/// Left out, such a piece would be lost from an answer that then looks complete.
#[test]
fn a_piece_that_cannot_be_read_is_a_fault_and_an_empty_list_is_nothing() {
    let read = |kind: &str, message: &Value| {
        let event = json!({"type": kind, "index": 0, "delta": {"message": message}});
        (COHERE.decoder)().event(Some(kind.as_bytes()), event.to_string().as_bytes(), &mut vec![])
    };
    let start = json!({"tool_calls": {"id": "c", "function": {"name": "f", "arguments": ""}}});
    assert!(read("tool-call-start", &start).is_ok());
    let mut decoder = (COHERE.decoder)();
    for (message, fine) in [(&start, true), (&json!({"tool_calls": {"function": "{\"a\":1}"}}), false)] {
        let event = json!({"type": "tool-call-delta", "index": 0, "delta": {"message": message}});
        let told = decoder.event(None, event.to_string().as_bytes(), &mut vec![]);
        assert_eq!(told.is_ok(), fine, "{message}: {told:?}");
    }
    for (content, fine) in [
        (json!([]), true),
        (json!(""), true),
        (json!(null), true),
        (json!("hello"), false),
        (json!([{"type": "text", "text": "hello"}]), false),
        (json!(7), false),
    ] {
        for kind in ["content-start", "content-delta"] {
            let told = read(kind, &json!({"content": content}));
            assert_eq!(told.is_ok(), fine, "{kind} {content}: {told:?}");
        }
    }
}

#[test]
fn places_in_a_plan_or_a_thought_are_no_places_in_the_text() {
    let source = json!({"type": "tool", "id": "s", "tool_output": {"url": "https://h/p", "title": "P"}});
    for (kind, placed) in [("TEXT_CONTENT", true), ("PLAN", false), ("THINKING_CONTENT", false)] {
        let native = json!({"start": 3, "end": 5, "text": "x", "type": kind, "sources": [source]});
        let citation = super::shape::citation(native);
        assert_eq!(citation.url.as_deref(), Some("https://h/p"));
        assert_eq!(citation.native["url_citation"].is_object(), placed, "{kind}: {citation:?}");
    }
}

#[test]
fn embeddings_get_openais_form() {
    let whole = br#"{"id":"da6e531f","embeddings":{"float":[[0.016,-8.1e-3]]},"texts":["hi"],"meta":{"api_version":{"version":"2"},"billed_units":{"input_tokens":2}},"response_type":"embeddings_by_type"}"#;
    let answer: Value = serde_json::from_slice(&embed_answer(&facts(), whole).unwrap()).unwrap();
    assert_eq!(answer["data"], json!([{"object": "embedding", "index": 0, "embedding": [0.016, -8.1e-3]}]));
    assert_eq!((&answer["model"], &answer["usage"]["prompt_tokens"]), (&json!("alias"), &json!(2)));
    assert!(embed_answer(&facts(), fixture("cohere/whole-text.json").as_bytes()).is_err());
}
