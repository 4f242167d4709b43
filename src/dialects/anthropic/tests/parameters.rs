//! What other dialects' callers ask for, written in this one, and what is noted of it.

use serde_json::{Map, Value, json};

use super::super::write_request;
use super::{golden, parsed, pretty, target};
use crate::dialects::request::{Content, Format, Message, Part, Reasoning, Request, Role, Source, Tool, ToolChoice};
use crate::dialects::{Target, Written};

fn says(role: Role, parts: Vec<Part>) -> Message {
    Message { role, name: None, parts }
}

fn hi() -> Request {
    Request { messages: vec![says(Role::User, vec![Part::text("Hi")])], ..Request::default() }
}

fn call(id: &str, arguments: &str) -> Part {
    Part::of(Content::ToolCall { id: id.into(), name: "f".into(), arguments: arguments.into() })
}

fn result(id: &str, parts: Vec<Part>) -> Part {
    Part::of(Content::ToolResult { id: id.into(), parts, is_error: false })
}

fn tool() -> Tool {
    Tool::Function { name: "f".into(), description: None, parameters: None, strict: None, cache_control: None }
}

fn write(request: &Request, model: &str) -> (Value, String) {
    let Written { body, notes } = write_request(request, &target(model)).unwrap();
    (parsed(&body), notes.to_string())
}

/// Everything that OpenAI's API has, as its reader hands it on.
#[test]
fn a_request_of_openais_with_everything() {
    let image = Content::Image {
        source: Source::Base64 { media_type: "image/png".into(), data: "iVBORw0KGgo=".into() },
        detail: Some("high".into()),
    };
    let request = Request {
        messages: vec![
            says(Role::System, vec![Part::text("Be brief.")]),
            says(Role::Assistant, vec![Part::text("Hello. What is it?")]),
            Message {
                name: Some("ann".into()),
                ..says(Role::User, vec![Part::text("Both clocks, please."), Part::of(image)])
            },
            says(Role::System, vec![Part::text("The user is in a hurry.")]),
            says(
                Role::Assistant,
                vec![Part::text(""), call("call.1", "{\"a\": 1.50}"), call("call_2", ""), call("call_3", "{\"a\": ")],
            ),
            says(Role::Tool, vec![result("call.1", vec![Part::text("12:00")])]),
            says(Role::Tool, vec![result("call_2", vec![Part::text("12:01"), Part::text("about")])]),
            says(Role::Tool, vec![result("call_3", vec![])]),
            says(Role::Assistant, vec![Part::of(Content::Refusal("No.".into()))]),
            says(Role::User, vec![Part::text("")]),
            says(Role::Assistant, vec![Part::text("They differ by ")]),
        ],
        tools: vec![
            Tool::Function {
                name: "f".into(),
                description: Some("A clock.".into()),
                parameters: Some(json!({ "properties": { "a": { "type": "number" } } })),
                strict: Some(true),
                cache_control: Some(json!({ "type": "ephemeral" })),
            },
            tool(),
        ],
        tool_choice: Some(ToolChoice::Auto),
        parallel_tool_calls: Some(false),
        temperature: serde_json::Number::from_f64(1.7),
        top_p: serde_json::Number::from_f64(0.9),
        stop: vec!["\n".into(), "END".into()],
        n: Some(2.into()),
        seed: Some(7.into()),
        presence_penalty: serde_json::Number::from_f64(0.5),
        frequency_penalty: Some(0.into()),
        logit_bias: Some(json!({ "50256": -100 })),
        logprobs: Some(true),
        top_logprobs: Some(5.into()),
        format: Some(Format::JsonSchema {
            name: Some("gap".into()),
            description: None,
            schema: json!({ "type": "object", "properties": {}, "additionalProperties": false }),
            strict: Some(true),
        }),
        user: Some("ann@example.com".into()),
        service_tier: Some("flex".into()),
        metadata: Some(Map::from_iter([("team".to_owned(), json!("blue"))])),
        stream: true,
        rest: Map::from_iter([
            ("store".to_owned(), json!(true)),
            ("stream_options".to_owned(), json!({ "include_usage": true })),
            ("context_management".to_owned(), json!({ "edits": [] })),
        ]),
        ..Request::default()
    };
    let Written { body, notes } = write_request(&request, &target("claude-sonnet-4-5")).unwrap();
    golden("model-to-anthropic/everything.json", &pretty(&json!({ "body": parsed(&body), "notes": notes })));
}

