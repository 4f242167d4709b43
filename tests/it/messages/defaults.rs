//! What a deployment's entry sets: OpenAI's words in the configuration, and the provider's own words before it, whatever the
//! caller speaks and whether its body is written anew or not. What a caller says itself wins; `extra_body` wins over all.

use serde_json::{Value, json};

use super::Scene;

const SET: &str = ", temperature: 0.25, max_tokens: 2077, stop: [END], reasoning_effort: low, \
                   extra_body: {extra: 1, generationConfig: {seed: 7}}, additional_drop_params: [top_p], drop_params: true";

/// Paths and plain bodies of each caller; `{model}` is put in.
fn callers() -> [(&'static str, Value); 4] {
    [
        ("/v1/chat/completions", json!({"messages": [{"role": "user", "content": "hi"}]})),
        ("/v1/messages", json!({"messages": [{"role": "user", "content": "hi"}]})),
        ("/v1/responses", json!({"input": "hi"})),
        ("/v1beta/models/{model}:generateContent", json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]})),
    ]
}

/// What the provider gets of a caller's plain question with more in it.
#[track_caller]
fn sent(scene: &Scene, caller: usize, model: &str, more: &Value) -> Value {
    let (path, mut body) = callers()[caller].clone();
    if !path.contains("{model}") {
        body["model"] = model.into();
    }
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let answer = scene.client().post(&path.replace("{model}", model), &body);
    assert_eq!(answer.status, 200, "{path} {model}: {}", answer.text());
    scene.sent()
}

