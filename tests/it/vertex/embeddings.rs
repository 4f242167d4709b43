//! Embeddings on Vertex AI: `predict` for most models, `embedContent` for Gemini's second generation.

use serde_json::{Value, json};

use super::Scene;

const PLACE: &str = ", vertex_project: p, vertex_location: europe-west1, input_cost_per_token: 0.001";
const BELOW: &str = "/v1/projects/p/locations/europe-west1/publishers/google/models";

fn behaving(family: &str, behaviour: &str) -> Scene {
    let scene = Scene::of(family, "", PLACE);
    scene.mock.set_behaviour(behaviour.parse().unwrap_or_else(|error| panic!("{error}")));
    scene
}

#[test]
fn texts_are_instances_of_one_prediction() {
    let scene = behaving("text-embedding", "dimensions=3,prompt-tokens=5");
    let model = "text-embedding-005";
    let body = json!({"model": model, "input": ["a", "b"], "dimensions": 3, "task_type": "RETRIEVAL_QUERY",
        "auto_truncate": false});
    let answer = scene.gateway.client().post("/v1/embeddings", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.path, format!("{BELOW}/{model}:predict"));
    let want = json!({
        "instances": [{"content": "a", "task_type": "RETRIEVAL_QUERY"}, {"content": "b", "task_type": "RETRIEVAL_QUERY"}],
        "parameters": {"outputDimensionality": 3, "autoTruncate": false},
    });
    assert_eq!(sent.json(), want);
    assert_eq!(answer.header("x-litellm-response-cost"), Some("0.01"), "each text is metered by itself");
    let list = answer.json();
    assert_eq!(list["usage"], json!({"prompt_tokens": 10, "total_tokens": 10}));
    assert_eq!((&list["model"], &list["data"][1]["index"]), (&json!(model), &json!(1)));
    assert_eq!(list["data"][1]["embedding"].as_array().map(Vec::len), Some(3));
    let plain = scene.sent("/v1/embeddings", &json!({"model": model, "input": "a"}));
    assert_eq!(plain.json(), json!({"instances": [{"content": "a"}]}));
}

#[test]
fn a_model_that_embeds_one_content_is_given_one() {
    let scene = behaving("gemini", "dimensions=2,prompt-tokens=5");
    let model = "gemini-embedding-2";
    let body = json!({"model": model, "input": ["a"], "dimensions": 2, "encoding_format": "base64"});
    let answer = scene.gateway.client().post("/v1/embeddings", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.path, format!("{BELOW}/{model}:embedContent"));
    assert_eq!(sent.json(), json!({"content": {"parts": [{"text": "a"}]}, "outputDimensionality": 2}));
    let list = answer.json();
    assert_eq!(list["usage"]["prompt_tokens"], 5, "{list}");
    // two numbers of four bytes
    assert_eq!(list["data"][0]["embedding"].as_str().map(str::len), Some(12), "{list}");
    let first = scene.sent("/v1/embeddings", &json!({"model": "gemini-embedding-001", "input": "a"}));
    assert_eq!(first.path, format!("{BELOW}/gemini-embedding-001:predict"));
}

#[test]
fn what_cannot_be_carried_is_refused_with_its_place() {
    let scene = Scene::of("gemini", "", PLACE);
    let refused = |more: Value| {
        let mut body = json!({"model": "gemini-embedding-2", "input": "a"});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        scene.gateway.client().post("/v1/embeddings", &body).error(400)
    };
    for (more, param, says) in [
        (json!({"input": ["a", "b"]}), "input.1", "one text in a call"),
        (json!({"input": []}), "input", "empty"),
        (json!({"input": [7]}), "input.0", "no tokens"),
        (json!({"odd": 1}), "odd", "does not support"),
    ] {
        let error = refused(more.clone());
        assert_eq!(error["param"], param, "{more}: {error}");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(says)), "{error}");
    }
    // the first generation is asked by `predict`, and takes one instance all the same
    assert_eq!(refused(json!({"model": "gemini-embedding-001", "input": ["a", "b"]}))["param"], "input.1");
    assert_eq!(scene.mock.stats().requests, 0);
}
