//! `/{provider}/{path}`: what passes, and all that must not.

mod refusals;

use millrace_lab::mock::{Behaviour, MockConfig, MockServer, Recorded};
use serde_json::{Value, json};

use crate::harness::{Answer, Gateway, PROVIDER_KEY, Reply, Scripted, Stream, eventually, records};

/// A mock that is OpenAI's and Anthropic's, each with a deployment.
struct Scene {
    mock: MockServer,
    gateway: Gateway,
}

impl Scene {
    fn new() -> Self {
        Self::with("")
    }

    /// With more lines of configuration behind the list of models.
    fn with(more: &str) -> Self {
        Self::of(&[("openai", "own", "{base}", ""), ("anthropic", "claude", "{root}", "")], more)
    }

    /// Deployments by provider, model, address (`{base}` ends with `/v1`, `{root}` does not) and more parameters.
    fn of(deployments: &[(&str, &str, &str, &str)], more: &str) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let mut yaml = "model_list:\n".to_owned();
        for (provider, model, address, params) in deployments {
            let address = address.replace("{base}", &mock.base_url()).replace("{root}", &mock.root_url());
            let key = if params.contains("api_key") { String::new() } else { format!(", api_key: {PROVIDER_KEY}") };
            yaml += &format!(
                "  - model_name: \"{model}\"\n    litellm_params: {{model: \"{provider}/{model}\", api_base: \"{address}\"{key}{params}}}\n"
            );
        }
        if !more.contains("litellm_settings") {
            yaml += "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: records.jsonl}}\n";
        }
        Scene { gateway: Gateway::from_yaml(&format!("{yaml}{more}")), mock }
    }

    fn behave(&self, spec: &str) {
        self.mock.set_behaviour(spec.parse::<Behaviour>().unwrap_or_else(|e| panic!("{e}")));
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        self.gateway.client().post(path, body)
    }

    fn sent(&self) -> Recorded {
        self.mock.last_request().expect("a request")
    }

    #[track_caller]
    fn record(&self, answer: &Answer) -> Value {
        self.gateway.record(answer)
    }
}

fn chat() -> Value {
    json!({"model": "gpt-4o", "x_own": [1.10], "messages": [{"role": "user", "content": "hi"}]})
}

#[test]
fn a_request_and_its_answer_pass_as_they_are() {
    let scene = Scene::new();
    let odd = format!("{{ \"x\" : 1.10 ,{}", &chat().to_string()[1..]);
    for path in ["/openai/v1/chat/completions", "/openai/chat/completions"] {
        let answer = scene.gateway.client().request("POST", path, odd.as_bytes()).whole();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sent = scene.sent();
        assert_eq!((sent.path.as_str(), sent.text()), ("/v1/chat/completions", odd.clone()));
        assert_eq!(sent.header("authorization"), Some(format!("Bearer {PROVIDER_KEY}").as_str()));
        assert_eq!(answer.json()["model"], "gpt-4o");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let record = scene.record(&answer);
        assert_eq!(
            (&record["call_type"], &record["custom_llm_provider"], &record["route"], &record["upstream_model"]),
            (&json!("pass_through_endpoint"), &json!("openai"), &json!("/{provider}/{path}"), &json!("gpt-4o"))
        );
        assert_eq!(record["total_tokens"], answer.json()["usage"]["total_tokens"], "{record}");
        assert!(record["response_cost"].is_string() && record["estimated"] == false, "{record}");
    }
}

