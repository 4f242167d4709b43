//! Azure's content filter: its verdicts pass to callers of chat, and its refusals keep their code.

use serde_json::{Value, json};

use crate::harness::{Gateway, PROVIDER_KEY, Reply, Scripted, chat};

/// What the filter finds of a prompt that it lets through.
fn verdict() -> Value {
    json!([{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": false, "severity": "safe"}}}])
}

/// A stream as Azure sends it: first a chunk without choices, id or model; in each choice the filter's word; at the end usage.
fn stream() -> String {
    let head =
        json!({"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": verdict()});
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-11-20", "choices": [
            {"index": 0, "delta": delta, "finish_reason": finish, "content_filter_results": {}}]})
    };
    let usage = json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-2024-11-20", "choices": [],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}});
    let events = [
        head,
        chunk(json!({"role": "assistant", "content": "Hel"}), Value::Null),
        chunk(json!({"content": "lo"}), json!("stop")),
        usage,
    ];
    let events: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    events + "data: [DONE]\n\n"
}

fn gateway(azure: &Scripted) -> Gateway {
    Gateway::from_yaml(&format!(
        "model_list:\n- model_name: m\n  litellm_params: {{model: azure/gpt-4o, api_base: \"{}\", api_key: {PROVIDER_KEY}}}\n",
        azure.url()
    ))
}

#[test]
fn verdicts_in_a_stream_pass_to_callers_of_chat_and_disturb_no_other() {
    let azure = Scripted::start(|_, _| Reply::events(stream()));
    let gateway = gateway(&azure);
    for usage in [true, false] {
        let asked = json!({"stream": true, "stream_options": {"include_usage": usage}});
        let events = gateway.client().events(&chat("m", asked));
        events.assert_done();
        let all = events.json();
        assert_eq!(all[0]["prompt_filter_results"], verdict(), "{all:?}");
        assert_eq!(all[1]["choices"][0]["content_filter_results"], json!({}));
        assert_eq!(events.text(), "Hello");
        assert_eq!(all.iter().any(|event| event["usage"].is_object()), usage);
        assert!(all.iter().skip(1).all(|event| event["model"] == "m"), "{all:?}");
    }
    let body = json!({"model": "m", "max_tokens": 9, "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let text = gateway.client().post("/v1/messages", &body).text();
    for part in ["\"text\":\"Hel\"", "\"text\":\"lo\"", "\"output_tokens\":5", "message_stop", "\"model\":\"m\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn verdicts_in_a_whole_answer_pass() {
    let azure = Scripted::start(|_, _| {
        Reply::json(
            200,
            &json!({"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024-11-20",
            "prompt_filter_results": verdict(), "choices": [{"index": 0, "finish_reason": "content_filter",
                "content_filter_results": {"hate": {"filtered": true, "severity": "high"}},
                "message": {"role": "assistant", "content": "Hello"}}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}}),
        )
    });
    let answer = gateway(&azure).client().chat(&chat("m", json!({}))).json();
    assert_eq!(answer["prompt_filter_results"], verdict());
    assert_eq!(answer["choices"][0]["content_filter_results"]["hate"]["severity"], "high");
    assert_eq!(answer["model"], "m");
}

/// As LiteLLM tells it: status 400, `invalid_request_error`, the verdict in a place of its own; and no other deployment is asked the same.
#[test]
fn a_refusal_of_the_filter_is_the_callers_400_and_is_not_tried_again() {
    let azure = Scripted::start(|_, _| {
        Reply::json(
            400,
            &json!({"error": {"message": "The response was filtered", "type": null, "param": "prompt", "code": "content_filter",
            "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {"hate": {"filtered": true, "severity": "high"}}}}}),
        )
    });
    let gateway = gateway(&azure);
    for stream in [false, true] {
        let error = gateway.client().chat(&chat("m", json!({"stream": stream}))).error(400);
        assert_eq!((&error["code"], &error["type"]), (&json!("content_filter"), &json!("invalid_request_error")));
        assert_eq!((&error["param"], &error["message"]), (&json!("prompt"), &json!("The response was filtered")));
        let inner = &error["provider_specific_fields"]["innererror"];
        assert_eq!(inner["code"], "ResponsibleAIPolicyViolation");
        assert_eq!(inner["content_filter_result"]["hate"]["severity"], "high");
    }
    assert_eq!(azure.count(), 2);
}
