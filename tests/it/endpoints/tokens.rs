//! Tokens counted here, where the provider counts none or tells what cannot be: an estimate, and marked as one.

use super::Scene;
use serde_json::{Value, json};

/// Of this text OpenAI's newer encoding makes ten tokens, one for each word.
const TEXT: &str = "the cat sat on the mat and then it slept";
const WORDS: u64 = 10;

/// Tokens around one message and before the answer (OpenAI's cookbook).
const AROUND: u64 = 6;

fn counted(scene: &Scene, body: &Value) -> Option<u64> {
    let answer = scene.post("/v1/messages/count_tokens", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-millrace-estimated"), Some("tokens"));
    answer.json()["input_tokens"].as_u64()
}

#[test]
fn a_provider_that_does_not_count_is_counted_for() {
    let scene = Scene::new();
    scene.gateway.warm("m");
    assert_eq!(scene.mock.stats().requests, 0, "nobody is asked");
    let more = json!({"model": "m", "system": TEXT, "messages": [{"role": "user", "content": TEXT}]});
    assert!(counted(&scene, &more) > Some(2 * WORDS));
    let own = json!({"model": "a/mock:prompt-tokens=77", "messages": [{"role": "user", "content": TEXT}]});
    let answer = scene.post("/v1/messages/count_tokens", &own);
    assert_eq!((&answer.json()["input_tokens"], answer.header("x-millrace-estimated")), (&json!(77), None));
}

#[test]
fn usage_that_is_absent_or_cannot_be_is_counted_billed_and_marked() {
    let scene = Scene::with(", input_cost_per_token: 1e-06, output_cost_per_token: 1e-06", "");
    scene.gateway.warm("m");
    let marked = || scene.gateway.metric("millrace_estimated_exchanges_total{group=\"*\"}");
    assert_eq!(marked(), 0.0, "whoever asks for a count uses no tokens");
    for usage in ["absent", "negative", "absurd"] {
        scene.behave(&format!("usage={usage},text={TEXT},chunk-bytes=64"));
        let body = json!({"model": "m", "messages": [{"role": "user", "content": TEXT}]});
        let answer = scene.post("/v1/chat/completions", &body);
        assert_eq!(answer.header("x-millrace-estimated"), Some("tokens"), "{usage}");
        let record = scene.record(&answer);
        assert_eq!(
            (&record["estimated"], &record["prompt_tokens"]),
            (&json!(true), &json!(WORDS + AROUND)),
            "{record}"
        );
        assert_eq!(record["completion_tokens"], WORDS, "{usage}: {record}");
        assert_eq!(record["response_cost"], "0.000026", "{usage}: {record}");
        assert_eq!(answer.header("x-litellm-response-cost"), Some("0.000026"));
        let mut stream = body.clone();
        stream["stream"] = json!(true);
        let record = scene.record(&scene.post("/v1/chat/completions", &stream));
        assert_eq!(
            (&record["estimated"], &record["prompt_tokens"]),
            (&json!(true), &json!(WORDS + AROUND)),
            "{record}"
        );
        // the first events are encoded, however they are cut
        assert_eq!(record["completion_tokens"], WORDS, "{usage}: {record}");
        assert_eq!(record["response_cost"], "0.000026", "{usage}: {record}");
    }
    assert_eq!(marked(), 6.0, "each of three, whole and as a stream");
    scene.behave("prompt-tokens=3,completion-tokens=4");
    let told = scene.post("/v1/chat/completions", &json!({"model": "m", "messages": []}));
    assert_eq!((told.header("x-millrace-estimated"), &scene.record(&told)["estimated"]), (None, &json!(false)));
}

/// A client that leaves has no usage told to it, nor have we: what it got is reckoned from its beginning, in each protocol.
#[test]
fn a_stream_without_usage_is_reckoned_by_what_it_wrote() {
    let scene = Scene::new();
    scene.gateway.warm("m");
    // ten words an event, and no count but of events would come near
    let long = format!(" {TEXT}").repeat(60);
    for pieces in [5, 45, 450] {
        for (model, path, usage) in [
            ("m", "/v1/chat/completions", "usage=absent"),
            ("m", "/v1/messages", "usage=absent"),
            ("a/m", "/v1/messages", "usage=absent"),
            ("a/m", "/v1/chat/completions", "usage=absent"),
        ] {
            scene.behave(&format!("{usage},text={long},chunk-bytes={pieces}"));
            let body = json!({"model": model, "max_tokens": 9, "stream": true,
                "messages": [{"role": "user", "content": TEXT}]});
            let record = scene.record(&scene.post(path, &body));
            assert_eq!((&record["outcome"], &record["estimated"]), (&json!("ok"), &json!(true)), "{record}");
            let (counted, truth) = (record["completion_tokens"].as_u64().expect("a count"), 60 * WORDS);
            let near = truth - truth / 4..=truth + truth / 4;
            assert!(near.contains(&counted), "{model} {path} in pieces of {pieces}: {counted} for {truth}: {record}");
        }
    }
}

#[test]
fn a_long_text_is_counted_without_holding_up_others() {
    let scene = Scene::new();
    scene.gateway.warm("m");
    let long = json!({"model": "m", "messages": [{"role": "user", "content": "ab ".repeat(1 << 20)}]});
    std::thread::scope(|scope| {
        let counting = scope.spawn(|| counted(&scene, &long));
        for _ in 0..20 {
            let answer = scene.post("/v1/chat/completions", &json!({"model": "m", "messages": []}));
            assert_eq!(answer.status, 200);
        }
        assert!(counting.join().expect("a count") > Some(100_000));
    });
}
