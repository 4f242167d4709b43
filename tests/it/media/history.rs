//! Earlier turns with what only their provider knows: blocks of its own tools, sound that it keeps, documents.

use serde_json::json;

use crate::gemini::Scene;

#[test]
fn blocks_of_another_providers_tools_are_left_out_and_told() {
    let scene = Scene::new();
    let said = json!([
        {"role": "user", "content": "search"},
        {"role": "assistant", "content": [
            {"type": "text", "text": "Let me see."},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
            {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
            {"type": "text", "text": "It is 27."}]},
        {"role": "user", "content": "thanks"}]);
    for model in ["o/mock:chunks=1", "gemini/mock:chunks=1"] {
        let body = json!({"model": model, "max_tokens": 9, "messages": said});
        let answer = scene.gateway.client().post("/v1/messages", &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let told = answer.header("x-millrace-params").expect("notes");
        assert!(told.contains("messages.server_tool_use,messages.web_search_tool_result"), "{told}");
        let sent = scene.mock.last_request().expect("a request").json().to_string();
        assert!(sent.contains("Let me see.") && sent.contains("It is 27.") && !sent.contains("srvtoolu"), "{sent}");
    }
}

#[test]
fn sound_that_openai_keeps_is_told_elsewhere_by_its_words() {
    let scene = Scene::new();
    let audio = json!({"role": "assistant", "audio": {"id": "audio_1", "transcript": "a mill"}});
    let said = json!([{"role": "user", "content": "say it"}, audio, {"role": "user", "content": "thanks"}]);
    for model in ["a/mock:chunks=1", "gemini/mock:chunks=1"] {
        let answer = scene.gateway.client().post("/v1/chat/completions", &json!({"model": model, "messages": said}));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert!(answer.header("x-millrace-params").expect("notes").contains("renamed=messages.audio"));
        let sent = scene.mock.last_request().expect("a request").json().to_string();
        assert!(sent.contains("a mill") && !sent.contains("audio_1"), "{sent}");
    }
}

#[test]
fn documents_reach_gemini_and_files_of_another_provider_are_refused() {
    let scene = Scene::new();
    let ask = |source| {
        let block = json!({"type": "document", "title": "lease", "source": source});
        let said = json!([{"role": "user", "content": [block, {"type": "text", "text": "when?"}]}]);
        let body = json!({"model": "gemini/mock:chunks=1", "max_tokens": 9, "messages": said});
        scene.gateway.client().post("/v1/messages", &body)
    };
    ask(json!({"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}));
    let parts = scene.mock.last_request().expect("a request").json()["contents"][0]["parts"].clone();
    assert_eq!(parts[0]["inlineData"], json!({"mimeType": "application/pdf", "data": "JVBERi0="}));
    ask(json!({"type": "text", "media_type": "text/plain", "data": "On the first."}));
    let parts = scene.mock.last_request().expect("a request").json()["contents"][0]["parts"].clone();
    assert_eq!(parts[0]["text"], "lease\n\nOn the first.");
    let refused = ask(json!({"type": "file", "file_id": "file_011"}));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("file at another provider"), "{}", refused.text());
}
