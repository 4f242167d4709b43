//! What is not carried is told or refused, and what looks at requests and answers sees them here too.

use serde_json::json;

use super::{GROUPS, Scene, response, said};

#[test]
fn openais_own_tools_are_noted_and_parameters_refused_unless_they_may_be_dropped() {
    let body = json!({"model": "a/mock:chunks=1", "input": "hi", "max_tool_calls": 3, "user": "anna",
        "tools": [{"type": "code_interpreter"}, {"type": "function", "name": "f", "parameters": {"type": "object"}}]});
    let error = Scene::new().post(&body).error(400);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("`max_tool_calls`") && !message.contains("code_interpreter"), "{message}");
    let lenient = Scene::with(", drop_params: true", "");
    let answer = lenient.post(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.header("x-millrace-params").expect("notes");
    assert!(told.contains("max_tool_calls") && told.contains("tools.code_interpreter"), "{told}");
    assert_eq!(lenient.sent()["tools"].as_array().map(Vec::len), Some(1));
}

#[test]
fn what_responses_lack_is_refused_by_name_to_callers_of_chat_completions() {
    let scene = Scene::new();
    let body =
        json!({"model": "r/mock:chunks=1", "seed": 7, "stop": "END", "messages": [{"role": "user", "content": "hi"}]});
    let error = scene.client().chat(&body).error(400);
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("`seed`") && message.contains("`stop`"), "{message}");
}

#[test]
fn denied_words_are_masked_asked_and_answered() {
    let more = "litellm_settings: {callbacks: [words]}\ncallback_settings: {words: {callback: deny_words, words: [data], action: mask}}\n";
    let scene = Scene::with("", more);
    for group in GROUPS {
        for stream in [false, true] {
            // the denied word twice, cut within
            let model = format!("{group}/mock:text=the data and data and dat,chunk-bytes=3");
            let answer = scene.ask(&model, stream);
            assert_eq!(answer.status, 200, "{}", answer.text());
            let masked = "the [redacted] and [redacted] and dat";
            match stream {
                false => assert_eq!(said(&response(&answer, stream)).text, masked, "{model}"),
                true => {
                    let events = crate::messages::joined::events_of(&answer.body);
                    let deltas = events.iter().filter(|(name, _)| name == "response.output_text.delta");
                    let text: String = deltas.map(|(_, data)| data["delta"].as_str().unwrap_or_default()).collect();
                    assert_eq!(text, masked, "{model}");
                    let (name, last) = events.last().expect("events");
                    assert_eq!((name.as_str(), said(&last["response"]).text.as_str()), ("response.completed", masked));
                    let done = events.iter().find(|(name, _)| name == "response.output_text.done").expect("an end");
                    assert_eq!(done.1["text"], masked, "{model}");
                    for (n, (_, data)) in events.iter().enumerate() {
                        assert_eq!(data["sequence_number"], json!(n), "{model}: {data}");
                    }
                }
            }
            let body = json!({"model": model, "stream": stream, "instructions": "the data",
                "input": [{"role": "user", "content": [{"type": "input_text", "text": "of data"}]},
                    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{\"a\":\"data\"}"},
                    {"type": "function_call_output", "call_id": "c", "output": "more data"}]});
            assert_eq!(scene.post(&body).status, 200);
            let sent = scene.sent().to_string();
            assert!(!sent.contains("of data") && !sent.contains("the data\"") && !sent.contains("more data"), "{sent}");
            assert!(sent.contains("more [redacted]"), "{sent}");
        }
    }
}

#[test]
fn a_stream_past_denied_words_is_the_same_as_without() {
    let more = "litellm_settings: {callbacks: [words]}\ncallback_settings: {words: {callback: deny_words, words: [a-long-word-that-never-comes]}}\n";
    let (plain, held) = (Scene::new(), Scene::with("", more));
    for choices in ["chunks=5,thinking=2", "chunks=2,tool-calls=2,text-too"] {
        for group in GROUPS {
            let texts = |scene: &Scene| {
                let events =
                    crate::messages::joined::events_of(&scene.ask(&format!("{group}/mock:{choices}"), true).body);
                let deltas = |kind: &str| -> String {
                    let of_kind = events.iter().filter(|(name, _)| name == kind);
                    of_kind.map(|(_, data)| data["delta"].as_str().unwrap_or_default()).collect()
                };
                ["output_text", "function_call_arguments", "reasoning_summary_text"]
                    .map(|k| deltas(&format!("response.{k}.delta")))
            };
            assert_eq!(texts(&plain), texts(&held), "{group} {choices}");
        }
    }
}

#[test]
fn records_name_the_call() {
    let more = "litellm_settings: {success_callback: [jsonl]}\ncallback_settings: {jsonl: {path: exchanges.jsonl}}\n";
    let scene = Scene::with("", more);
    scene.response("o/mock:chunks=3", true);
    scene.response("a/mock:chunks=3", false);
    let folder = scene.gateway.stop();
    let lines = std::fs::read_to_string(folder.path().join("exchanges.jsonl")).expect("records");
    let records: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 2);
    for record in records {
        assert_eq!((&record["route"], &record["call_type"]), (&json!("/v1/responses"), &json!("aresponses")));
        assert!(record["outcome"] == "ok" && record["total_tokens"].as_u64() > Some(0), "{record}");
    }
}
