//! Errors in the caller's protocol, whatever the provider speaks, before the head and after it (I2, I8).

use serde_json::{Value, json};

use crate::harness::{Gateway, PROVIDER_KEY, Reply, Scripted};

use super::{Caller, Scene, joined::events_of};

/// Anthropic's shape, with the request id in header and body.
#[track_caller]
fn anthropic(answer: &crate::harness::Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    let body = answer.json();
    assert_eq!(body["type"], "error", "{body}");
    assert!(body["error"]["message"].is_string(), "{body}");
    assert_eq!(body["request_id"].as_str(), answer.header("x-request-id"), "{body}");
    assert_eq!(answer.header("request-id"), answer.header("x-request-id"), "{:?}", answer.headers);
    body["error"]["type"].clone()
}

#[test]
fn i8_what_never_reaches_a_provider_is_told_in_the_callers_protocol() {
    let scene = Scene::new();
    let path = "/v1/messages";
    let anonymous = scene.client().anonymous();
    assert_eq!(anthropic(&anonymous.post(path, &json!({})), 401), "authentication_error");
    let client = scene.client();
    assert_eq!(anthropic(&client.get(path), 405), "invalid_request_error");
    assert_eq!(anthropic(&client.post(path, &json!({"model": "a/x"})), 400), "invalid_request_error");
    let body = json!({"model": "unknown", "messages": []});
    assert_eq!(anthropic(&client.post(path, &body), 404), "not_found_error");
    let body = json!({"model": "a/x", "messages": [], "api_base": "http://evil"});
    assert_eq!(anthropic(&client.post(path, &body), 400), "invalid_request_error");
}

/// Anthropic's SDK asks for one by itself in its loop of tools (`thread`, 2.12), and goes on without where the refusal says so in
/// the words it looks for. To leave it out would lose all but the last turn once the caller continues it.
#[test]
fn a_conversation_that_nobody_keeps_is_refused_in_words_the_sdk_heeds() {
    let scene = Scene::configured(", drop_params: true", "");
    let threads = [json!({"type": "create"}), json!({"type": "continue", "previous_message_id": "msg_1"})];
    for (provider, thread) in
        ["o", "g"].iter().flat_map(|provider| threads.iter().map(move |thread| (provider, thread)))
    {
        let body = json!({"model": format!("{provider}/mock"), "max_tokens": 9, "thread": thread,
            "messages": [{"role": "user", "content": "hi"}]});
        let told = scene.send(Caller::Anthropic, body);
        assert_eq!(anthropic(&told, 400), "invalid_request_error");
        assert_eq!(told.json()["error"]["details"]["error_code"], "thread_unsupported_request", "{}", told.text());
    }
    let body = json!({"model": "a/mock", "max_tokens": 9, "thread": threads[0], "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(scene.send(Caller::Anthropic, body).status, 200);
    assert_eq!(scene.sent()["thread"], threads[0]);
}

/// Google's SDKs wait as long as `RetryInfo` says; Anthropic's go by `error_code`.
#[test]
fn details_of_a_providers_error_reach_who_speaks_its_protocol() {
    let google = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]);
    let claude = json!({"error_code": "thread_not_found", "seen": PROVIDER_KEY});
    let details = (google.clone(), claude);
    let upstream = Scripted::start(move |seen, _| match seen.path.contains("/messages") {
        true => Reply::json(
            400,
            &json!({"type": "error", "error": {"type": "invalid_request_error", "message": "gone", "details": details.1}}),
        ),
        false => Reply::json(
            429,
            &json!({"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED", "details": details.0}}),
        ),
    });
    let entry = |name: &str, provider: &str| {
        format!(
            "  - {{model_name: {name}, litellm_params: {{model: {provider}/m, api_base: \"{}\", api_key: {PROVIDER_KEY}}}}}\n",
            upstream.url()
        )
    };
    let yaml = format!(
        "model_list:\n{}{}router_settings: {{num_retries: 0}}\n",
        entry("g", "gemini"),
        entry("a", "anthropic")
    );
    let gateway = Gateway::from_yaml(&yaml);
    let client = gateway.client();
    let told = client.post("/v1beta/models/g:generateContent", &json!({"contents": [{"parts": [{"text": "hi"}]}]}));
    assert_eq!((told.status, &told.json()["error"]["details"][0]), (429, &google[0]), "{}", told.text());
    let told = client
        .post("/v1/messages", &json!({"model": "a", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}));
    assert_eq!(told.json()["error"]["details"]["error_code"], "thread_not_found", "{}", told.text());
    assert!(!told.text().contains(PROVIDER_KEY), "{}", told.text());
}

#[test]
fn a_providers_error_keeps_its_status_and_words_in_every_pair() {
    let scene = Scene::with("router_settings: {num_retries: 0}\n");
    for provider in ["o", "a", "g"] {
        for (status, kind) in [(400, "invalid_request_error"), (429, "rate_limit_error"), (529, "overloaded_error")] {
            let model = format!("{provider}/mock:status:{status}");
            let told = scene.ask(Caller::Anthropic, &model, false);
            assert_eq!(anthropic(&told, status), kind, "{model}");
            let told = scene.ask(Caller::OpenAi, &model, true).error(status)["type"].clone();
            let words = [
                "invalid_request_error",
                "rate_limit_error",
                "throttling_error",
                "server_error",
                "internal_server_error",
            ];
            assert!(words.iter().any(|word| told == **word), "{model}: {told}");
        }
    }
}

#[test]
fn i2_a_stream_that_breaks_ends_in_one_error_event_in_every_pair() {
    let scene = Scene::with("router_settings: {num_retries: 0, disable_cooldowns: true}\n");
    for provider in ["o", "a", "g"] {
        for fault in ["cut:2", "cut:2,how=rst", "error-event:2", "done=missing"] {
            // Google's streams have no terminal event: what is missing then is the reason to finish
            let fault = if provider == "g" { fault.replace("done", "finish") } else { fault.to_owned() };
            let model = format!("{provider}/mock:chunks=4,{fault}");
            let events = events_of(&scene.ask(Caller::Anthropic, &model, true).body);
            let errors: Vec<_> = events.iter().filter(|(name, _)| name == "error").collect();
            assert_eq!(errors.len(), 1, "{model}: {events:?}");
            assert_eq!(events.last(), errors.first().copied(), "{model}: the error is not the end");
            assert!(errors[0].1["error"]["message"].is_string() && errors[0].1["request_id"].is_string(), "{errors:?}");
            assert!(!events.iter().any(|(name, _)| name == "message_stop"), "{model}: an end after an error");
            scene.ask(Caller::OpenAi, &model, true).events().assert_failed();
        }
    }
}

#[test]
fn what_cannot_be_understood_is_a_fault_of_the_provider() {
    let scene = Scene::with("router_settings: {num_retries: 0, disable_cooldowns: true}\n");
    for provider in ["o", "a", "g"] {
        // bytes that are no JSON, and an object that is no answer
        for fault in ["garbage", "strange"] {
            let model = format!("{provider}/mock:{fault}");
            assert_eq!(anthropic(&scene.ask(Caller::Anthropic, &model, false), 502), "api_error", "{model}");
            let told = scene.ask(Caller::OpenAi, &model, false).error(502);
            assert!(told["message"].as_str().is_some_and(|told| told.contains("deployment")), "{told}");
        }
    }
}
