//! Callers of Google's protocol: paths, keys, what passes unread, streams in both forms.

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use super::{Scene, question};
use crate::harness::{Gateway, KEY, PROVIDER_KEY};

const WHOLE: &str = "generateContent";
const EVENTS: &str = "streamGenerateContent?alt=sse";
const ARRAY: &str = "streamGenerateContent";

#[test]
fn the_providers_own_protocol_passes_unread() {
    let scene = Scene::new();
    let odd = json!({"contents": [{"parts": [{"text": "hi", "nobody_knows": [1, 2.50]}]}], "unheard_of": {"a": null}});
    let model = "gemini/mock:chunks=3,extra";
    let answer = scene.gateway.client().post(&format!("/v1beta/models/{model}:{WHOLE}"), &odd);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let sent = scene.mock.last_request().expect("a request");
    assert_eq!(sent.json(), odd);
    assert_eq!(sent.path, "/v1beta/models/mock%3Achunks%3D3%2Cextra:generateContent");
    assert_eq!(answer.json()["modelVersion"], json!(model));
    assert!(answer.json()["x_mock_response"].is_object(), "{}", answer.text());
    let events = scene.ask(model, EVENTS).events().json();
    assert_eq!(events.len(), 4);
    assert!(events.iter().all(|event| event["x_mock_response"].is_object() && event["modelVersion"] == json!(model)));
}

