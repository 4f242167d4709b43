//! Cohere's own: documents to cite, plans before calls, reranking.

use serde_json::json;

use super::Scene;
use crate::messages::Caller;

#[test]
fn documents_of_a_message_go_where_they_can_be_cited() {
    let scene = Scene::new("");
    let document = json!({"type": "document", "title": "Tall penguins", "context": "a zoo",
        "source": {"type": "text", "media_type": "text/plain", "data": "Emperors are tall."}, "citations": {"enabled": true}});
    let body = json!({"model": "c/mock:chunks=1", "max_tokens": 9, "messages": [
        {"role": "user", "content": [document, {"type": "text", "text": "which?"}]}]});
    let answer = scene.client().post("/v1/messages", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent();
    let data = json!({"text": "Emperors are tall.", "title": "Tall penguins", "context": "a zoo"});
    assert_eq!(sent["documents"], json!([{"id": "doc_0", "data": data}]));
    assert_eq!(sent["messages"], json!([{"role": "user", "content": "which?"}]));
}

#[test]
fn a_plan_goes_back_with_its_calls() {
    let scene = Scene::new("");
    let answer = scene.ask(Caller::OpenAi, "c/mock:thinking=2,tool-calls=1", false, json!({}));
    let message = answer.json()["choices"][0]["message"].clone();
    let plan = message["reasoning_content"].as_str().expect("a plan").to_owned();
    let id = message["tool_calls"][0]["id"].clone();
    let messages =
        json!([{"role": "user", "content": "hi"}, message, {"role": "tool", "tool_call_id": id, "content": "done"}]);
    let answer = scene.ask(Caller::OpenAi, "c/mock:chunks=1", false, json!({"messages": messages}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent();
    assert_eq!((&sent["messages"][1]["tool_plan"], &sent["messages"][1]["tool_calls"][0]["id"]), (&json!(plan), &id));
    assert_eq!((&sent["messages"][2]["role"], &sent["messages"][2]["tool_call_id"]), (&json!("tool"), &id));
}

#[test]
fn reranking_is_asked_at_its_own_resource() {
    let scene = Scene::new("");
    let body = json!({"model": "c/mock:chunks=1", "query": "q", "documents": ["a", "b"], "top_n": 2});
    let answer = scene.client().post("/v1/rerank", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!((sent.path.as_str(), &sent.json()["top_n"]), ("/v2/rerank", &json!(2)));
    assert!(answer.json()["results"][0]["index"].is_u64(), "{}", answer.text());
}

#[test]
fn what_embeddings_are_for_is_said_where_the_caller_does_not() {
    let scene = Scene::new("");
    for (more, want) in [(json!(null), "search_document"), (json!("search_query"), "search_query")] {
        let mut body = json!({"model": "c/mock:chunks=1", "input": "a"});
        if more.is_string() {
            body["input_type"] = more;
        }
        let answer = scene.client().post("/v1/embeddings", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(scene.sent()["input_type"], want);
    }
}
