//! Parameters that a provider does not take: refused by name, or left out and noted, or under its own name for them.

use millrace::providers::table::Provider;
use serde_json::{Map, Value, json};

use super::{Scene, everyone, family};

/// A value that asks for something.
fn value(name: &str) -> Value {
    match name {
        "tools" => json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]),
        "functions" => json!([{"name": "f", "parameters": {"type": "object"}}]),
        "tool_choice" => json!("required"),
        "function_call" => json!({"name": "f"}),
        "audio" => json!({"voice": "alloy", "format": "mp3"}),
        "modalities" => json!(["text", "audio"]),
        "prediction" => json!({"type": "content", "content": "x"}),
        "logit_bias" => json!({"1": 2}),
        "logprobs" | "store" => json!(true),
        "parallel_tool_calls" => json!(false),
        "stream_options" => json!({"include_usage": true}),
        "metadata" | "web_search_options" => json!({"a": "b"}),
        "stop" => json!(["END"]),
        "response_format" => json!({"type": "json_object"}),
        "user" | "service_tier" | "verbosity" | "safety_identifier" | "prompt_cache_key" | "prompt_cache_retention" => {
            json!("low")
        }
        _ => json!(7),
    }
}

/// Labels are left out without leave.
const LABELS: [&str; 8] = [
    "user",
    "metadata",
    "store",
    "stream_options",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
];

fn all_that_lacks(provider: Provider) -> (Vec<&'static str>, Value) {
    let lacks = provider.traits.lacks.to_vec();
    let body: Map<String, Value> = lacks.iter().map(|name| ((*name).to_owned(), value(name))).collect();
    (lacks, Value::Object(body))
}

#[test]
fn what_a_provider_lacks_is_refused_by_name_or_left_out_and_noted() {
    let (strict, lenient) = (Scene::new(""), Scene::new(", drop_params: true"));
    for provider in everyone() {
        let (lacks, body) = all_that_lacks(provider);
        let grave: Vec<_> = lacks.iter().filter(|name| !LABELS.contains(name)).collect();
        if !grave.is_empty() {
            let error = strict.chat(provider, "mock:chunks=1", body.clone()).error(400);
            let message = error["message"].as_str().expect("a message");
            for name in &grave {
                assert!(message.contains(&format!("`{name}`")), "{provider} does not name {name}: {message}");
            }
            assert!(message.contains(provider.name) && message.contains("drop_params"), "{message}");
        }
        let answer = lenient.chat(provider, "mock:chunks=1", body);
        assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
        let told = answer.header("x-millrace-params").unwrap_or_default().to_owned();
        let sent = lenient.sent();
        for name in &lacks {
            assert!(sent[*name].is_null(), "{provider} got {name}: {sent}");
            assert!(told.contains(name), "{provider}: {name} is not noted: {told}");
        }
    }
}

#[test]
fn values_that_ask_for_nothing_are_left_out_without_leave() {
    let scene = Scene::new("");
    let body = json!({"n": 1, "logprobs": false, "frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {},
        "modalities": ["text"], "parallel_tool_calls": true, "user": "anna", "seed": null});
    for provider in everyone() {
        let answer = scene.chat(provider, "mock:chunks=1", body.clone());
        assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
        let sent = scene.sent();
        assert!(provider.traits.lacks.iter().all(|name| sent[*name].is_null()), "{provider}: {sent}");
    }
}

