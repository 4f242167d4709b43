//! Which resource is asked, and what for.

use serde_json::json;

use super::{KEYS, Scene};
use crate::harness::Gateway;
use crate::messages::Caller;

#[test]
fn the_models_id_is_one_segment_of_the_path() {
    let scene = Scene::new();
    for (model, segment) in [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0"),
        (
            "arn:aws:bedrock:eu-central-1:1:inference-profile/eu.amazon.nova-pro-v1:0",
            "arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Feu.amazon.nova-pro-v1%3A0",
        ),
        ("converse/amazon.nova-lite-v1:0", "amazon.nova-lite-v1%3A0"),
        ("a?b=c#d%2F", "a%3Fb%3Dc%23d%252F"),
    ] {
        for stream in [false, true] {
            let answer = scene.ask(Caller::OpenAi, &format!("b/{model}"), stream);
            assert_eq!(answer.status, 200, "{}", answer.text());
            let resource = if stream { "converse-stream" } else { "converse" };
            let sent = scene.mock.last_request().expect("a request");
            assert_eq!(sent.path, format!("/model/{segment}/{resource}"));
        }
    }
    for refused in ["..", "../../etc", "invoke/anthropic.claude-v2", "us-east-1/amazon.nova-pro-v1:0", "a/../b"] {
        let before = scene.mock.requests().len();
        let error = scene.ask(Caller::OpenAi, &format!("b/{refused}"), false).error(400);
        assert_eq!(error["param"], "model", "{error}");
        assert_eq!(scene.mock.requests().len(), before, "{refused} went out");
    }
}

#[test]
fn a_request_goes_out_in_converses_words() {
    let scene = Scene::with(&format!("{KEYS}, drop_params: true"), "");
    let body = json!({
        "model": "b/anthropic.claude-3-haiku-20240307-v1:0",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
            {"role": "user", "content": "weather?"},
        ],
        "max_tokens": 300, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "stop": ["###"], "seed": 7,
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}],
        "tool_choice": "required",
    });
    let answer = scene.post(Caller::OpenAi, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let want = json!({
        "system": [{"text": "be brief"}, {"cachePoint": {"type": "default", "ttl": "1h"}}],
        "messages": [{"role": "user", "content": [{"text": "weather?"}]}],
        "inferenceConfig": {"maxTokens": 300, "temperature": 0.5, "topP": 0.9, "stopSequences": ["###"]},
        "additionalModelRequestFields": {"top_k": 40},
        "additionalModelResponseFieldPaths": ["/stop_sequence"],
        "toolConfig": {
            "tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object", "properties": {}}}}}],
            "toolChoice": {"any": {}},
        },
    });
    assert_eq!(scene.sent(), want);
    assert_eq!(answer.header("x-millrace-params"), Some("dropped=seed; renamed=stop"));
}

#[test]
fn an_operators_guardrail_is_in_every_request_and_no_callers_replaces_it() {
    let guardrail = "extra_body: {guardrailConfig: {guardrailIdentifier: g1, guardrailVersion: \"2\"}}";
    let scene = Scene::with(&format!("{KEYS}, {guardrail}"), "");
    for caller in [Caller::OpenAi, Caller::Anthropic] {
        let body = json!({"model": "b/m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
            "guardrailConfig": {"guardrailIdentifier": "mine"}});
        assert_eq!(scene.post(caller, &body).status, 200);
        assert_eq!(scene.sent()["guardrailConfig"], json!({"guardrailIdentifier": "g1", "guardrailVersion": "2"}));
    }
}

