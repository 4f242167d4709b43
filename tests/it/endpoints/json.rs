//! Reranking, moderations and pictures: bodies and answers as they are, but for the model's name.

use super::{Scene, bodies};
use serde_json::{Value, json};

#[test]
fn a_body_and_its_answer_pass_byte_for_byte_but_for_the_model() {
    let scene = Scene::new();
    for (path, body) in bodies() {
        for prefix in ["/v1", ""] {
            // an own member, odd spaces, a number that no reader of floats keeps: nothing of it may change
            let text = body.to_string();
            let odd = format!("{{ \"x_own\" : [1.10,1e400] ,{}", &text[1..]);
            let url = format!("{prefix}/{path}");
            let answer = scene.gateway.client().request("POST", &url, odd.as_bytes()).whole();
            assert_eq!(answer.status, 200, "{url}: {answer:?}");
            let sent = scene.mock.last_request().expect("a request");
            assert_eq!(sent.path, format!("/v1/{path}"));
            assert_eq!(sent.text(), odd, "{url}");
            assert_eq!(sent.header("authorization"), Some("Bearer sk-canary-provider-credential-4711"));
            assert_eq!(answer.header("x-litellm-model-group"), Some("m"), "{url}");
        }
    }
    assert_eq!(scene.post("/v2/rerank", &bodies()[0].1).status, 200);
}