#[test]
fn streams_pass_as_they_come_and_their_usage_is_read() {
    let scene = Scene::new();
    scene.behave("chunks=5,prompt-tokens=7,completion-tokens=30");
    let mut body = chat();
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    let answer = scene.post("/openai/v1/chat/completions", &body);
    assert!(answer.complete && answer.text().ends_with("data: [DONE]\n\n"), "{}", answer.text());
    let record = scene.record(&answer);
    assert_eq!((&record["prompt_tokens"], &record["completion_tokens"]), (&json!(7), &json!(30)), "{record}");
    let body =
        json!({"model": "claude-x", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let answer = scene.post("/anthropic/v1/messages", &body);
    assert!(answer.complete && answer.text().contains("message_stop"), "{}", answer.text());
    let record = scene.record(&answer);
    assert_eq!((&record["prompt_tokens"], &record["completion_tokens"]), (&json!(7), &json!(30)), "{record}");
    assert_eq!(scene.sent().header("x-api-key"), Some(PROVIDER_KEY));
}

/// Anthropic's Python client writes it behind the messages, where a long body is not read.
#[test]
fn a_model_that_the_request_did_not_tell_is_the_one_that_answered() {
    let scene = Scene::new();
    for (path, model) in [("/openai/v1/chat/completions", "gpt-4o"), ("/anthropic/v1/messages", "claude-sonnet-4-5")] {
        for stream in [false, true] {
            let text = json!([{"role": "user", "content": "x ".repeat(1 << 20)}]);
            let body = json!({"max_tokens": 9, "messages": text, "model": model, "stream": stream});
            let answer = scene.post(path, &body);
            assert!(answer.status == 200 && answer.complete, "{}", answer.text());
            assert_eq!(answer.text().contains("data: "), stream);
            let record = scene.record(&answer);
            assert_eq!((&record["upstream_model"], &record["model"]), (&json!(model), &json!("")), "{record}");
            assert!(record["response_cost"].as_str().is_some_and(|cost| cost != "0"), "{record}");
        }
    }
}

/// A stored answer was paid for when it was made.
#[test]
fn what_is_fetched_costs_nothing() {
    let stored = json!({"id": "resp_1", "object": "response", "model": "gpt-4o", "output": [],
        "usage": {"input_tokens": 1000, "output_tokens": 1000, "total_tokens": 2000}});
    let provider = Scripted::start(move |_, _| Reply::json(200, &stored));
    let gateway = Gateway::from_yaml(&format!(
        "model_list:\n- {{model_name: m, litellm_params: {{model: openai/m, api_base: \"{}/v1\", api_key: {PROVIDER_KEY}}}}}\n\
         litellm_settings: {{callbacks: [jsonl]}}\ncallback_settings: {{jsonl: {{path: records.jsonl}}}}\n",
        provider.url()
    ));
    for (method, path) in [("GET", "/openai/v1/responses/resp_1"), ("POST", "/openai/v1/responses/resp_1/cancel")] {
        assert_eq!(gateway.client().request(method, path, b"").whole().status, 200);
    }
    let mut all = vec![];
    eventually("their records", || {
        all = records(&gateway.folder.path().join("records.jsonl"));
        all.len() == 2
    });
    for record in all {
        assert_eq!((&record["upstream_model"], &record["response_cost"]), (&json!(""), &Value::Null), "{record}");
    }
}

#[test]
fn every_method_and_the_query_go_through() {
    let scene = Scene::new();
    let models = scene.gateway.client().get("/openai/v1/models?limit=3&after=a%20b");
    assert_eq!((models.status, scene.sent().path.as_str()), (200, "/v1/models?limit=3&after=a%20b"));
    assert_eq!(models.json()["object"], "list");
    for method in ["DELETE", "PUT", "PATCH"] {
        let answer = scene.gateway.client().request(method, "/openai/v1/files/file-1", b"{}").whole();
        assert_eq!((answer.status, scene.sent().method.as_str()), (404, method), "the mock has no files");
    }
    let refused: Stream = scene.gateway.client().request("TRACE", "/openai/v1/models", b"");
    assert_eq!(refused.status, 405);
}

#[test]
fn faults_of_the_provider_are_told_and_put_nobody_to_rest() {
    let scene = Scene::with("router_settings: {allowed_fails: 0, cooldown_time: 60}\n");
    for (spec, status) in [("404", 404), ("429", 429), ("500", 500), ("400", 400)] {
        scene.behave(spec);
        let answer = scene.post("/openai/v1/chat/completions", &chat());
        answer.error(status);
        assert_eq!(answer.header("x-litellm-attempted-retries"), Some("0"), "what it does is not done twice");
    }
    scene.behave("401");
    let answer = scene.post("/openai/v1/chat/completions", &chat());
    assert!(!answer.text().contains("sk-canary"), "{}", answer.text());
    scene.behave("307");
    assert_eq!(scene.post("/openai/v1/chat/completions", &chat()).status, 502, "redirects are not followed");
    scene.behave("");
    assert_eq!(scene.post("/v1/chat/completions", &json!({"model": "own", "messages": []})).status, 200);
    let anthropic = scene.gateway.client().anonymous().post("/anthropic/v1/messages", &json!({}));
    assert_eq!((anthropic.status, &anthropic.json()["type"]), (401, &json!("error")), "in its own shape");
}

#[test]
fn what_breaks_off_is_broken_off() {
    let scene = Scene::new();
    scene.behave("cut:2,chunks=9");
    let mut body = chat();
    body["stream"] = json!(true);
    let answer = scene.post("/openai/v1/chat/completions", &body);
    assert!(answer.status == 200 && !answer.complete, "{}", answer.text());
    assert_eq!(scene.record(&answer)["outcome"], "truncated");
}
