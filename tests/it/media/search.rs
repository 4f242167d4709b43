//! Searches of the web by the provider: declared in one protocol, asked for in another.

use serde_json::json;

use crate::gemini::Scene;

#[test]
fn a_declared_search_is_asked_for_in_the_providers_form() {
    let scene = Scene::new();
    let client = scene.gateway.client();
    let sent = || scene.mock.last_request().expect("a request").json();
    let place = json!({"type": "approximate", "city": "Bern"});
    let tools = json!([{"type": "web_search", "search_context_size": "low", "user_location": place}]);
    let ask = |model: &str| client.post("/v1/responses", &json!({"model": model, "input": "hi", "tools": tools}));
    let answer = ask("a/mock:chunks=1");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let search = json!([{"type": "web_search_20250305", "name": "web_search", "user_location": place}]);
    assert_eq!(sent()["tools"], search);
    let told = answer.header("x-millrace-params").expect("notes").to_owned();
    assert!(
        told.contains("tools.web_search.search_context_size") && told.contains("renamed=tools.web_search"),
        "{told}"
    );
    assert_eq!(ask("gemini/mock:chunks=1").status, 200);
    assert_eq!(sent()["tools"], json!([{"googleSearch": {}}]));
    let more =
        json!({"model": "a/mock:chunks=1", "messages": [{"role": "user", "content": "hi"}], "web_search_options": {}});
    assert_eq!(client.post("/v1/chat/completions", &more).status, 200);
    assert_eq!(sent()["tools"][0]["type"], "web_search_20250305");
    let google = json!({"contents": [{"parts": [{"text": "hi"}]}], "tools": [{"googleSearch": {}}]});
    assert_eq!(client.post("/v1beta/models/a/mock:chunks=1:generateContent", &google).status, 200);
    assert_eq!(sent()["tools"][0]["name"], "web_search");
}