#[test]
fn a_stream_is_an_array_unless_events_are_asked_for() {
    let scene = Scene::new();
    for provider in ["gemini", "o", "a"] {
        let model = format!("{provider}/mock:chunks=3,alphabet=mixed");
        let events = scene.ask(&model, EVENTS);
        assert!(events.header("content-type").unwrap().starts_with("text/event-stream"));
        let array = scene.ask(&model, ARRAY);
        assert!(array.header("content-type").unwrap().starts_with("application/json"), "{:?}", array.headers);
        let array = array.json();
        let texts = |list: &[Value]| -> String {
            let parts = list
                .iter()
                .map(|event| event["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap_or_default());
            parts.collect()
        };
        let array = array.as_array().unwrap_or_else(|| panic!("{array}"));
        assert_eq!(texts(array), texts(&events.events().json()), "{model}");
        assert_eq!(array.last().unwrap()["candidates"][0]["finishReason"], "STOP");
    }
}

#[test]
fn a_key_may_come_in_googles_places_and_is_seen_nowhere_else() {
    let scene =
        Scene::with("", "litellm_settings: {callbacks: [jsonl]}\ncallback_settings: {jsonl: {path: records.jsonl}}\n");
    let anonymous = scene.gateway.client().anonymous();
    for path in ["/v1beta/models/gemini/mock", "/v1/models/gemini/mock", "/models/o/mock"] {
        let ask =
            |client: crate::harness::Client, query: &str| client.post(&format!("{path}:{WHOLE}{query}"), &question());
        assert_eq!(ask(anonymous.clone().header("x-goog-api-key", KEY), "").status, 200, "{path}");
        assert_eq!(ask(anonymous.clone(), &format!("?key={KEY}")).status, 200, "{path}");
        let sent = scene.mock.last_request().expect("a request");
        let all = format!("{} {:?} {}", sent.path, sent.headers, sent.text());
        assert!(all.contains(PROVIDER_KEY) && !all.contains(KEY), "{all}");
        for (client, query) in [
            (anonymous.clone(), ""),
            (anonymous.clone(), "?key=sk-wrong"),
            (anonymous.clone().header("x-goog-api-key", "x"), ""),
        ] {
            let refused = ask(client, query);
            assert_eq!(
                (refused.status, &refused.json()["error"]["status"]),
                (401, &json!("UNAUTHENTICATED")),
                "{}",
                refused.text()
            );
        }
    }
    // no query counts elsewhere
    let chat = json!({"model": "o/mock", "messages": []});
    assert_eq!(anonymous.post(&format!("/v1/chat/completions?key={KEY}"), &chat).status, 401);
    let folder = scene.gateway.stop();
    for entry in std::fs::read_dir(folder.path()).expect("a folder").flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
        let whole = entry.file_name() == "config.yaml" || !text.contains(KEY);
        assert!(whole, "the key is in {:?}", entry.file_name());
    }
}

#[test]
fn a_conversation_with_tools_reaches_the_other_protocols_whole() {
    let scene = Scene::with(", drop_params: true", "");
    let body = json!({"system_instruction": {"parts": [{"text": "be brief"}]},
        "contents": [{"role": "user", "parts": [{"text": "where?"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {"at": "home"}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"result": "nobody"}}}]}],
        "tools": [{"functionDeclarations": [{"name": "look", "description": "looks",
            "parameters": {"type": "OBJECT", "properties": {"at": {"type": "STRING"}}}}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {"maxOutputTokens": 50, "stopSequences": ["END"], "thinkingConfig": {"includeThoughts": true}},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]});
    let answer = scene.gateway.client().post("/v1beta/models/o/mock:tool-calls=1,chunks=0:generateContent", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer.header("x-millrace-params").is_some_and(|told| told.contains("safetySettings")),
        "{:?}",
        answer.headers
    );
    assert_eq!(answer.json()["candidates"][0]["content"]["parts"][0]["functionCall"]["name"], "tool_0");
    let sent = scene.mock.last_request().expect("a request").json();
    let roles: Vec<&str> = sent["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool"]);
    assert_eq!(sent["messages"][2]["tool_calls"][0]["id"], sent["messages"][3]["tool_call_id"]);
    assert_eq!(sent["tools"][0]["function"]["parameters"]["type"], "object");
    assert_eq!((&sent["tool_choice"], &sent["stop"]), (&json!("required"), &json!("END")));
    let answer = scene.gateway.client().post("/v1beta/models/a/mock:chunks=1:generateContent", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(scene.mock.last_request().expect("a request").json()["max_tokens"], 50);
}

#[test]
fn claudes_signed_thought_survives_a_caller_of_this_protocol() {
    let scene = Scene::new();
    let model = "a/mock:thinking=2,redacted=1,tool-calls=1";
    for stream in [false, true] {
        let parts =
            match stream {
                false => scene.ask(model, WHOLE).json()["candidates"][0]["content"]["parts"].clone(),
                true => crate::messages::joined::response_of(&scene.ask(model, EVENTS).events().json())["candidates"]
                    [0]["content"]["parts"]
                    .clone(),
            };
        let call = parts.as_array().unwrap().iter().find(|part| part["functionCall"].is_object()).expect("a call")["functionCall"].clone();
        let result =
            json!({"functionResponse": {"id": call["id"], "name": call["name"], "response": {"output": "done"}}});
        let body = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": parts}, {"role": "user", "parts": [result]}]});
        let again = scene.gateway.client().post(&format!("/v1beta/models/{model}:{WHOLE}"), &body);
        assert_eq!(again.status, 200, "{}", again.text());
        let sent = scene.mock.last_request().expect("a request").json();
        let blocks = sent["messages"][1]["content"].as_array().unwrap_or_else(|| panic!("{sent}")).clone();
        let kinds: Vec<&str> = blocks.iter().filter_map(|block| block["type"].as_str()).collect();
        assert_eq!(kinds, ["thinking", "redacted_thinking", "tool_use"], "stream={stream}: {sent}");
        assert!(
            blocks[0]["signature"].as_str().is_some_and(|text| text.starts_with("EqoBCkgIARABGAIiQL+mock")),
            "{sent}"
        );
    }
}

#[test]
fn tokens_are_counted_by_the_provider_or_here() {
    let scene = Scene::new();
    let counted = scene.ask("gemini/mock:prompt-tokens=31", "countTokens");
    assert_eq!(counted.json(), json!({"totalTokens": 31}), "{}", counted.text());
    let whole = json!({"generateContentRequest": {"model": "models/x", "contents": question()["contents"]}});
    for provider in ["gemini", "o", "a"] {
        let answer = scene.gateway.client().post(&format!("/v1beta/models/{provider}/mock:countTokens"), &whole);
        assert!(
            answer.json()["totalTokens"].as_u64().is_some_and(|tokens| tokens > 0),
            "{provider}: {}",
            answer.text()
        );
    }
}

#[test]
fn denied_words_are_masked_in_questions_and_over_the_edges_of_events() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let base = mock.base_url();
    let entry = |name: &str, provider: &str| {
        format!(
            "  - model_name: \"{name}/*\"\n    litellm_params: {{model: \"{provider}/*\", api_base: \"{base}\", api_key: {PROVIDER_KEY}}}\n"
        )
    };
    let gateway = Gateway::from_yaml(&format!(
        "model_list:\n{}{}litellm_settings: {{callbacks: [deny_words]}}\ncallback_settings: {{deny_words: {{words: [abracadabra], action: mask}}}}\n",
        entry("g", "gemini"),
        entry("o", "openai")
    ));
    let body = json!({"contents": [{"parts": [{"text": "say abracadabra"}]}]});
    for provider in ["g", "o"] {
        let model = format!("{provider}/mock:chunk-bytes=3,text=abracadabra_abracadabra");
        let whole = gateway.client().post(&format!("/v1beta/models/{model}:{WHOLE}"), &body);
        assert_eq!(
            whole.json()["candidates"][0]["content"]["parts"][0]["text"],
            "[redacted]_[redacted]",
            "{}",
            whole.text()
        );
        let sent = mock.last_request().expect("a request").json();
        let asked = [&sent["contents"], &sent["messages"]].map(Value::to_string).concat();
        assert!(asked.contains("say [redacted]") && !asked.contains("abracadabra"), "{asked}");
        let stream = gateway.client().post(&format!("/v1beta/models/{model}:{EVENTS}"), &body);
        let response = crate::messages::joined::response_of(&stream.events().json());
        let texts: String = response["candidates"][0]["content"]["parts"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|p| p["text"].as_str())
            .collect();
        assert_eq!(texts, "[redacted]_[redacted]", "{provider}");
        assert_eq!(response["candidates"][0]["finishReason"], "STOP");
    }
}
