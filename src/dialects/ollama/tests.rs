//! Fixtures in both forms, and what becomes of a request.

use millrace_actors::ports::Kept;
use millrace_actors::wire::framing::Framing;
use serde_json::{Value, json};

use super::OLLAMA;
use super::embed::embed_answer;
use crate::dialects::Notes;
use crate::dialects::testing::{decoded, facts, fixture, pair, refused, written};
use millrace_actors::wire::protocol::Protocol;

#[test]
fn streams_and_whole_answers_say_the_same() {
    for name in ["text", "thinking", "tools"] {
        let stream = fixture(&format!("ollama/stream-{name}.ndjson"));
        pair(
            &OLLAMA,
            Framing::Lines,
            &format!("ollama/{name}"),
            &stream,
            &fixture(&format!("ollama/whole-{name}.json")),
        );
    }
}

#[test]
fn a_stream_that_nobody_asked_for_is_one_answer() {
    let stream = fixture("ollama/stream-tools.ndjson");
    let kept = |line: &str| Kept::from(bytes::Bytes::copy_from_slice(line.as_bytes()));
    let lines: Vec<Kept> = stream.lines().map(kept).collect();
    let whole = fixture("ollama/whole-tools.json");
    let joined = OLLAMA.translate(Protocol::Chat, &facts(), &OLLAMA.collected(&lines), &mut Notes::default()).unwrap();
    assert_eq!(joined, OLLAMA.translate(Protocol::Chat, &facts(), whole.as_bytes(), &mut Notes::default()).unwrap());
    assert!(
        OLLAMA.translate(Protocol::Chat, &facts(), &OLLAMA.collected(&lines[..2]), &mut Notes::default()).is_err(),
        "it was cut"
    );
}

#[test]
fn a_conversation_gets_its_form() {
    let call = |arguments: &str| json!([{"id": "c1", "type": "function", "function": {"name": "look", "arguments": arguments}}]);
    let (body, notes) = written(
        &OLLAMA,
        &json!({"model": "x", "messages": [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "name": "anna", "content": [{"type": "text", "text": "what"}, {"type": "text", "text": "is it?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]},
            {"role": "assistant", "reasoning_content": "hm", "content": null, "tool_calls": call("{\"at\": [1, 2.50]}")},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            {"role": "assistant", "content": "", "tool_calls": call("nonsense")}]}),
        "llama3.2",
    );
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "what\nis it?", "images": ["aGk="]},
            {"role": "assistant", "content": "", "thinking": "hm",
                "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": {"at": [1, 2.5]}}}]},
            {"role": "tool", "content": "a cat", "tool_name": "look", "tool_call_id": "c1"},
            {"role": "assistant", "content": "",
                "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": {"arguments": "nonsense"}}}]}])
    );
    assert_eq!(notes, "dropped=messages.name; renamed=messages.tool_calls.arguments");
    assert_eq!(body["stream"], false, "unsaid, it streams");
}

#[test]
fn parameters_become_options() {
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
    let messages = json!([{"role": "user", "content": "hi"}]);
    let (body, notes) = written(
        &OLLAMA,
        &json!({"model": "x", "messages": messages, "stream": true, "max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "top_k": 4,
            "seed": 1, "stop": "END", "presence_penalty": 1, "frequency_penalty": 2, "num_ctx": 4096, "options": {"seed": 2},
            "keep_alive": "5m", "tools": tools, "tool_choice": "auto", "logprobs": true, "top_logprobs": 3, "n": 2,
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}}),
        "qwen3",
    );
    let options = json!({"num_predict": 7, "temperature": 0.5, "top_p": 0.9, "top_k": 4, "seed": 2, "stop": ["END"],
        "presence_penalty": 1, "frequency_penalty": 2, "num_ctx": 4096});
    assert_eq!((&body["options"], &body["keep_alive"], &body["stream"]), (&options, &json!("5m"), &json!(true)));
    assert_eq!(
        (&body["tools"], &body["format"], &body["top_logprobs"]),
        (&tools, &json!({"type": "object"}), &json!(3))
    );
    assert_eq!(notes, "dropped=n");
    let choice = |word: &str| {
        written(&OLLAMA, &json!({"model": "x", "messages": messages, "tools": tools, "tool_choice": word}), "m")
    };
    assert_eq!(choice("none").0["tools"], Value::Null);
    assert_eq!(choice("required").1, "dropped=tool_choice");
}

#[test]
fn thought_is_a_switch_and_a_degree_where_there_are_degrees() {
    let think = |effort: &str, model: &str| {
        let request =
            json!({"model": "x", "messages": [{"role": "user", "content": "hi"}], "reasoning_effort": effort});
        let (body, notes) = written(&OLLAMA, &request, model);
        (body["think"].clone(), notes)
    };
    assert_eq!(think("none", "qwen3"), (json!(false), String::new()));
    assert_eq!(think("low", "qwen3"), (json!(true), "clamped=reasoning_effort".to_owned()));
    assert_eq!(think("medium", "gpt-oss:20b"), (json!("medium"), String::new()));
    assert_eq!(think("xhigh", "gpt-oss:20b"), (json!("high"), "clamped=reasoning_effort".to_owned()));
}

#[test]
fn what_cannot_be_shown_to_the_model_is_refused_with_its_place() {
    let of = |part: Value| {
        refused(
            &OLLAMA,
            &json!({"model": "x", "messages": [{"role": "user", "content": "a"},
        {"role": "user", "content": [{"type": "text", "text": "b"}, part]}]}),
        )
    };
    let (place, what) = of(json!({"type": "image_url", "image_url": {"url": "https://pictures.example/a.png"}}));
    assert!(place == "/messages/1/content/1" && what.contains("base64"), "{place} {what}");
    assert_eq!(
        of(json!({"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}})).0,
        "/messages/1/content/1"
    );
}

#[test]
fn errors_and_nonsense_are_faults() {
    for line in [
        r#"{"error":"model requires more system memory"}"#,
        "[]",
        "nonsense",
        r#"{"message":{"tool_calls":[{"function":{}}]}}"#,
    ] {
        let (mut decoder, mut out) = ((OLLAMA.decoder)(), vec![]);
        assert!(decoder.event(None, line.as_bytes(), &mut out).is_err(), "{line}");
    }
    assert!((OLLAMA.read_whole)(br#"{"model":"m","message":{"content":"a"},"done":false}"#).is_err());
    // ids are made where none is given, each its own
    let line = r#"{"message":{"tool_calls":[{"function":{"name":"a"}},{"function":{"name":"a"}}]},"done":true}"#;
    let ids: Vec<String> = decoded(&OLLAMA, Framing::Lines, &format!("{line}\n"), 9)
        .iter()
        .filter_map(|event| match event {
            crate::dialects::Event::ToolCall { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect();
    assert!(ids.len() == 2 && ids[0] != ids[1] && ids[0].starts_with("call_"), "{ids:?}");
}

#[test]
fn embeddings_get_openais_form() {
    let whole = br#"{"model":"all-minilm","embeddings":[[0.010071,-1.5e-3],[1,2]],"total_duration":14143917,"prompt_eval_count":8}"#;
    let answer: Value = serde_json::from_slice(&embed_answer(&facts(), whole).unwrap()).unwrap();
    assert_eq!(answer["data"][1], json!({"object": "embedding", "index": 1, "embedding": [1, 2]}));
    assert_eq!(
        (&answer["model"], &answer["usage"]),
        (&json!("alias"), &json!({"prompt_tokens": 8, "total_tokens": 8}))
    );
    assert!(embed_answer(&facts(), fixture("ollama/whole-text.json").as_bytes()).is_err());
}