#[test]
fn a_structured_answer_comes_by_a_tool_where_the_model_has_no_other_way() {
    let scene = Scene::new();
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let ask = |model: &str, told: &str| {
        let format = json!({"type": "json_schema", "json_schema": {"name": "place", "schema": schema}});
        let body =
            json!({"model": model, "messages": [{"role": "user", "content": "where?"}], "response_format": format});
        let answer = scene.post(Caller::OpenAi, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-millrace-params"), Some(told));
        scene.sent()
    };
    let by_tool = ask("b/meta.llama3-3-70b-instruct-v1:0", "renamed=response_format");
    let spec = &by_tool["toolConfig"]["tools"][0]["toolSpec"];
    assert_eq!(spec["inputSchema"]["json"], schema);
    assert_eq!(by_tool["toolConfig"]["toolChoice"], json!({"tool": {"name": spec["name"]}}));
    // a format of its own takes no open objects
    let own = ask("b/anthropic.claude-sonnet-4-5-20250929-v1:0", "clamped=response_format; renamed=response_format");
    let mut closed = schema.clone();
    closed["additionalProperties"] = false.into();
    let definition = &own["outputConfig"]["textFormat"]["structure"]["jsonSchema"];
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(definition["schema"].as_str().expect("a text")).unwrap(),
        closed
    );
    assert!(own["toolConfig"].is_null());
}

#[test]
fn what_bedrock_does_not_serve_is_refused_by_name() {
    let scene = Scene::new();
    let client = scene.gateway.client();
    for (path, body, says) in [
        ("/v1/embeddings", json!({"model": "b/m", "input": "x"}), "embeddings"),
        ("/v1/rerank", json!({"model": "b/m", "query": "x", "documents": ["y"]}), "reranking"),
    ] {
        let message = client.post(path, &body).error(400)["message"].as_str().unwrap().to_owned();
        assert!(message.contains("Amazon Bedrock") && message.contains(says), "{message}");
    }
    let url = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://h/x.png"}}]}]);
    let error = scene.post(Caller::OpenAi, &json!({"model": "b/m", "messages": url})).error(400);
    assert!(error["message"].as_str().unwrap().contains("/messages/0/content/0"), "{error}");
}