/// Where each provider has the four: its paths of temperature, limit, stop and effort, and the last one's value.
fn places(model: &str, caller: usize) -> [(&'static str, Value); 4] {
    let low = json!("low");
    match (model, caller) {
        ("o/x", 2) => {
            let none = ("/stop", Value::Null);
            [("/temperature", json!(0.25)), ("/max_output_tokens", json!(2077)), none, ("/reasoning/effort", low)]
        }
        ("o/x", _) => {
            let stop = if caller == 0 { json!(["END"]) } else { json!("END") };
            [("/temperature", json!(0.25)), ("/max_tokens", json!(2077)), ("/stop", stop), ("/reasoning_effort", low)]
        }
        ("g/gemini-2.5-pro", _) => [
            ("/generationConfig/temperature", json!(0.25)),
            ("/generationConfig/maxOutputTokens", json!(2077)),
            ("/generationConfig/stopSequences", json!(["END"])),
            ("/generationConfig/thinkingConfig/thinkingBudget", json!(1024)),
        ],
        // thought leaves Claude no temperature of its own
        _ => [
            ("/temperature", Value::Null),
            ("/max_tokens", json!(2077)),
            ("/stop_sequences", json!(["END"])),
            ("/thinking/budget_tokens", json!(1024)),
        ],
    }
}

#[test]
fn they_reach_every_provider_in_its_words_from_every_caller() {
    let scene = Scene::configured(SET, "");
    for caller in 0..4 {
        for model in ["o/x", "a/claude-sonnet-4-5", "g/gemini-2.5-pro"] {
            let sent = sent(&scene, caller, model, &json!({}));
            for (place, want) in places(model, caller) {
                assert_eq!(sent.pointer(place).unwrap_or(&Value::Null), &want, "{caller} {model} {place}: {sent}");
            }
            assert_eq!(sent["extra"], 1, "{caller} {model}: {sent}");
            if model.starts_with('g') {
                assert_eq!(sent["generationConfig"]["seed"], 7, "{caller}: {sent}");
            }
        }
    }
}

#[test]
fn what_the_caller_says_wins_and_stays_beside_them() {
    let scene = Scene::configured(SET, "");
    let config = json!({"generation_config": {"max_output_tokens": 9, "topK": 3}});
    let said = sent(&scene, 3, "g/gemini-2.5-pro", &config)["generation_config"].clone();
    assert_eq!((&said["max_output_tokens"], &said["topK"], &said["temperature"]), (&json!(9), &json!(3), &json!(0.25)));
    assert!(said["maxOutputTokens"].is_null(), "{said}");
    // nor does the object itself stand there twice
    for config in ["generation_config", "generationConfig"] {
        let said = sent(&scene, 3, "g/gemini-2.5-pro", &json!({config: {"seed": 3, "top_k": 4}}));
        let names: Vec<&String> = said.as_object().unwrap().keys().filter(|name| name.contains("eneration")).collect();
        assert_eq!(names, [config], "{said}");
        assert_eq!((&said[config]["seed"], &said[config]["top_k"]), (&json!(7), &json!(4)), "{said}");
    }
    let said = sent(&scene, 2, "o/x", &json!({"reasoning": {"effort": "high", "summary": "auto"}}));
    assert_eq!(said["reasoning"], json!({"effort": "high", "summary": "auto"}));
    let said = sent(&scene, 1, "a/claude-sonnet-4-5", &json!({"max_tokens": 5000, "thinking": {"type": "disabled"}}));
    assert_eq!((&said["max_tokens"], &said["thinking"]), (&json!(5000), &json!({"type": "disabled"})));
    let said = sent(&scene, 0, "o/x", &json!({"max_completion_tokens": 9}));
    assert_eq!((&said["max_completion_tokens"], &said["max_tokens"]), (&json!(9), &Value::Null));
}

#[test]
fn what_the_entry_drops_is_dropped_under_every_callers_name() {
    let scene = Scene::configured(SET, "");
    let sent = sent(&scene, 3, "o/x", &json!({"generationConfig": {"topP": 0.5}}));
    assert!(sent["top_p"].is_null(), "{sent}");
}

#[test]
fn a_body_that_is_only_counted_gets_none() {
    let scene = Scene::configured(SET, "");
    let body = json!({"model": "a/claude-sonnet-4-5", "messages": [{"role": "user", "content": "hi"}]});
    let answer = scene.client().post("/v1/messages/count_tokens", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(scene.sent()["temperature"].is_null() && scene.sent()["stop"].is_null(), "{}", scene.sent());
}

/// A limit, a temperature and a forced call of the caller's leave Claude no room for thought that the entry asks for.
#[test]
fn what_the_entry_sets_yields_to_what_the_caller_says() {
    let scene = Scene::configured(", reasoning_effort: high, max_tokens: 4096", "");
    let tools = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    for (more, thinks, noted) in [
        (json!({"max_tokens": 8000}), true, "renamed=reasoning_effort"),
        (json!({"max_tokens": 1024}), false, "dropped=reasoning_effort"),
        (json!({"max_tokens": 8000, "temperature": 0.5}), false, "dropped=reasoning_effort"),
        (json!({"max_tokens": 8000, "top_k": 5}), false, "dropped=reasoning_effort"),
        (
            json!({"max_tokens": 8000, "tools": tools, "tool_choice": {"type": "any"}}),
            false,
            "dropped=reasoning_effort",
        ),
        (json!({"max_tokens": 8000, "thinking": {"type": "disabled"}}), false, ""),
    ] {
        let mut body = json!({"model": "a/claude-haiku-4-5", "messages": [{"role": "user", "content": "hi"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = scene.client().post("/v1/messages", &body);
        assert_eq!(answer.status, 200, "{more}: {}", answer.text());
        let sent = scene.sent();
        let budget = sent["thinking"]["budget_tokens"].as_u64();
        assert_eq!(budget.is_some(), thinks, "{more}: {sent}");
        assert!(budget.is_none_or(|tokens| tokens < sent["max_tokens"].as_u64().unwrap()), "{more}: {sent}");
        for (name, value) in more.as_object().unwrap() {
            assert_eq!(&sent[name], value, "{more}: {sent}");
        }
        assert_eq!(answer.header("x-millrace-params").unwrap_or_default(), noted, "{more}");
    }
}

#[test]
fn a_limit_reaches_a_provider_that_insists_on_one_whatever_it_is() {
    for limit in [4096, 64_000, 77] {
        let scene = Scene::configured(&format!(", max_tokens: {limit}"), "");
        let sent = sent(&scene, 1, "a/claude-haiku-4-5", &json!({}));
        assert_eq!(sent["max_tokens"], limit, "{sent}");
    }
}
