//! Ollama's own: options, pictures, a stream without an end of its last line.

use serde_json::json;

use super::Scene;
use crate::messages::Caller;

#[test]
fn options_of_both_spellings_reach_the_model() {
    let scene = Scene::new(", num_ctx: 8192, keep_alive: 5m");
    let more = json!({"max_tokens": 12, "temperature": 0.5, "num_predict": 40});
    let answer = scene.ask(Caller::OpenAi, "l/mock:chunks=1", false, more);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.sent();
    assert_eq!(
        sent["options"],
        json!({"num_predict": 40, "temperature": 0.5, "num_ctx": 8192}),
        "the caller's own word"
    );
    assert_eq!((&sent["keep_alive"], &sent["stream"]), (&json!("5m"), &json!(false)));
}

#[test]
fn pictures_go_beside_the_text() {
    let scene = Scene::new("");
    let picture = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let body = json!({"model": "l/mock:chunks=1", "max_tokens": 9, "messages": [
        {"role": "user", "content": [picture, {"type": "text", "text": "what is it?"}]}]});
    assert_eq!(scene.client().post("/v1/messages", &body).status, 200);
    assert_eq!(scene.sent()["messages"], json!([{"role": "user", "content": "what is it?", "images": ["aGk="]}]));
    let by_url = json!({"type": "image_url", "image_url": {"url": "https://pictures.example/a.png"}});
    let messages = json!([{"role": "user", "content": [by_url]}]);
    let error = scene.ask(Caller::OpenAi, "l/mock:chunks=1", false, json!({"messages": messages})).error(400);
    assert!(error["message"].as_str().is_some_and(|m| m.contains("/messages/0/content/0")), "{error}");
}

#[test]
fn a_last_line_need_not_be_ended() {
    let scene = Scene::new("");
    for caller in super::CALLERS {
        // the bytes of a proper stream, less the last line feed
        let whole = scene.said(caller, "l/mock:chunks=3", true);
        let unended = scene.said(caller, "l/mock:chunks=3,unterminated", true);
        assert_eq!((whole.text, whole.finish), (unended.text, unended.finish));
    }
}
