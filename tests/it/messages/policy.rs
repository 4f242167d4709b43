//! What is not carried is told or refused, and what looks at answers sees them in every protocol.

use serde_json::json;

use crate::harness::{Gateway, PROVIDER_KEY, Reply, Scripted};

use super::{
    Caller, Scene,
    joined::{events_of, message_of},
};

#[test]
fn a_parameter_that_would_shape_the_answer_is_refused_unless_it_may_be_dropped() {
    let body = json!({"model": "a/mock:chunks=1", "seed": 7, "logit_bias": {"1": 2}, "user": "anna", "max_tokens": 5,
        "messages": [{"role": "user", "content": "hi"}]});
    let strict = Scene::new();
    let error = strict.send(Caller::OpenAi, body.clone()).error(400);
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("`seed`") && message.contains("`logit_bias`") && message.contains("drop_params"),
        "{message}"
    );
    let lenient = Scene::configured(", drop_params: true", "");
    let answer = lenient.send(Caller::OpenAi, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.header("x-millrace-params").expect("notes");
    assert!(told.contains("seed") && told.contains("logit_bias"), "{told}");
    let sent = lenient.sent();
    assert!(sent["seed"].is_null() && sent["max_tokens"] == 5, "{sent}");
}

#[test]
fn what_the_protocol_insists_on_is_defaulted_and_said() {
    let scene = Scene::new();
    let answer = scene.ask(Caller::OpenAi, "a/mock:chunks=1", false);
    let told = answer.header("x-millrace-params").expect("notes");
    assert!(told.contains("defaulted=max_tokens"), "{told}");
    assert!(scene.sent()["max_tokens"].is_u64());
}

#[test]
fn a_body_that_cannot_be_carried_is_refused_with_its_place() {
    let scene = Scene::new();
    let body = json!({"model": "a/mock:chunks=1", "messages": [{"role": "user", "content": [{"type": "hologram"}]}]});
    let error = scene.send(Caller::OpenAi, body).error(400);
    assert!(error["message"].as_str().unwrap().contains("/messages/0/content/0"), "{error}");
    // what is said of a place names it first
    let body = json!({"model": "o/mock:chunks=1", "max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}]});
    let error = scene.send(Caller::Anthropic, body);
    let told = error.json()["error"]["message"].clone();
    assert_eq!((error.status, told), (400, "`/messages/0/content/0/text` is a number; it must be a string.".into()));
}

#[test]
fn denied_words_are_masked_in_every_pair_asked_and_answered() {
    let more = "litellm_settings: {callbacks: [words]}\ncallback_settings: {words: {callback: deny_words, words: [data], action: mask}}\n";
    let scene = Scene::with(more);
    for caller in [Caller::OpenAi, Caller::Anthropic] {
        for provider in ["o", "a"] {
            for stream in [false, true] {
                // the denied word twice, cut within
                let model = format!("{provider}/mock:text=the data and data and dat,chunk-bytes=3");
                let said = scene.said(caller, &model, stream);
                assert!(said.text.contains("[redacted]"), "{caller:?} {model} {stream}: {}", said.text);
                assert!(!said.text.contains("data"), "{caller:?} {model} {stream}: {}", said.text);
            }
        }
    }
    let body = json!({"model": "a/mock:chunks=1", "system": "the data", "max_tokens": 9,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "of data"}]}]});
    assert_eq!(scene.send(Caller::Anthropic, body).status, 200);
    let sent = scene.sent().to_string();
    assert!(sent.contains("the [redacted]") && sent.contains("of [redacted]"), "{sent}");
}

#[test]
fn what_is_held_back_comes_before_its_block_stops() {
    let more = "litellm_settings: {callbacks: [words]}\ncallback_settings: {words: {callback: deny_words, words: [a-long-word-that-never-comes]}}\n";
    let (plain, held) = (Scene::new(), Scene::with(more));
    for model in ["a/mock:chunks=5,thinking=2", "o/mock:chunks=5"] {
        let message = |scene: &Scene| message_of(&events_of(&scene.ask(Caller::Anthropic, model, true).body));
        assert_eq!(message(&plain)["content"], message(&held)["content"], "{model}");
    }
}

