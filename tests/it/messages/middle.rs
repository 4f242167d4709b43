//! What the system says in the middle of a conversation keeps its place before every provider, in the strongest form that
//! the provider has for it, and never stands between calls and their results.

use serde_json::{Value, json};

use super::{Caller, Scene};

/// Who speaks and what, in the provider's conversation: roles and their texts, in order.
fn told(sent: &Value) -> Vec<(String, String)> {
    let list = sent["messages"].as_array().or(sent["contents"].as_array()).expect("a conversation");
    let said = |message: &Value| {
        let content = if message["content"].is_null() { &message["parts"] } else { &message["content"] };
        let part = |part: &Value| {
            let name = part["type"].as_str().filter(|kind| *kind != "text");
            let call = part.as_object().and_then(|part| part.keys().find(|name| name.starts_with("function")));
            name.or(call.map(String::as_str)).or(part["text"].as_str()).unwrap_or("?").to_owned()
        };
        let parts = content.as_array().map(|parts| parts.iter().map(part).collect::<Vec<_>>().join(" | "));
        (
            message["role"].as_str().unwrap_or("?").to_owned(),
            parts.or(content.as_str().map(str::to_owned)).unwrap_or_default(),
        )
    };
    list.iter().map(said).collect()
}

/// Sends a conversation of OpenAI's, and checks what the provider is told.
#[track_caller]
fn check(scene: &Scene, model: &str, messages: Value, want: &[(&str, &str)], noted: bool) {
    let answer = scene.send(Caller::OpenAi, json!({"model": model, "messages": messages}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = told(&scene.sent());
    let told: Vec<(&str, &str)> = told.iter().map(|(role, text)| (role.as_str(), text.as_str())).collect();
    assert_eq!(told, want, "{model}");
    let notes = answer.header("x-millrace-params").unwrap_or_default().to_owned();
    assert_eq!(notes.contains("messages.system"), noted, "{model}: {notes}");
}

#[test]
fn it_keeps_its_place_before_every_provider() {
    let scene = Scene::new();
    let messages = json!([
        {"role": "system", "content": "first"}, {"role": "user", "content": "a"}, {"role": "system", "content": "later"},
        {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"},
    ]);
    let mark = "a | <system>\nlater\n</system>";
    let turn = [("user", "a"), ("system", "later"), ("assistant", "b"), ("user", "c")];
    let with_first = [&[("system", "first")][..], &turn].concat();
    check(&scene, "o/x", messages.clone(), &with_first, false);
    check(&scene, "a/claude-opus-5", messages.clone(), &turn, false);
    check(&scene, "a/claude-sonnet-4-5", messages.clone(), &[("user", mark), ("assistant", "b"), ("user", "c")], true);
    check(&scene, "g/gemini-2.5-pro", messages, &[("user", mark), ("model", "b"), ("user", "c")], true);
    assert_eq!(scene.sent()["systemInstruction"]["parts"], json!([{"text": "first"}]));
}

#[test]
fn anthropics_rules_of_place_are_kept() {
    let scene = Scene::new();
    let messages = json!([
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "system", "content": "s1"},
        {"role": "developer", "content": "s2"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"},
        {"role": "system", "content": "s3"},
    ]);
    // one message of the system's at a time, behind a user's; where there is none, the user's own
    let want = [
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
        ("system", "s1 | s2"),
        ("assistant", "d"),
        ("user", "<system>\ns3\n</system>"),
    ];
    check(&scene, "a/claude-opus-5", messages, &want, true);
}

#[test]
fn nothing_stands_between_calls_and_their_results() {
    let scene = Scene::new();
    let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let messages = json!([
        {"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call("call_1"), call("call_2")]},
        {"role": "system", "content": "s"}, {"role": "tool", "tool_call_id": "call_1", "content": "1"},
        {"role": "user", "content": "x"}, {"role": "tool", "tool_call_id": "call_2", "content": "2"},
    ]);
    let calls = "tool_use | tool_use";
    let results = "tool_result | tool_result | <system>\ns\n</system> | x";
    let want = [("user", "a"), ("assistant", calls), ("user", results)];
    check(&scene, "a/claude-sonnet-4-5", messages.clone(), &want, true);
    let want = [("user", "a"), ("assistant", calls), ("user", "tool_result | tool_result | x"), ("system", "s")];
    check(&scene, "a/claude-opus-5", messages.clone(), &want, true);
    let results = "functionResponse | functionResponse | <system>\ns\n</system> | x";
    let want = [("user", "a"), ("model", "functionCall | functionCall"), ("user", results)];
    check(&scene, "g/gemini-2.5-pro", messages, &want, true);
}

#[test]
fn pictures_of_results_come_after_all_results() {
    let scene = Scene::new();
    let result = |id: &str| {
        let image = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
        json!({"type": "tool_result", "tool_use_id": id, "content": [{"type": "text", "text": id}, image]})
    };
    let call = |id: &str, name: &str| json!({"type": "tool_use", "id": id, "name": name, "input": {}});
    let body = json!({"model": "g/gemini-2.5-pro", "messages": [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [call("toolu_1", "f"), call("toolu_2", "g")]},
        {"role": "user", "content": [result("toolu_1"), result("toolu_2")]},
    ]});
    let answer = scene.send(Caller::Anthropic, body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let parts = scene.sent()["contents"][2]["parts"].clone();
    let kinds = parts.as_array().expect("parts").iter().map(|part| part.as_object().unwrap().keys().next().unwrap());
    let kinds: Vec<&String> = kinds.collect();
    let want = ["functionResponse", "functionResponse", "text", "inlineData", "text", "inlineData"];
    assert_eq!(kinds, want);
    assert_eq!((&parts[2]["text"], &parts[4]["text"]), (&json!("Result of `f`:"), &json!("Result of `g`:")));
}