#[test]
fn an_answer_names_the_callers_model() {
    let scene = Scene::new();
    scene.behave("model=dated");
    let [(_, rerank), (_, moderation), ..] = bodies();
    for (path, body) in [("/v1/rerank", rerank), ("/v1/moderations", moderation)] {
        let answer = scene.post(path, &body);
        assert_eq!(answer.json()["model"], "m", "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let ranks: Value = scene.post("/rerank", &json!({"model": "m", "query": "q", "documents": ["a", "b", "c"]})).json();
    let order: Vec<_> = ranks["results"].as_array().expect("results").iter().map(|r| r["index"].clone()).collect();
    assert_eq!(order, [2, 1, 0], "{ranks}");
}

#[test]
fn the_model_may_be_left_out_where_the_api_has_one_of_its_own() {
    let scene = Scene::new();
    for (path, body, model) in [
        ("/v1/moderations", json!({"input": ["a", "b"]}), "omni-moderation-latest"),
        ("/v1/images/generations", json!({"prompt": "p"}), "dall-e-2"),
    ] {
        let answer = scene.post(path, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(scene.mock.last_request().expect("a request").json()["model"], model);
    }
    let error = scene.post("/v1/rerank", &json!({"query": "q", "documents": []})).error(400);
    assert_eq!(error["param"], "model");
    let in_path = scene.post("/openai/deployments/own/images/generations", &json!({"prompt": "p"}));
    assert_eq!(scene.record(&in_path)["model"], "own");
}

#[test]
fn what_must_be_there_is_asked_for_and_what_no_caller_may_send_is_refused() {
    let scene = Scene::new();
    for (path, body, param) in [
        ("/v1/rerank", json!({"model": "m", "query": "q"}), "documents"),
        ("/v1/rerank", json!({"model": "m", "query": "q", "documents": "d"}), "documents"),
        ("/v1/rerank", json!({"model": "m", "documents": []}), "query"),
        ("/v1/moderations", json!({"model": "m"}), "input"),
        ("/v1/images/generations", json!({"model": "m", "prompt": ["p"]}), "prompt"),
        ("/v1/audio/speech", json!({"model": "m", "voice": "v"}), "input"),
        ("/v1/audio/speech", json!({"model": "m", "input": "i", "api_base": "http://x"}), "api_base"),
        ("/v1/moderations", json!({"model": "m", "input": "i", "metadata": {"api_key": "k"}}), "metadata.api_key"),
    ] {
        assert_eq!(scene.post(path, &body).error(400)["param"], param, "{path} {body}");
    }
    // a document's own keys are its own
    let documents = json!({"model": "m", "query": "q", "documents": [{"api_base": "a word"}]});
    assert_eq!(scene.post("/v1/rerank", &documents).status, 200);
    assert_eq!(scene.gateway.client().anonymous().post("/v1/rerank", &documents).status, 401);
}

#[test]
fn a_provider_without_the_resource_says_so() {
    let scene = Scene::new();
    for (path, mut body) in bodies() {
        body["model"] = json!("a/claude");
        let error = scene.post(&format!("/v1/{path}"), &body).error(400);
        assert!(error["message"].as_str().expect("a text").contains("Anthropic, which has no"), "{error}");
    }
    assert_eq!(scene.mock.stats().requests, 0);
}

#[test]
fn faults_are_told_and_retried_as_everywhere() {
    let scene = Scene::with("", "router_settings: {num_retries: 1, disable_cooldowns: true}\n");
    for (path, body) in bodies() {
        let url = format!("/v1/{path}");
        scene.mock.push_script(["503", ""].map(|spec| spec.parse().expect("a behaviour")));
        let answer = scene.post(&url, &body);
        assert_eq!((answer.status, answer.header("x-litellm-attempted-retries")), (200, Some("1")), "{url}");
        scene.mock.push_script(["400"].map(|spec| spec.parse().expect("a behaviour")));
        scene.post(&url, &body).error(400);
        scene.mock.push_script(["401"].map(|spec| spec.parse().expect("a behaviour")));
        let refused = scene.post(&url, &body);
        assert!(!refused.text().contains("sk-canary"), "{url}: {}", refused.text());
    }
    for fault in ["html", "null", "error-body"] {
        scene.behave(fault);
        let [rerank, moderation, image, _] = bodies();
        for (path, body) in [rerank, moderation, image] {
            let answer = scene.post(&format!("/v1/{path}"), &body);
            assert!(answer.status >= 500, "{fault} {path}: {}", answer.text());
        }
    }
    // an object that is no answer; of rerankers' answers servers have several forms
    scene.behave("strange");
    let [_, moderation, image, _] = bodies();
    for (path, body) in [moderation, image] {
        scene.post(&format!("/v1/{path}"), &body).error(502);
    }
}

#[test]
fn a_record_has_the_calls_type_and_what_it_cost() {
    const PRICES: &str = ", input_cost_per_token: 1e-06, output_cost_per_token: 1e-06, input_cost_per_query: 0.002, \
                          output_cost_per_image: 0.04, input_cost_per_character: 1.5e-05";
    let scene = Scene::with(PRICES, "");
    scene.behave("usage=absent");
    let [(_, rerank), (_, moderation), (_, image), (_, speech)] = bodies();
    for (path, body, call_type, operation, cost) in [
        ("/v1/rerank", rerank, "arerank", "rerank", Some("0.002")),
        ("/v1/moderations", moderation, "amoderation", "moderation", None),
        ("/v1/images/generations", image, "aimage_generation", "image_generation", Some("0.08")),
        ("/v1/audio/speech", speech, "aspeech", "speech", Some("0.000075")),
    ] {
        let answer = scene.post(path, &body);
        let record = scene.record(&answer);
        assert_eq!((&record["call_type"], &record["operation"]), (&json!(call_type), &json!(operation)));
        match cost {
            Some(cost) => assert_eq!(record["response_cost"], cost, "{path}: {record}"),
            // tokens that nobody told are estimated, and billed as such
            None => assert!(record["estimated"] == true && record["response_cost"].is_string(), "{path}: {record}"),
        }
        assert_eq!(record["route"], path);
    }
    scene.behave("prompt-tokens=10,completion-tokens=1000");
    let image = scene.record(&scene.post("/v1/images/generations", &json!({"model": "m", "prompt": "p"})));
    assert_eq!(image["response_cost"], "0.00101", "tokens that were told are billed as tokens: {image}");
}

#[test]
fn a_price_that_cannot_be_reckoned_is_named_and_not_nought() {
    let scene = Scene::with(", input_cost_per_pixel: 2e-08", "");
    scene.behave("usage=absent");
    let answer = scene.post("/v1/images/generations", &json!({"model": "m", "prompt": "p"}));
    assert_eq!(answer.header("x-litellm-response-cost"), None);
    let record = scene.record(&answer);
    assert_eq!(record["unreckoned_prices"], json!(["input_cost_per_pixel"]), "{record}");
    assert!(record["response_cost"].is_null());
    assert!(record["total_tokens"].as_u64() > Some(0), "an unpriced exchange is counted as one");
}

#[test]
fn a_streamed_picture_passes_as_it_comes() {
    let scene = Scene::new();
    scene.behave("shape=sse");
    let answer = scene.post("/v1/images/generations", &json!({"model": "m", "prompt": "p", "stream": true}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.complete && !answer.text().contains("[DONE]"), "{}", answer.text());
}
