//! Embeddings on Bedrock: InvokeModel, in the form of whoever made the model.

use millrace_lab::mock::Recorded;
use serde_json::{Value, json};

use super::{KEYS, SECRET, Scene};
use crate::harness::Answer;

fn asked(scene: &Scene, body: &Value) -> (Answer, Recorded) {
    let answer = scene.gateway.client().post("/v1/embeddings", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    (answer, scene.mock.last_request().expect("a request"))
}

#[test]
fn a_titan_embeds_one_text_and_its_call_is_signed() {
    let scene = Scene::with(&format!("{KEYS}, input_cost_per_token: 0.001"), "");
    scene.behaves(&format!("prompt-tokens=7,aws-secret={SECRET}"));
    let body = json!({"model": "b/amazon.titan-embed-text-v2:0", "input": "a", "dimensions": 256, "normalize": false});
    let (answer, sent) = asked(&scene, &body);
    assert_eq!(sent.path, "/model/amazon.titan-embed-text-v2%3A0/invoke");
    assert_eq!(sent.json(), json!({"inputText": "a", "dimensions": 256, "normalize": false}));
    assert_eq!(answer.header("x-litellm-response-cost"), Some("0.007"));
    let list = answer.json();
    assert_eq!((&list["model"], &list["usage"]["total_tokens"]), (&body["model"], &json!(7)));
    assert_eq!(list["data"][0]["embedding"].as_array().map(Vec::len), Some(256));
    let (_, image) =
        asked(&scene, &json!({"model": "b/amazon.titan-embed-image-v1", "input": ["a"], "dimensions": 384}));
    assert_eq!(image.json(), json!({"inputText": "a", "embeddingConfig": {"outputEmbeddingLength": 384}}));
}

#[test]
fn cohere_embeds_many_and_its_tokens_stand_in_a_header() {
    let scene = Scene::with(&format!("{KEYS}, input_cost_per_token: 0.001"), "");
    scene.behaves("dimensions=2,header=x-amzn-bedrock-input-token-count:11");
    let body = json!({"model": "b/eu.cohere.embed-v4:0", "input": ["a", "b"], "input_type": "search_query",
        "truncate": "NONE", "dimensions": 512, "encoding_format": "base64"});
    let (answer, sent) = asked(&scene, &body);
    assert_eq!(sent.path, "/model/eu.cohere.embed-v4%3A0/invoke");
    let want = json!({"texts": ["a", "b"], "embedding_types": ["float"], "output_dimension": 512,
        "input_type": "search_query", "truncate": "NONE"});
    assert_eq!(sent.json(), want);
    assert_eq!(answer.header("x-litellm-response-cost"), Some("0.011"));
    let list = answer.json();
    assert_eq!(list["usage"], json!({"prompt_tokens": 11, "total_tokens": 11}));
    assert_eq!(list["data"][1]["embedding"].as_str().map(str::len), Some(2732), "512 numbers: {list}");
    let (answer, sent) = asked(&scene, &json!({"model": "b/cohere.embed-english-v3", "input": "a"}));
    assert_eq!(sent.json()["input_type"], "search_document");
    assert_eq!(answer.header("x-millrace-params"), Some("defaulted=input_type"));
}

#[test]
fn what_cannot_be_embedded_is_refused_with_its_place() {
    let scene = Scene::new();
    for (model, input, param) in [
        ("b/amazon.titan-embed-text-v2:0", json!(["a", "b"]), "input.1"),
        ("b/amazon.titan-embed-text-v2:0", json!([[1, 2]]), "input.0"),
        ("b/amazon.titan-embed-text-v2:0", json!([]), "input"),
        ("b/cohere.embed-english-v3", json!(["a", 1]), "input.1"),
        ("b/amazon.nova-pro-v1:0", json!("a"), "model"),
    ] {
        let refused = scene.gateway.client().post("/v1/embeddings", &json!({"model": model, "input": input}));
        assert_eq!(refused.error(400)["param"], param, "{model} {input}");
    }
    let fixed = json!({"model": "b/amazon.titan-embed-text-v1", "input": "a", "dimensions": 9});
    assert_eq!(scene.gateway.client().post("/v1/embeddings", &fixed).error(400)["param"], "dimensions");
    assert_eq!(scene.mock.stats().requests, 0);
}