#[test]
fn what_has_another_name_gets_it_and_the_rest_keeps_its_bytes() {
    let scene = Scene::new("");
    for provider in family() {
        for (from, to) in provider.traits.renames {
            let body = json!({*from: 40, "temperature": 0.25, "a_word_of_theirs": {"x": [1, 2.50]}});
            let answer = scene.chat(provider, "mock:chunks=1", body);
            assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
            let sent = scene.sent();
            assert_eq!((&sent[*to], &sent[*from]), (&json!(40), &Value::Null), "{provider}");
            assert_eq!((&sent["temperature"], &sent["a_word_of_theirs"]), (&json!(0.25), &json!({"x": [1, 2.5]})));
            let told = answer.header("x-millrace-params").unwrap_or_default();
            assert!(told.contains(&format!("renamed={from}")), "{provider}: {told}");
        }
        for (name, raw) in provider.traits.sets {
            assert_eq!(scene.chat(provider, "mock:chunks=1", json!({})).status, 200);
            assert_eq!(scene.sent()[*name].to_string(), *raw, "{provider}");
            assert_eq!(scene.chat(provider, "mock:chunks=1", json!({*name: {"mine": 1}})).status, 200);
            assert_eq!(scene.sent()[*name], json!({"mine": 1}), "{provider}: the caller's own word counts");
        }
    }
}

#[test]
fn a_choice_of_tools_that_a_provider_has_no_word_for_is_not_sent() {
    let (strict, lenient) = (Scene::new(""), Scene::new(", drop_params: true"));
    let tools = value("tools");
    let named = json!({"type": "function", "function": {"name": "f"}});
    for provider in family().filter(|provider| !provider.traits.lacks.contains(&"tools")) {
        let knows = provider.traits.tool_choice;
        for (word, choice) in [("auto", json!("auto")), ("required", json!("required")), ("function", named.clone())] {
            let body = json!({"tools": tools, "tool_choice": choice});
            let answer = strict.chat(provider, "mock:chunks=1", body.clone());
            if knows.contains(&word) {
                assert_eq!((answer.status, &strict.sent()["tool_choice"]), (200, &choice), "{provider} {word}");
            } else if word == "required" && knows.contains(&"any") {
                assert_eq!((answer.status, &strict.sent()["tool_choice"]), (200, &json!("any")), "{provider}");
            } else {
                assert!(answer.error(400)["message"].as_str().is_some_and(|m| m.contains("`tool_choice`")));
                let answer = lenient.chat(provider, "mock:chunks=1", body);
                assert_eq!((answer.status, &lenient.sent()["tool_choice"]), (200, &Value::Null), "{provider} {word}");
            }
        }
    }
}

#[test]
fn roles_and_parts_become_what_a_provider_knows() {
    let scene = Scene::new("");
    let messages = json!([
        {"role": "developer", "content": "be brief"},
        {"role": "user", "name": "anna", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]);
    for provider in family() {
        let answer = scene.chat(provider, "mock:chunks=1", json!({"messages": messages}));
        assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
        let (sent, traits) = (scene.sent()["messages"].clone(), &provider.traits);
        assert_eq!(sent[0]["role"], if traits.developer { "developer" } else { "system" }, "{provider}");
        assert_eq!(sent[1]["name"].is_string(), traits.names, "{provider}");
        let parts = if traits.parts { messages[1]["content"].clone() } else { json!("ab") };
        assert_eq!(sent[1]["content"], parts, "{provider}");
    }
}

/// The same hooks over what another protocol's request became.
#[test]
fn a_caller_of_another_protocol_meets_the_same_differences() {
    let scene = Scene::new(", drop_params: true");
    for provider in family() {
        let body = json!({"model": format!("{provider}/mock:chunks=1"), "max_tokens": 12, "top_k": 4, "stop_sequences": ["END"],
            "stream": true, "system": [{"type": "text", "text": "be"}, {"type": "text", "text": "brief"}],
            "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]});
        let answer = scene.gateway.client().post("/v1/messages", &body);
        assert_eq!(answer.status, 200, "{provider}: {}", answer.text());
        let (sent, traits) = (scene.sent(), &provider.traits);
        assert_eq!(sent["max_tokens"], 12, "{provider}");
        for (name, there) in [("stop", !traits.lacks.contains(&"stop")), ("top_k", !traits.lacks.contains(&"top_k"))] {
            assert_eq!(!sent[name].is_null(), there, "{provider} {name}: {sent}");
        }
        assert_eq!(sent["stream_options"].is_object(), traits.stream_options, "{provider}");
        assert_eq!(sent["messages"][1]["content"].is_array(), traits.parts, "{provider}: {sent}");
    }
}
