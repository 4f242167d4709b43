//! Requests: there and back, what is noted, and what is refused.

use serde_json::{Map, Value, json};

use super::super::super::request::{Content, Message, Part, Reasoning, Request, Role, Source, Tool, ToolChoice};
use super::super::super::{Target, Written};
use super::super::{read_request, write_request};
use super::{fixture, golden};

const REQUESTS: [&str; 7] = ["plain", "parts", "tools", "thinking", "schema", "legacy", "compatible"];

fn target(model: &str) -> Target<'_> {
    Target { model, max_output_tokens: None, stream_usage: true }
}

fn written(request: &Request, model: &str) -> (Value, Vec<String>) {
    let Written { body, notes } = write_request(request, &target(model)).unwrap();
    let notes = notes.iter().map(|note| format!("{:?} {}: {}", note.did, note.param, note.detail)).collect();
    (serde_json::from_slice(&body).unwrap(), notes)
}

/// What is read and written comes out the same; a second time without any change at all.
#[test]
fn requests_go_there_and_back() {
    for name in REQUESTS {
        let body = fixture(&format!("request-{name}.json"));
        let model = serde_json::from_str::<Value>(&body).unwrap()["model"].as_str().unwrap().to_owned();
        let request = read_request(body.as_bytes()).unwrap();
        let (out, notes) = written(&request, &model);
        let shown = serde_json::to_string_pretty(&json!({"body": out, "notes": notes})).unwrap();
        golden(&format!("openai-to-openai/request-{name}.json"), &format!("{shown}\n"));
        let again = read_request(out.to_string().as_bytes()).unwrap();
        assert_eq!(written(&again, &model).0, out, "{name}");
    }
}

/// The fixtures without any of the normal forms come back as the same JSON.
#[test]
fn what_has_no_normal_form_of_its_own_is_the_same_json() {
    for (name, changed) in [("parts", vec!["messages"]), ("schema", vec![]), ("thinking", vec!["messages"])] {
        let body: Value = serde_json::from_str(&fixture(&format!("request-{name}.json"))).unwrap();
        let request = read_request(body.to_string().as_bytes()).unwrap();
        let (mut out, notes) = written(&request, body["model"].as_str().unwrap());
        assert_eq!(notes, [""; 0], "{name}");
        let mut body = body;
        for field in changed {
            // a text that is a list of one part, and marks on messages, are written in their one form
            (body[field], out[field]) = (Value::Null, Value::Null);
        }
        if name == "schema" {
            body["messages"][3]["content"] = Value::Null;
        }
        assert_eq!(out, body, "{name}");
    }
}

#[test]
fn the_model_holds_what_the_fixtures_say() {
    let request = read_request(fixture("request-thinking.json").as_bytes()).unwrap();
    let mark = Some(json!({"type": "ephemeral"}));
    assert_eq!(request.messages[0].parts[0].cache_control, Some(json!({"type": "ephemeral", "ttl": "1h"})));
    assert_eq!(request.messages[1].parts[0].cache_control, mark, "a message's mark is its last part's");
    let thought = Content::Reasoning { text: "17 * 23 = 391.".into(), signature: Some("c2lnbmVk".into()) };
    assert_eq!(request.messages[2].parts[0].content, thought);
    assert_eq!(request.messages[2].parts[1].content, Content::Redacted { data: "c2VhbGVk".into() });
    assert!(matches!(&request.messages[2].parts[2].content, Content::ToolCall { id, .. } if id == "call_1"));
    assert_eq!(request.messages[3].parts[0].cache_control, mark);
    assert!(matches!(&request.tools[0], Tool::Function { cache_control, .. } if *cache_control == mark));
    assert_eq!(request.reasoning, Some(Reasoning::Budget(2048.into())));

    let request = read_request(fixture("request-legacy.json").as_bytes()).unwrap();
    let ids: Vec<_> = request.messages.iter().flat_map(|message| &message.parts).filter_map(id).collect();
    let want = ["call_function_1", "call_function_1", "call_function_2", "call_function_2"];
    assert_eq!(ids, want, "each result answers the call before it");
    assert_eq!(request.tool_choice, Some(ToolChoice::Function("weather".into())));

    let request = read_request(fixture("request-parts.json").as_bytes()).unwrap();
    let png = Source::Base64 { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() };
    assert_eq!(request.messages[0].parts[2].content, Content::Image { source: png, detail: None });

    let request = read_request(fixture("request-plain.json").as_bytes()).unwrap();
    assert_eq!(request.max_tokens, Some(120.into()), "max_completion_tokens wins");
    assert_eq!(request.messages[3].role, Role::System, "a system message stays where it stands");
    assert!(!request.rest.contains_key("model") && !request.rest.contains_key("reasoning_effort"));
}