/// `max_tokens`, the kind and budget of `thinking`, the effort; then the notes.
fn thought(model: &str, asked: &str, max_tokens: Option<u64>) -> String {
    let reasoning = match asked.parse::<u64>() {
        Ok(budget) => Reasoning::Budget(budget.into()),
        Err(_) if asked == "adaptive" => Reasoning::Adaptive,
        Err(_) => Reasoning::Effort(asked.into()),
    };
    let request = Request { reasoning: Some(reasoning), max_tokens: max_tokens.map(Into::into), ..hi() };
    let (body, notes) = write(&request, model);
    let (thinking, effort) = (&body["thinking"], &body["output_config"]["effort"]);
    format!("{} {} {} {effort}; {notes}", body["max_tokens"], thinking["type"], thinking["budget_tokens"])
        .replace('"', "")
}

#[test]
fn how_much_it_thinks_goes_by_the_model_and_the_room() {
    let both = "clamped=reasoning_effort; renamed=reasoning_effort";
    for (model, asked, max_tokens, want) in [
        ("claude-sonnet-4-5", "low", Some(9000), "9000 enabled 1024 null; renamed=reasoning_effort"),
        ("claude-sonnet-4-5", "high", None, "8192 enabled 4096 null; renamed=reasoning_effort; defaulted=max_tokens"),
        ("claude-sonnet-4-5", "high", Some(3000), &format!("3000 enabled 1500 null; {both}")),
        ("claude-sonnet-4-5", "high", Some(1500), "1500 null null null; dropped=reasoning_effort"),
        ("claude-sonnet-4-5", "none", Some(1500), "1500 disabled null null; "),
        ("claude-sonnet-4-5", "lots", Some(1500), "1500 null null null; dropped=reasoning_effort"),
        ("claude-sonnet-4-5", "adaptive", Some(9000), "9000 enabled 4096 null; clamped=thinking"),
        ("claude-3-haiku-20240307", "low", Some(9000), "9000 null null null; dropped=reasoning_effort"),
        ("claude-opus-4-6", "xhigh", Some(9000), &format!("9000 adaptive null high; {both}")),
        ("claude-opus-4-6", "500", Some(9000), "9000 enabled 1024 null; clamped=thinking"),
        ("claude-opus-4-8", "5000", Some(9000), "9000 adaptive null null; clamped=thinking"),
        ("claude-opus-5-5", "xhigh", Some(9000), "9000 adaptive null xhigh; renamed=reasoning_effort"),
        ("claude-opus-5-5", "minimal", Some(9000), &format!("9000 adaptive null low; {both}")),
        ("claude-opus-5-5", "none", Some(9000), "9000 null null low; clamped=reasoning_effort"),
        ("claude-sonnet-5-5", "none", Some(9000), "9000 between_tools null null; clamped=reasoning_effort"),
    ] {
        assert_eq!(thought(model, asked, max_tokens), want, "{model} {asked}");
    }
}

#[test]
fn the_models_own_limit_is_the_default_and_the_most() {
    let target = Target { max_output_tokens: Some(2000), ..target("claude-sonnet-4-5") };
    for (given, want, notes) in
        [(None, 2000, "defaulted=max_tokens"), (Some(9000_u64), 2000, "clamped=max_tokens"), (Some(7), 7, "")]
    {
        let written = write_request(&Request { max_tokens: given.map(Into::into), ..hi() }, &target).unwrap();
        assert_eq!(parsed(&written.body)["max_tokens"], want);
        assert_eq!(written.notes.to_string(), notes);
    }
}

