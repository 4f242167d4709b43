//! Each caller before each provider: the same answer comes to the same, whole and streamed.

use serde_json::{Value, json};

use super::{Caller, Scene, joined::events_of, said};

const CALLERS: [Caller; 3] = [Caller::OpenAi, Caller::Anthropic, Caller::Gemini];

/// The providers, each with the caller who speaks as it does.
const PROVIDERS: [(&str, Caller); 3] = [("o", Caller::OpenAi), ("a", Caller::Anthropic), ("g", Caller::Gemini)];

#[test]
fn the_same_answer_comes_to_the_same_for_every_caller_whole_and_streamed() {
    let scene = Scene::new();
    for choices in [
        "mock:chunks=5",
        "mock:chunks=4,alphabet=mixed",
        "mock:chunks=3,alphabet=emoji,escape=ascii",
        "mock:chunks=0,tool-calls=1",
        "mock:chunks=2,tool-calls=3",
        "mock:chunks=0,tool-calls=2,arguments=empty",
        "mock:chunks=0,tool-calls=2,arguments=none",
        "mock:chunks=3,thinking=4",
        "mock:chunks=3,stop=length",
        "mock:chunks=3,stop=sequence",
    ] {
        for (provider, own) in PROVIDERS {
            let model = format!("{provider}/{choices}");
            let want = scene.said(own, &model, false).but_tokens();
            assert_eq!(want.model, model);
            assert!(!want.text.is_empty() || !want.calls.is_empty(), "{model}: says nothing");
            for caller in CALLERS {
                for stream in [false, true] {
                    let got = scene.said(caller, &model, stream);
                    assert_eq!(got.but_tokens(), want, "{caller:?} {stream} {model}");
                }
            }
        }
    }
}

/// Halves of a surrogate pair in events of their own, as some providers cut: a caller of the other protocol gets the whole
/// character, since its half could not be said there.
#[test]
fn s8_halves_of_a_character_reach_the_other_protocol_as_one() {
    let scene = Scene::new();
    let pairs = [
        ("o", Caller::Anthropic, Caller::OpenAi),
        ("a", Caller::OpenAi, Caller::Anthropic),
        ("g", Caller::OpenAi, Caller::Gemini),
        ("o", Caller::Gemini, Caller::OpenAi),
    ];
    for (provider, caller, own) in pairs {
        let model = format!("{provider}/mock:chunks=3,alphabet=emoji,escape=lone");
        let whole = scene.said(own, &model, false).text;
        assert!(whole.chars().any(|c| c.len_utf8() == 4), "{whole}");
        assert_eq!(scene.said(caller, &model, true).text, whole, "{model}");
    }
}

#[test]
fn tokens_are_told_in_the_callers_convention_and_billed_alike() {
    let scene = Scene::new();
    // what came from a cache is part of OpenAI's prompt and stands beside Anthropic's
    for (provider, prompt) in [("o", 1000), ("a", 1400), ("g", 1000)] {
        let model = format!("{provider}/mock:chunks=5,prompt-tokens=1000,cached-tokens=400");
        for caller in CALLERS {
            for stream in [false, true] {
                let said = scene.said(caller, &model, stream);
                assert_eq!(said.tokens.0, prompt, "{caller:?} {stream} {model}");
                assert!(said.tokens.1 > 0, "{caller:?} {stream} {model}");
            }
        }
    }
}

#[test]
fn the_providers_own_protocol_passes_unread() {
    let scene = Scene::new();
    let body = json!({"model": "a/mock:chunks=3,pings", "max_tokens": 9, "stream": true, "nobody_knows": {"this": [1, 2.50]},
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]}]});
    let through = scene.send(Caller::Anthropic, body.clone());
    let mut want = body;
    want["model"] = json!("mock:chunks=3,pings");
    assert_eq!(scene.sent(), want);
    let events = events_of(&through.body);
    assert_eq!(events[0].1["message"]["model"], "a/mock:chunks=3,pings");
    assert!(events.iter().any(|(name, _)| name == "ping"), "an event of the provider was left out: {events:?}");
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
    assert_eq!(sent.header("x-api-key"), Some(crate::harness::PROVIDER_KEY));
    assert_eq!(sent.header("authorization"), None, "the caller's key went on");
}

#[test]
fn version_and_betas_go_to_who_speaks_the_protocol_and_other_headers_to_nobody() {
    let scene = Scene::new();
    let client = scene.client().header("anthropic-beta", "one-2025,two-2025").header("x-secret", "s");
    let client = client.header("anthropic-version", "2026-10-21");
    let body = |model: &str| json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
    for (model, beta) in [("a/mock:chunks=1", Some("one-2025,two-2025")), ("o/mock:chunks=1", None)] {
        assert_eq!(client.post("/v1/messages", &body(model)).status, 200);
        let sent = scene.mock.last_request().expect("a request");
        assert_eq!(sent.header("anthropic-beta"), beta, "{model}");
        assert_eq!(sent.header("anthropic-version"), beta.map(|_| "2026-10-21"), "{model}");
        assert_eq!(sent.header("x-secret"), None);
    }
}