#[test]
fn a_region_may_be_part_of_the_name() {
    let mock = millrace_lab::mock::MockServer::start(Default::default()).expect("a mock");
    let gateway = Gateway::from_yaml(&format!(
        "model_list:\n  - model_name: m\n    litellm_params: {{model: bedrock/ap-south-1/amazon.nova-pro-v1:0, \
         aws_bedrock_runtime_endpoint: \"{}\", aws_access_key_id: A, aws_secret_access_key: s3cr3ts3cr3t}}\n",
        mock.root_url()
    ));
    let answer = gateway.client().chat(&json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = mock.last_request().expect("a request");
    assert_eq!(sent.path, "/model/amazon.nova-pro-v1%3A0/converse");
    assert!(sent.header("authorization").is_some_and(|it| it.contains("/ap-south-1/bedrock/aws4_request")));
}

#[test]
fn betas_go_among_the_models_own_fields() {
    let own = "extra_headers: {anthropic-beta: \"own-1,context-1m-2025-08-07\"}";
    let scene = Scene::with(&format!("{KEYS}, {own}"), "");
    let sent = "context-1m-2025-08-07, claude-code-20250219,interleaved-thinking-2025-05-14";
    let ask = |model: &str, more: &serde_json::Value| {
        let mut body = json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let answer = scene.gateway.client().header("anthropic-beta", sent).post("/v1/messages", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-millrace-params"), Some("dropped=anthropic-beta"));
        scene.sent()["additionalModelRequestFields"].clone()
    };
    let claude = "b/us.anthropic.claude-sonnet-4-20250514-v1:0";
    let want = json!(["own-1", "context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]);
    assert_eq!(ask(claude, &json!({})), json!({"anthropic_beta": want}));
    // what the caller writes among the model's own fields stays, and stands first
    let written = json!({"top_k": 7, "additionalModelRequestFields": {"anthropic_beta": ["own-1", "mine"]}});
    let want = json!(["own-1", "mine", "context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]);
    assert_eq!(ask(claude, &written), json!({"anthropic_beta": want, "top_k": 7}));
    assert!(ask("b/amazon.nova-pro-v1:0", &json!({})).is_null(), "no other maker's model knows them");
    // nor do they go where something else stands, or are lost there in silence
    for fields in [json!("x"), json!({"anthropic_beta": "x"})] {
        let body = json!({"model": claude, "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}],
            "additionalModelRequestFields": fields});
        let answer = scene.gateway.client().header("anthropic-beta", sent).post("/v1/messages", &body);
        assert_eq!(answer.status, 400, "{}", answer.text());
        assert!(answer.text().contains("/additionalModelRequestFields"), "{}", answer.text());
    }
    // who speaks another protocol has no betas of its own; the operator's are for everybody
    let body = json!({"model": claude, "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(scene.post(Caller::OpenAi, &body).status, 200);
    let fields = &scene.sent()["additionalModelRequestFields"];
    assert_eq!(fields["anthropic_beta"], json!(["own-1", "context-1m-2025-08-07"]));
}

#[test]
fn what_the_caller_writes_among_the_models_own_fields_is_kept_or_refused() {
    let scene = Scene::new();
    let claude = "b/us.anthropic.claude-opus-4-6-v1";
    let ask = |model: &str, more: serde_json::Value| {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        scene.post(Caller::OpenAi, &body)
    };
    for (model, more, at) in [
        (
            claude,
            json!({"additionalModelRequestFields": {"output_config": "x"}}),
            "/additionalModelRequestFields/output_config",
        ),
        (
            claude,
            json!({"additionalModelRequestFields": {"output_config": null}}),
            "/additionalModelRequestFields/output_config",
        ),
        (claude, json!({"additionalModelRequestFields": ["x"]}), "/additionalModelRequestFields"),
        (
            "b/amazon.nova-pro-v1:0",
            json!({"top_k": 5, "additionalModelRequestFields": {"inferenceConfig": 7}}),
            "/additionalModelRequestFields/inferenceConfig",
        ),
    ] {
        let mut more = more;
        more["reasoning_effort"] = "low".into();
        let error = ask(model, more).error(400);
        assert!(error["message"].as_str().unwrap().contains(at), "{error}");
    }
    let kept = json!({"additionalModelRequestFields": {"output_config": {"own": 1}}, "reasoning_effort": "low"});
    assert_eq!(ask(claude, kept).status, 200);
    assert_eq!(scene.sent()["additionalModelRequestFields"]["output_config"], json!({"own": 1, "effort": "low"}));
    let kept = json!({"top_k": 5, "additionalModelRequestFields": {"inferenceConfig": {"own": 1}}});
    assert_eq!(ask("b/amazon.nova-pro-v1:0", kept).status, 200);
    assert_eq!(scene.sent()["additionalModelRequestFields"]["inferenceConfig"], json!({"own": 1, "topK": 5}));
}

#[test]
fn an_operators_own_fields_stand_beside_those_of_the_request() {
    let own = "extra_headers: {anthropic-beta: own-1}, extra_body: {additionalModelRequestFields: {x: 1}}";
    let scene = Scene::with(&format!("{KEYS}, {own}"), "");
    let body = json!({"model": "b/anthropic.claude-3-haiku-20240307-v1:0", "top_k": 7,
        "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(scene.post(Caller::OpenAi, &body).status, 200);
    let fields = &scene.sent()["additionalModelRequestFields"];
    assert_eq!(fields, &json!({"anthropic_beta": ["own-1"], "top_k": 7, "x": 1}));
}

#[test]
fn what_a_guardrail_looks_at_is_marked_as_the_systems_too() {
    let scene = Scene::new();
    let body = json!({"model": "b/amazon.nova-pro-v1:0", "messages": [
        {"role": "user", "content": "hi"},
        {"role": "system", "content": [{"type": "guarded_text", "text": "be brief"}]},
    ]});
    let answer = scene.post(Caller::OpenAi, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let want = json!([{"text": "hi"}, {"guardContent": {"text": {"text": "<system>\nbe brief\n</system>"}}}]);
    assert_eq!(scene.sent()["messages"][0]["content"], want);
}