#[test]
fn thought_gives_way_where_the_api_would_refuse_it() {
    let loop_without = vec![
        says(Role::User, vec![Part::text("Hi")]),
        says(Role::Assistant, vec![call("a", "{}")]),
        says(Role::Tool, vec![result("a", vec![])]),
    ];
    let mut loop_with = loop_without.clone();
    let thought = Content::Reasoning { text: "so".into(), signature: Some("sig".into()) };
    loop_with[1].parts.insert(0, Part::of(thought));
    let mut loop_with_others = loop_without.clone();
    let sealed = Content::Reasoning { text: "so".into(), signature: Some("gemini:sig".into()) };
    loop_with_others[1].parts.insert(0, Part::of(sealed));
    let request = |messages: &Vec<Message>, choice| Request {
        messages: messages.clone(),
        tools: vec![tool()],
        tool_choice: choice,
        max_tokens: Some(9000.into()),
        reasoning: Some(Reasoning::Effort("low".into())),
        ..Request::default()
    };
    let thinks = |request: &Request, model: &str| write(request, model).0["thinking"]["type"].clone();
    assert_eq!(thinks(&request(&loop_with, None), "claude-sonnet-4-5"), "enabled");
    assert_eq!(thinks(&request(&loop_without, None), "claude-sonnet-4-5"), Value::Null);
    assert_eq!(thinks(&request(&loop_with_others, None), "claude-sonnet-4-5"), Value::Null);
    assert_eq!(thinks(&request(&loop_without, None), "claude-opus-4-6"), "adaptive");
    assert_eq!(thinks(&request(&loop_with, Some(ToolChoice::Required)), "claude-opus-4-6"), Value::Null);
    let (_, notes) = write(&request(&loop_without, None), "claude-sonnet-4-5");
    assert_eq!(notes, "dropped=reasoning_effort", "what is dropped was not renamed");
}

/// The API refuses a schema with an open object, and Gemini's callers cannot say that one is closed.
#[test]
fn objects_of_a_format_are_closed_unless_the_caller_says_otherwise() {
    let schema = json!({
        "properties": {
            "properties": { "type": "array", "items": { "type": ["object", "null"], "properties": {} } },
            "any": { "anyOf": [{ "type": "string" }, { "$ref": "#/$defs/type" }] },
            "open": { "type": "object", "additionalProperties": true },
        },
        "$defs": { "type": { "type": "object", "enum": [{ "type": "object" }] } },
    });
    let mut closed = schema.clone();
    for object in ["", "/properties/properties/items", "/$defs/type"] {
        closed.pointer_mut(object).unwrap()["additionalProperties"] = false.into();
    }
    for (schema, told) in
        [(schema, "clamped=response_format; renamed=response_format"), (closed.clone(), "renamed=response_format")]
    {
        let format = Format::JsonSchema { name: None, description: None, schema, strict: None };
        let request = Request { format: Some(format), max_tokens: Some(9.into()), ..hi() };
        let (body, notes) = write(&request, "claude-sonnet-4-5");
        assert_eq!((&body["output_config"]["format"]["schema"], notes.as_str()), (&closed, told));
    }
}

#[test]
fn sampling_goes_by_the_model() {
    let number = serde_json::Number::from_f64;
    for (model, temperature, top_p, want, notes) in [
        ("claude-sonnet-4-20250514", number(0.2), number(0.9), (json!(0.2), json!(0.9)), ""),
        ("claude-sonnet-4-5", number(0.2), number(0.9), (json!(0.2), Value::Null), "dropped=top_p"),
        ("claude-sonnet-4-5", number(0.2), number(1.0), (json!(0.2), Value::Null), ""),
        ("claude-sonnet-4-5", None, number(0.9), (Value::Null, json!(0.9)), ""),
        ("claude-sonnet-4-5", number(2.0), None, (json!(1), Value::Null), "clamped=temperature"),
        ("claude-opus-5", number(0.2), number(0.9), (Value::Null, Value::Null), "dropped=temperature,top_p"),
        ("claude-opus-5", number(1.0), number(1.0), (Value::Null, Value::Null), ""),
    ] {
        let request = Request { temperature, top_p, max_tokens: Some(9.into()), ..hi() };
        let (body, told) = write(&request, model);
        let made = (body["temperature"].clone(), body["top_p"].clone());
        assert_eq!((made, told.as_str()), (want, notes), "{model}");
    }
}