fn id(part: &Part) -> Option<&str> {
    match &part.content {
        Content::ToolCall { id, .. } | Content::ToolResult { id, .. } => Some(id),
        _ => None,
    }
}

#[test]
fn bad_bodies_are_refused_with_their_place() {
    let message = |message: Value| json!({"messages": [{"role": "user", "content": "x"}, message]});
    let part = |part: Value| message(json!({"role": "user", "content": ["x", part]}));
    for (body, pointer) in [
        (json!([]), ""),
        (json!({"messages": {}}), "/messages"),
        (message(json!("x")), "/messages/1"),
        (message(json!({"content": "x"})), "/messages/1/role"),
        (message(json!({"role": "robot", "content": "x"})), "/messages/1/role"),
        (message(json!({"role": "user"})), "/messages/1/content"),
        (message(json!({"role": "user", "content": 7})), "/messages/1/content"),
        (message(json!({"role": "tool", "content": "x"})), "/messages/1/tool_call_id"),
        (part(json!({"text": "x"})), "/messages/1/content/1/type"),
        (part(json!({"type": "text"})), "/messages/1/content/1/text"),
        (part(json!({"type": "image_url"})), "/messages/1/content/1/image_url"),
        (part(json!({"type": "image_url", "image_url": {"url": 1}})), "/messages/1/content/1/image_url/url"),
        (
            part(json!({"type": "image_url", "image_url": {"url": "data:image/png,abc"}})),
            "/messages/1/content/1/image_url/url",
        ),
        (
            part(json!({"type": "image_url", "image_url": {"url": "data:;base64,abc"}})),
            "/messages/1/content/1/image_url/url",
        ),
        (part(json!({"type": "image_url", "image_url": "data:"})), "/messages/1/content/1/image_url"),
        (part(json!({"type": "file", "file": {}})), "/messages/1/content/1/file/file_data"),
        (part(json!({"type": "file", "file": {"file_data": "abc"}})), "/messages/1/content/1/file/file_data"),
        (
            message(json!({"role": "assistant", "tool_calls": [{"id": "a", "function": {"arguments": "{}"}}]})),
            "/messages/1/tool_calls/0/function/name",
        ),
        (message(json!({"role": "assistant", "thinking_blocks": "x"})), "/messages/1/thinking_blocks"),
        (json!({"tools": [{"type": "function"}]}), "/tools/0/function"),
        (json!({"tools": [7]}), "/tools/0"),
        (json!({"tool_choice": "perhaps"}), "/tool_choice"),
        (json!({"tool_choice": {"type": "function"}}), "/tool_choice"),
        (json!({"temperature": "hot"}), "/temperature"),
        (json!({"stop": [1]}), "/stop"),
        (json!({"stream": "yes"}), "/stream"),
        (json!({"logprobs": 3}), "/logprobs"),
        (json!({"response_format": {"type": "json_schema"}}), "/response_format/json_schema"),
        (json!({"response_format": "json"}), "/response_format"),
        (json!({"thinking": {"type": "perhaps"}}), "/thinking/type"),
        (json!({"metadata": []}), "/metadata"),
    ] {
        let refused = read_request(body.to_string().as_bytes()).expect_err(&body.to_string());
        assert_eq!(refused.pointer, pointer, "{body}: {}", refused.what);
        assert!(!refused.what.ends_with('.') && refused.what.len() > 10, "{}", refused.what);
    }
    assert_eq!(read_request(br#"{"messages":[{"role":"user","content":"\ud800"}]}"#).unwrap_err().pointer, "");
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, name: None, parts }
}

fn picture() -> Part {
    let source = Source::Base64 { media_type: "image/png".into(), data: "AA==".into() };
    Part::of(Content::Image { source, detail: None })
}

fn result(id: &str, parts: Vec<Part>, is_error: bool) -> Part {
    Part::of(Content::ToolResult { id: id.into(), parts, is_error })
}

/// As a caller of Anthropic's dialect has it: results and text in one user message, a failure as a flag.
#[test]
fn results_become_messages_of_their_own_and_their_pictures_follow() {
    let messages = vec![message(
        Role::User,
        vec![
            result("a", vec![Part::text("no such city")], true),
            result("b", vec![picture()], false),
            Part::text("Go on."),
        ],
    )];
    let (body, notes) = written(&Request { messages, ..Request::default() }, "gpt-4o");
    let url = "data:image/png;base64,AA==";
    let want = json!([
        {"role": "tool", "tool_call_id": "a", "content": "Error: no such city"},
        {"role": "tool", "tool_call_id": "b", "content": "The result is in the next user message."},
        {"role": "user", "content": [
            {"type": "text", "text": "Result of tool call b:"},
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": "Go on."},
        ]},
    ]);
    assert_eq!(body["messages"], want);
    let notes: Vec<_> = notes.iter().map(|note| note.split(':').next().unwrap()).collect();
    assert_eq!(notes, ["Renamed messages.tool_result.is_error", "Renamed messages.tool_result"]);
}

#[test]
fn marks_and_thought_go_only_where_they_are_taken() {
    let marked = |content| Part { cache_control: Some(json!({"type": "ephemeral"})), ..Part::of(content) };
    let text = || Content::Text { text: "x".into(), citations: vec![] };
    let thought = |signature: Option<&str>| {
        Part::of(Content::Reasoning { text: "hm".into(), signature: signature.map(Into::into) })
    };
    let messages = vec![
        message(Role::User, vec![marked(text())]),
        message(Role::Assistant, vec![thought(Some("s")), Part::text("y")]),
    ];
    let request = Request { messages, reasoning: Some(Reasoning::Budget(3000.into())), ..Request::default() };
    let fates = |model: &str| {
        let (body, notes) = written(&request, model);
        let notes: Vec<_> = notes.iter().map(|note| note.split(':').next().unwrap().to_owned()).collect();
        (body, notes.join(", "))
    };
    let (body, notes) = fates("claude-opus-4");
    assert_eq!(notes, "");
    assert_eq!(body["messages"][0]["content"][0]["cache_control"], json!({"type": "ephemeral"}));
    assert_eq!(body["messages"][1]["thinking_blocks"][0]["signature"], "s");
    assert_eq!(body["thinking"], json!({"type": "enabled", "budget_tokens": 3000}));
    let (body, notes) = fates("gpt-5.6");
    assert_eq!(body["messages"][0]["content"][0]["prompt_cache_breakpoint"], json!({"mode": "explicit"}));
    assert_eq!(
        notes,
        "Renamed messages.cache_control, Dropped messages.thinking.signature, Dropped messages.thinking, Renamed thinking"
    );
    assert_eq!(body["reasoning_effort"], "medium");
    assert_eq!(body["messages"][1], json!({"role": "assistant", "content": "y"}));
    let (body, notes) = fates("qwen3");
    assert_eq!(notes, "Dropped messages.cache_control, Dropped messages.thinking.signature, Renamed thinking");
    assert_eq!(body["messages"][1]["reasoning_content"], "hm");
}

#[test]
fn limits_thinking_and_tiers_are_written_as_the_model_takes_them() {
    let request = Request {
        max_tokens: Some(9.into()),
        top_k: Some(5.into()),
        stop: ["a", "b", "c", "d", "e"].map(Into::into).to_vec(),
        reasoning: Some(Reasoning::Off),
        service_tier: Some("standard_only".into()),
        tool_choice: Some(ToolChoice::Required),
        tools: vec![Tool::Native(json!({"type": "web_search_20250305", "name": "web_search"}))],
        rest: Map::from_iter([("container".to_owned(), json!("c"))]),
        stream: true,
        ..Request::default()
    };
    let (body, notes) = written(&request, "openai/o3");
    let want = json!({"model": "openai/o3", "messages": [], "max_completion_tokens": 9, "reasoning_effort": "low",
        "stop": ["a", "b", "c", "d"], "service_tier": "default", "stream": true, "stream_options": {"include_usage": true}});
    assert_eq!(body, want);
    let names: Vec<_> = notes.iter().map(|note| note.split(':').next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "Dropped tools.web_search",
            "Dropped tool_choice",
            "Dropped top_k",
            "Clamped stop",
            "Renamed service_tier",
            "Clamped thinking",
            "Dropped container"
        ]
    );
    let (body, _) = written(&request, "llama-3");
    assert_eq!((&body["max_tokens"], &body["top_k"], &body["reasoning_effort"]), (&json!(9), &json!(5), &Value::Null));
}

#[test]
fn what_has_no_form_here_is_refused_with_its_place() {
    let document = |source| Content::Document { source, name: None, more: Map::new() };
    for content in [
        Content::Image { source: Source::File("f".into()), detail: None },
        document(Source::Url("https://files.example/a.pdf".into())),
        Content::Other(json!({"type": "hologram"})),
        Content::Redacted { data: "x".into() },
    ] {
        let messages = vec![message(Role::User, vec![Part::text("x"), Part::of(content)])];
        let refused = write_request(&Request { messages, ..Request::default() }, &target("m")).unwrap_err();
        assert_eq!(refused.pointer, "/messages/0/content/1", "{}", refused.what);
    }
}