#[test]
fn signed_thought_comes_back_to_its_provider_unchanged() {
    let scene = Scene::new();
    let model = "a/mock:chunks=2,thinking=3,redacted=1,tool-calls=1";
    for stream in [false, true] {
        let answer = scene.ask(Caller::OpenAi, model, stream);
        let message = match stream {
            false => answer.json()["choices"][0]["message"].clone(),
            true => {
                // as LiteLLM's clients do: the blocks of all deltas, one after the other
                let chunks = answer.events().json();
                let blocks: Vec<Value> = chunks
                    .iter()
                    .flat_map(|chunk| {
                        chunk["choices"][0]["delta"]["thinking_blocks"].as_array().cloned().unwrap_or_default()
                    })
                    .collect();
                let mut message = super::joined::chat_of(&chunks)["choices"][0]["message"].clone();
                message["thinking_blocks"] = json!(merged(&blocks));
                message
            }
        };
        let blocks = message["thinking_blocks"].as_array().unwrap_or_else(|| panic!("{message}")).clone();
        let signature = blocks.iter().find_map(|block| block["signature"].as_str()).expect("a signature").to_owned();
        let call = message["tool_calls"][0]["id"].as_str().expect("a call").to_owned();
        let mut spoken = message.clone();
        spoken["role"] = json!("assistant");
        let next = json!({"model": model, "messages": [
            {"role": "user", "content": "hi"}, spoken, {"role": "tool", "tool_call_id": call, "content": "done"}]});
        let again = scene.send(Caller::OpenAi, next);
        assert_eq!(again.status, 200, "{}", again.text());
        let sent = scene.sent()["messages"][1]["content"].as_array().expect("blocks").clone();
        let thought = sent.iter().find(|block| block["type"] == "thinking").unwrap_or_else(|| panic!("{sent:?}"));
        assert_eq!(thought["signature"], json!(signature), "stream={stream}");
        assert!(sent.iter().any(|block| block["type"] == "redacted_thinking"), "stream={stream}: {sent:?}");
        assert!(sent.iter().any(|block| block["type"] == "tool_use" && block["id"] == json!(call)));
    }
}

/// Pieces of one block of thought joined; a signature ends it.
fn merged(pieces: &[Value]) -> Vec<Value> {
    let mut blocks: Vec<Value> = Vec::new();
    for piece in pieces {
        let last = blocks.last_mut().filter(|last| last["type"] == "thinking" && last["signature"].is_null());
        match last {
            Some(last) if piece["type"] == "thinking" => {
                let more = piece["thinking"].as_str().unwrap_or_default();
                last["thinking"] = json!(format!("{}{more}", last["thinking"].as_str().unwrap_or_default()));
                if piece["signature"].is_string() {
                    last["signature"] = piece["signature"].clone();
                }
            }
            _ => blocks.push(piece.clone()),
        }
    }
    blocks
}

#[test]
fn a_conversation_with_tools_reaches_the_other_protocol_whole() {
    let scene = Scene::new();
    let asked = json!({"model": "o/mock:chunks=1", "max_tokens": 50, "system": "be brief",
        "tools": [{"name": "look", "description": "looks", "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}}}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": true}, "stop_sequences": ["END"], "temperature": 0.5,
        "messages": [{"role": "user", "content": "where?"},
            {"role": "assistant", "content": [{"type": "text", "text": "let me look"},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "home"}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "nobody"},
                {"type": "text", "text": "and now?"}]}]});
    let answer = scene.send(Caller::Anthropic, asked);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent();
    let roles: Vec<&str> = sent["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "user"]);
    assert_eq!(sent["messages"][2]["tool_calls"][0]["id"], "toolu_1");
    assert_eq!(sent["messages"][3]["tool_call_id"], "toolu_1");
    assert_eq!(sent["tools"][0]["function"]["name"], "look");
    assert_eq!((&sent["tool_choice"], &sent["parallel_tool_calls"]), (&json!("required"), &json!(false)));
    assert_eq!((&sent["stop"], &sent["temperature"]), (&json!("END"), &json!(0.5)));
}

#[test]
fn tokens_are_counted_by_the_provider_or_here() {
    let scene = Scene::new();
    let body = |model: &str| json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    let counted = scene.client().post("/v1/messages/count_tokens", &body("a/mock:chunks=1"));
    assert_eq!(counted.status, 200, "{}", counted.text());
    assert!(counted.json()["input_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{}", counted.text());
    assert_eq!(counted.header("x-millrace-estimated"), None);
    let here = scene.client().post("/v1/messages/count_tokens", &body("o/mock:chunks=1"));
    assert!(here.json()["input_tokens"].as_u64().is_some_and(|tokens| tokens > 0), "{}", here.text());
    assert_eq!(here.header("x-millrace-estimated"), Some("tokens"));
}

#[test]
fn several_answers_are_one_to_who_knows_only_one() {
    let scene = Scene::configured(", drop_params: true", "");
    let body = json!({"model": "a/mock:chunks=2", "n": 3, "messages": [{"role": "user", "content": "hi"}]});
    let answer = scene.send(Caller::OpenAi, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("x-millrace-params").is_some_and(|told| told.contains("dropped=n")), "{:?}", answer.headers);
    assert_eq!(said(Caller::OpenAi, &answer, false).finish, "stop");
}