#[test]
fn a_user_is_named_unless_the_name_is_personal() {
    for (user, kept) in [
        ("user-42", true),
        ("1234567890", true),
        ("b7e1@tenant", true),
        ("ann@example.com", false),
        ("+49 (30) 1234-567", false),
        ("555-123-4567", false),
    ] {
        let request = Request { user: Some(user.into()), max_tokens: Some(9.into()), ..hi() };
        let (body, notes) = write(&request, "claude-sonnet-4-5");
        assert_eq!(body["metadata"]["user_id"] == user, kept, "{user}");
        assert_eq!(notes, if kept { "renamed=user" } else { "dropped=user" });
    }
}

#[test]
fn tools_are_chosen_in_this_apis_words() {
    for (choice, parallel, want) in [
        (None, None, Value::Null),
        (None, Some(false), json!({ "type": "auto", "disable_parallel_tool_use": true })),
        (Some(ToolChoice::Auto), Some(true), json!({ "type": "auto" })),
        (Some(ToolChoice::None), Some(false), json!({ "type": "none" })),
        (Some(ToolChoice::Required), None, json!({ "type": "any" })),
        (
            Some(ToolChoice::Function("f".into())),
            Some(false),
            json!({ "type": "tool", "name": "f", "disable_parallel_tool_use": true }),
        ),
        (Some(ToolChoice::Native(json!({ "type": "allowed_tools" }))), None, Value::Null),
    ] {
        let request = Request { tools: vec![tool()], tool_choice: choice, parallel_tool_calls: parallel, ..hi() };
        assert_eq!(write(&request, "claude-sonnet-4-5").0["tool_choice"], want, "{:?}", request.tool_choice);
    }
    let without = Request { tool_choice: Some(ToolChoice::None), ..hi() };
    assert_eq!(write(&without, "claude-sonnet-4-5").0["tool_choice"], Value::Null);
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_place() {
    let image = |source| Part::of(Content::Image { source, detail: None });
    for (role, part) in [
        (Role::User, Part::of(Content::Audio { data: "AAAA".into(), format: "wav".into() })),
        (Role::User, image(Source::Base64 { media_type: "image/tiff".into(), data: "AAAA".into() })),
        (Role::User, image(Source::Url("ftp://example.com/a.png".into()))),
        (Role::User, Part::of(Content::Other(json!({ "type": "video_url" })))),
        (Role::System, image(Source::Url("https://example.com/a.png".into()))),
        (Role::User, call("a", "{}")),
        (Role::Assistant, result("a", vec![])),
    ] {
        let request =
            Request { messages: vec![says(Role::User, vec![]), says(role, vec![part])], ..Request::default() };
        let fault = write_request(&request, &target("claude-sonnet-4-5")).unwrap_err();
        assert_eq!(fault.pointer, "/messages/1/content/0", "{}", fault.what);
    }
}

#[test]
fn thought_that_is_not_signed_is_not_sent() {
    let unsigned = Part::of(Content::Reasoning { text: "hm".into(), signature: None });
    let mut request = hi();
    request.messages.push(says(Role::Assistant, vec![unsigned, Part::text("Yes.")]));
    request.messages.push(says(Role::User, vec![Part::text("Why?")]));
    let (body, notes) = write(&request, "claude-sonnet-4-5");
    assert_eq!(body["messages"][1], json!({ "role": "assistant", "content": "Yes." }));
    assert_eq!(notes, "dropped=messages.reasoning_content; defaulted=max_tokens");
}

/// The model's own digits and order: what is cached by its text must not change from turn to turn.
#[test]
fn arguments_of_a_call_go_out_as_they_were_written() {
    let mut request = hi();
    request.messages.push(says(Role::Assistant, vec![call("a", "{\"b\": 1.50, \"a\":1e3}")]));
    request.messages.push(says(Role::Tool, vec![result("a", vec![])]));
    let written = write_request(&request, &target("claude-sonnet-4-5")).unwrap();
    let body = String::from_utf8(written.body.to_vec()).unwrap();
    assert!(body.contains(r#""input":{"b": 1.50, "a":1e3}"#), "{body}");
}
