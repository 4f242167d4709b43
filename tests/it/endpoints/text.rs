//! `/v1/completions` before a provider that only chats.

use super::Scene;
use serde_json::{Value, json};

fn ask(scene: &Scene, more: Value) -> crate::harness::Answer {
    let mut body = json!({"model": "a/mock:chunks=3,text=hé there%2C you", "prompt": "Say it", "max_tokens": 64});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    scene.post("/v1/completions", &body)
}

#[test]
fn a_prompt_is_what_the_user_says_and_the_answer_is_a_text() {
    let scene = Scene::new();
    for prompt in [json!("Say it"), json!(["Say it"])] {
        let answer = ask(&scene, json!({ "prompt": prompt, "echo": false, "n": 1 }));
        let body = answer.json();
        assert_eq!(answer.status, 200, "{body}");
        assert_eq!(
            (&body["object"], &body["choices"][0]["text"]),
            (&json!("text_completion"), &json!("hé there, you"))
        );
        assert_eq!(body["choices"][0]["finish_reason"], "stop");
        assert_eq!(body["model"], "a/mock:chunks=3,text=hé there%2C you");
        assert!(body["usage"]["total_tokens"].as_u64() > Some(0) && body["choices"][0]["message"].is_null(), "{body}");
        let sent = scene.mock.last_request().expect("a request").json();
        assert_eq!(sent["messages"], json!([{"role": "user", "content": "Say it"}]), "{sent}");
        assert!(sent["prompt"].is_null() && sent["max_tokens"] == 64);
        assert_eq!(scene.record(&answer)["call_type"], "atext_completion");
    }
}

#[test]
fn a_stream_of_it_says_the_same() {
    let scene = Scene::new();
    let answer = ask(&scene, json!({"stream": true, "stream_options": {"include_usage": true}}));
    let events = answer.events();
    events.assert_done();
    let chunks = events.json();
    let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["text"].as_str()).collect();
    assert_eq!(text, "hé there, you");
    assert!(
        chunks.iter().all(|chunk| chunk["object"] == "text_completion" && chunk["id"] == chunks[0]["id"]),
        "{chunks:?}"
    );
    let finished = chunks.iter().filter(|chunk| chunk["choices"][0]["finish_reason"] == "stop").count();
    assert_eq!(finished, 1, "{chunks:?}");
    assert!(chunks.last().expect("a chunk")["usage"]["total_tokens"].as_u64() > Some(0), "{chunks:?}");
}

#[test]
fn it_is_so_before_every_provider_that_chats() {
    let scene = Scene::new();
    for provider in ["a", "c", "g", "l"] {
        let body = |stream: bool| json!({"model": format!("{provider}/mock:chunks=3,text=so it is"), "prompt": "Say it", "max_tokens": 64, "stream": stream});
        let whole = scene.post("/v1/completions", &body(false));
        assert_eq!(whole.json()["choices"][0]["text"], "so it is", "{provider}: {}", whole.text());
        assert_eq!(whole.json()["object"], "text_completion", "{provider}");
        let events = scene.post("/v1/completions", &body(true)).events();
        events.assert_done();
        let chunks = events.json();
        let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["text"].as_str()).collect();
        assert_eq!(text, "so it is", "{provider}: {chunks:?}");
        assert!(chunks.iter().all(|chunk| chunk["object"] == "text_completion"), "{provider}: {chunks:?}");
    }
}

#[test]
fn what_a_chat_cannot_do_is_refused_or_noted() {
    let scene = Scene::new();
    for (more, param) in [
        (json!({"echo": true, "logprobs": 1}), "echo"),
        (json!({"suffix": "end"}), "suffix"),
        (json!({"best_of": 3}), "best_of"),
        (json!({"logprobs": 2}), "logprobs"),
        (json!({"prompt": ["a", "b"]}), "prompt"),
        (json!({"prompt": [1, 2, 3]}), "prompt"),
    ] {
        let error = ask(&scene, more.clone()).error(400);
        assert_eq!(error["param"], param, "{more}: {error}");
        assert!(!error.to_string().contains("top_logprobs"), "a text has no such parameter: {error}");
    }
    assert_eq!(scene.mock.stats().requests, 0);
    let lenient = Scene::with(", drop_params: true", "");
    let dropped = json!({"model": "groq/mock:text=so", "prompt": "Say", "echo": true, "logprobs": 1, "suffix": "end",
        "tools": [{"type": "function", "function": {"name": "f"}}]});
    let answer = lenient.post("/v1/completions", &dropped);
    assert_eq!(answer.json()["choices"][0]["text"], "so", "{}", answer.text());
    let told = answer.header("x-millrace-params").unwrap_or_default().to_owned();
    assert!(["echo", "suffix", "tools", "logprobs"].iter().all(|name| told.contains(name)), "{told}");
    let sent = lenient.mock.last_request().expect("a request").json();
    assert!(["echo", "suffix", "tools", "logprobs", "prompt"].iter().all(|name| sent[name].is_null()), "{sent}");
}

#[test]
fn a_prompt_is_told_once_more_by_us() {
    let scene = Scene::new();
    for stream in [false, true] {
        let answer = ask(&scene, json!({"prompt": ["Säg \"it\": "], "echo": true, "stream": stream}));
        let pieces = if stream { answer.events().json() } else { vec![answer.json()] };
        let text: String = pieces.iter().filter_map(|piece| piece["choices"][0]["text"].as_str()).collect();
        assert_eq!(text, "Säg \"it\": hé there, you", "{pieces:?}");
        assert!(scene.mock.last_request().expect("a request").json()["echo"].is_null());
        assert_eq!(answer.header("x-millrace-params"), None, "nothing is lost");
    }
}

#[test]
fn a_stream_that_breaks_off_ends_in_one_error_and_never_as_if_it_were_whole() {
    let scene = Scene::new();
    for provider in ["a", "c", "g", "l", "groq"] {
        let body = json!({"model": format!("{provider}/mock:chunks=9,cut:6"), "prompt": "Say", "max_tokens": 64, "stream": true});
        let answer = scene.post("/v1/completions", &body);
        let text = answer.text();
        assert!(!text.contains("[DONE]") && !text.contains("\"finish_reason\":\"stop\""), "{provider}: {text}");
        let errors = text.lines().filter(|line| line.starts_with("data: {\"error\":")).count();
        assert_eq!((answer.status, errors), (200, 1), "{provider}: {text}");
        assert!(text.contains("\"text_completion\""), "{provider}: {text}");
        assert_eq!(scene.record(&answer)["outcome"], "truncated", "{provider}");
    }
}

#[test]
fn thought_stands_beside_the_text() {
    let scene = Scene::new();
    for stream in [false, true] {
        let body =
            json!({"model": "a/mock:text=so it is,thinking=2", "prompt": "Say", "max_tokens": 2048, "stream": stream});
        let answer = scene.post("/v1/completions", &body);
        let pieces = if stream { answer.events().json() } else { vec![answer.json()] };
        let joined =
            |name: &str| -> String { pieces.iter().filter_map(|piece| piece["choices"][0][name].as_str()).collect() };
        assert_eq!(joined("text"), "so it is", "{pieces:?}");
        assert!(!joined("reasoning_content").is_empty(), "{pieces:?}");
    }
}
