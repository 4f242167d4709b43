//! The same answer for every caller, whole and streamed; what it cost.

use serde_json::json;

use super::{KEYS, Scene};
use crate::messages::joined::{events_of, message_of};
use crate::messages::{Caller, said};

/// For who asks to read thought: a model whose name does not say that it thinks cannot be asked to.
fn lenient() -> Scene {
    Scene::with(&format!("{KEYS}, drop_params: true"), "")
}

#[test]
fn an_answer_comes_to_the_same_for_every_caller_whole_and_streamed() {
    let scenes = [Scene::new(), lenient()];
    for (choices, finish) in [
        ("chunks=5", "stop"),
        ("chunks=4,alphabet=mixed", "stop"),
        ("chunks=3,alphabet=emoji,escape=ascii", "stop"),
        ("chunks=0,tool-calls=1", "tool_calls"),
        ("chunks=2,tool-calls=3,text-too", "tool_calls"),
        ("chunks=0,tool-calls=2,arguments=empty", "tool_calls"),
        ("chunks=0,tool-calls=2,arguments=none", "tool_calls"),
        ("chunks=3,thinking=4,redacted=1", "stop"),
        ("chunks=3,extra", "stop"),
        ("chunks=3,stop=length", "length"),
        ("chunks=3,stop=window", "length"),
        ("chunks=3,stop=sequence", "stop"),
        ("chunks=3,stop=filter", "content_filter"),
        ("chunks=3,slice=1,tool-calls=1,text-too", "tool_calls"),
        ("chunks=3,shape=json", "stop"),
        ("chunks=3,shape=sse", "stop"),
    ] {
        let scene = &scenes[usize::from(choices.contains("thinking="))];
        let model = format!("b/mock:{choices},prompt-tokens=100");
        let want = said(Caller::OpenAi, &scene.ask(Caller::OpenAi, &model, false), false);
        assert_eq!((want.model.as_str(), want.finish.as_str(), want.tokens.0), (model.as_str(), finish, 100));
        assert!(!want.text.is_empty() || !want.calls.is_empty(), "{model}: says nothing");
        assert!(want.tokens.1 > 0 || choices.contains("arguments="), "{model}");
        for caller in [Caller::OpenAi, Caller::Anthropic, Caller::Gemini] {
            for stream in [false, true] {
                assert_eq!(
                    said(caller, &scene.ask(caller, &model, stream), stream),
                    want,
                    "{caller:?} {stream} {model}"
                );
            }
        }
    }
}

#[test]
fn signed_and_redacted_thought_goes_back_as_it_came() {
    let scene = lenient();
    let answer = scene.ask(Caller::Anthropic, "b/mock:chunks=2,thinking=3,redacted=1,tool-calls=1,text-too", true);
    let message = message_of(&events_of(&answer.body));
    let call = message["content"].as_array().and_then(|blocks| blocks.last()).expect("blocks").clone();
    let result = json!({"type": "tool_result", "tool_use_id": call["id"], "content": [
        {"type": "text", "text": "seen"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aW1n"}},
    ]});
    let body = json!({"model": "b/mock:chunks=1", "max_tokens": 9, "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": message["content"]},
        {"role": "user", "content": [result]},
    ]});
    let answer = scene.post(Caller::Anthropic, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent();
    let content = &sent["messages"][1]["content"];
    let thought = &content[0]["reasoningContent"]["reasoningText"];
    assert_eq!(thought["text"], message["content"][0]["thinking"]);
    assert_eq!(thought["signature"], message["content"][0]["signature"]);
    assert!(thought["signature"].as_str().is_some_and(|signature| signature.contains("bedrock/signature")), "{sent}");
    assert_eq!(content[1]["reasoningContent"]["redactedContent"], message["content"][1]["data"]);
    assert_eq!(content[3]["toolUse"]["toolUseId"], call["id"]);
    assert_eq!(content[3]["toolUse"]["input"], call["input"]);
    let want = json!([{"toolResult": {"toolUseId": call["id"], "content": [
        {"text": "seen"}, {"image": {"format": "png", "source": {"bytes": "aW1n"}}}]}}]);
    assert_eq!(sent["messages"][2]["content"], want);
}

/// Records are kept in the gateway's folder.
const RECORDS: &str = "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: records.jsonl}}\n";

/// The cache's tokens stand beside `inputTokens`, and each kind has its price: to the picodollar.
#[test]
fn the_cost_is_exact_with_reads_and_writes_of_the_cache() {
    let prices = "input_cost_per_token: 3.000001e-06, output_cost_per_token: 1.5e-05, cache_read_input_token_cost: 3e-07, \
        cache_creation_input_token_cost: 3.75e-06, cache_creation_input_token_cost_above_1hr: 6e-06";
    let scene = Scene::with(&format!("{KEYS}, {prices}"), RECORDS);
    let model = "b/mock:prompt-tokens=1001,completion-tokens=77,cached-tokens=4000,cache-write-tokens=700,\
        cache-write-1h-tokens=200";
    // 1001 * 3.000001e-6 + 4000 * 3e-7 + 500 * 3.75e-6 + 200 * 6e-6 + 77 * 1.5e-5
    let cost = "0.008433001001";
    for caller in [Caller::OpenAi, Caller::Anthropic] {
        for stream in [false, true] {
            let answer = scene.ask(caller, model, stream);
            assert_eq!(answer.header("x-litellm-response-cost"), (!stream).then_some(cost), "{caller:?}");
            assert_eq!(said(caller, &answer, stream).tokens, (5701, 77), "{caller:?} {stream}");
            assert_eq!(scene.gateway.record(&answer)["response_cost"], cost, "{caller:?} {stream}");
        }
    }
}

#[test]
fn usage_that_is_not_told_is_estimated_and_what_cannot_be_is_clamped() {
    let scene = Scene::with(KEYS, RECORDS);
    for stream in [false, true] {
        let told = said(Caller::OpenAi, &scene.ask(Caller::OpenAi, "b/mock:chunks=4,usage=negative", stream), stream);
        assert_eq!(told.tokens, (0, 0), "{stream}");
        let answer = scene.ask(Caller::OpenAi, "b/mock:chunks=4,usage=absent", stream);
        assert_eq!(scene.gateway.record(&answer)["estimated"], true, "{stream}");
    }
}

#[test]
fn a_text_completion_is_a_chats_answer() {
    let scene = Scene::new();
    for stream in [false, true] {
        let body = json!({"model": "b/mock:text=river", "prompt": "hi", "stream": stream});
        let answer = scene.gateway.client().post("/v1/completions", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = match stream {
            true => answer.events().json().iter().filter_map(|chunk| chunk["choices"][0]["text"].as_str()).collect(),
            false => answer.json()["choices"][0]["text"].as_str().expect("a text").to_owned(),
        };
        let text: String = text;
        assert_eq!(text, "river", "{stream}");
    }
}

/// Callers of the other protocols reach it by the same writers and readers.
#[test]
fn callers_of_responses_are_answered_too() {
    let scene = Scene::new();
    for stream in [false, true] {
        let body = json!({"model": "b/mock:text=river,thinking=2", "input": "hi", "stream": stream});
        let answer = scene.gateway.client().post("/v1/responses", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.complete && answer.text().contains("river"), "{}", answer.text());
        assert!(!stream || answer.text().contains("response.completed"), "{}", answer.text());
        assert_eq!(scene.sent()["messages"], json!([{"role": "user", "content": [{"text": "hi"}]}]));
    }
}