#[test]
fn records_say_what_was_changed_and_name_the_route() {
    let scene = Scene::with(
        "litellm_settings: {success_callback: [jsonl]}\ncallback_settings: {jsonl: {path: exchanges.jsonl}}\n",
    );
    scene.said(Caller::Anthropic, "o/mock:chunks=3", true);
    scene.said(Caller::OpenAi, "a/mock:chunks=3", false);
    let folder = scene.gateway.stop();
    let lines = std::fs::read_to_string(folder.path().join("exchanges.jsonl")).expect("records");
    let records: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records[0]["route"], "/v1/messages");
    assert_eq!(records[0]["call_type"], "anthropic_messages");
    assert!(records.iter().all(|r| r["outcome"] == "ok" && r["total_tokens"].as_u64() > Some(0)), "{records:?}");
    assert!(records[1]["params"].as_array().is_some_and(|params| params.iter().any(|p| p["param"] == "max_tokens")));
}

#[test]
fn several_answers_are_asked_of_who_gives_them_and_refused_before_all_others() {
    let scene = Scene::new();
    let body = |model: &str| json!({"model": model, "n": 2, "messages": [{"role": "user", "content": "hi"}]});
    let error = scene.send(Caller::OpenAi, body("a/mock")).error(400);
    assert!(error["message"].as_str().is_some_and(|message| message.contains("`n`")), "{error}");
    assert_eq!(error["param"], "n");
    let answer = scene.client().post("/v1/chat/completions", &body("g/mock"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(scene.sent()["generationConfig"]["candidateCount"], 2);
    let config = json!({"contents": [{"parts": [{"text": "hi"}]}], "generationConfig": {"candidateCount": 2}});
    let answer = scene.client().post("/v1beta/models/o/mock:generateContent", &config);
    assert_eq!(answer.json()["candidates"].as_array().map(Vec::len), Some(2), "{}", answer.text());
    assert_eq!(scene.sent()["n"], 2);
    let refused = scene.client().post("/v1beta/models/a/mock:generateContent", &config);
    assert!(
        refused.status == 400 && refused.text().contains("`generationConfig.candidateCount`"),
        "{}",
        refused.text()
    );
    // one is what every answer is
    let one = json!({"model": "a/mock", "n": 1, "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(scene.send(Caller::OpenAi, one).status, 200);
}

#[test]
fn a_reason_that_nobody_knows_is_a_normal_end_and_noted() {
    let answer = json!({"id": "a", "object": "chat.completion", "choices": [{"index": 0, "finish_reason": "tomorrow",
        "message": {"role": "assistant", "content": "x"}}]});
    let server = Scripted::start(move |_, _| Reply::json(200, &answer));
    let yaml = format!(
        "model_list:\n  - model_name: m\n    litellm_params: {{model: openai/m, api_base: \"{}\", api_key: {PROVIDER_KEY}}}\n",
        server.url()
    );
    let gateway = Gateway::from_yaml(&yaml);
    let body = json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    let told = gateway.client().post("/v1/messages", &body);
    assert_eq!(told.json()["stop_reason"], "end_turn");
    let notes = told.header("x-millrace-params").unwrap_or_default();
    assert!(notes.contains("answer.finish_reason"), "{notes}");
}

/// What is not carried has the name that its caller gave it.
#[test]
fn notes_name_what_the_caller_sent() {
    let scene = Scene::configured(", drop_params: true", "");
    let format = json!({"type": "json_schema", "schema": {"type": "object"}});
    let messages = json!({"model": "g/gemini-1.5-flash", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
        "metadata": {"user_id": "u"}, "output_config": {"effort": "low", "format": format},
        "stop_sequences": ["a", "b", "c", "d", "e", "f"]});
    let contents = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}], "generationConfig": {"seed": 7,
        "candidateCount": 2, "presencePenalty": 0.5, "thinkingConfig": {"thinkingLevel": "low"}, "stopSequences": [" "]}});
    for (path, body, names) in [
        ("/v1/messages", &messages, &["output_config.effort", "metadata.user_id", "stop_sequences"][..]),
        (
            "/v1beta/models/a/claude-3-haiku-20240307:generateContent",
            &contents,
            &["seed", "candidateCount", "presencePenalty", "stopSequences", "thinkingConfig"][..],
        ),
    ] {
        let answer = scene.client().post(path, body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = answer.header("x-millrace-params").expect("notes").to_owned();
        let noted: Vec<&str> = told.split("; ").flat_map(|part| part.split_once('=').unwrap().1.split(',')).collect();
        for name in names {
            let name = if path.contains("beta") { format!("generationConfig.{name}") } else { (*name).to_owned() };
            assert!(noted.contains(&name.as_str()), "{name}: {told}");
        }
        for foreign in ["reasoning_effort", "response_format", "stop", "user", "seed", "n", "thinking"] {
            assert!(!noted.contains(&foreign), "{foreign}: {told}");
        }
    }
}
