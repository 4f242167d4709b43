//! Requests: into the model and out of it, from and to every protocol.

use serde_json::{Value, json};

use super::{fixture, fixtures, golden, parsed, pretty, target};
use crate::dialects::gemini::{read_request, write_request};
use crate::dialects::request::{Content, Message, Part, Reasoning, Request, Role, Tool};
use crate::dialects::{BadRequest, Notes, Written, anthropic, openai};

fn written(request: &Request, model: &str) -> (Value, Notes) {
    let written = write_request(request, &target(model)).unwrap();
    (parsed(&written.body), written.notes)
}

/// A body and its notes, or why there is none.
fn shown(written: Result<Written, BadRequest>) -> String {
    match written {
        Ok(written) => format!("{}{}\n", pretty(&parsed(&written.body)), written.notes),
        Err(bad) => format!("{} {}\n", bad.pointer, bad.what),
    }
}

#[test]
fn requests_reach_every_protocol() {
    for name in fixtures("gemini", "request-") {
        let request = read_request(fixture(&format!("gemini/{name}")).as_bytes()).unwrap();
        golden(&format!("gemini-to-model/{}", name.replace(".json", ".txt")), &format!("{request:#?}\n"));
        let (own, _) = written(&request, "gemini-3-pro");
        golden(&format!("gemini-to-gemini/{name}"), &pretty(&own));
        // what was written is what was read
        let again = read_request(own.to_string().as_bytes()).unwrap();
        assert_eq!(written(&again, "gemini-3-pro").0, own, "{name}");
        golden(&format!("gemini-to-openai/{name}"), &shown(openai::write_request(&request, &target("gpt-4o"))));
        let claude = anthropic::write_request(&request, &target("claude-sonnet-4-5"));
        golden(&format!("gemini-to-anthropic/{name}"), &shown(claude));
    }
}

#[test]
fn requests_of_every_protocol_reach_gemini() {
    type Read = fn(&[u8]) -> Result<Request, BadRequest>;
    for (from, read) in [("openai", openai::read_request as Read), ("anthropic", anthropic::read_request)] {
        for name in fixtures(from, "request-") {
            let request = read(fixture(&format!("{from}/{name}")).as_bytes()).unwrap();
            golden(&format!("{from}-to-gemini/{name}"), &shown(write_request(&request, &target("gemini-2.5-flash"))));
        }
    }
}

#[test]
fn bad_bodies_are_refused_with_their_place() {
    for (body, pointer) in [
        ("[]", ""),
        ("{}", "/contents"),
        (r#"{"contents":[{"role":"wizard","parts":[]}]}"#, "/contents/0/role"),
        (r#"{"contents":[{"role":"user"}]}"#, "/contents/0/parts"),
        (
            r#"{"contents":[{"parts":[{"functionResponse":{"name":"f","response":{}}}]}]}"#,
            "/contents/0/parts/0/functionResponse/name",
        ),
        (
            r#"{"contents":[{"parts":[{"inlineData":{"mimeType":"image/png"}}]}]}"#,
            "/contents/0/parts/0/inlineData/data",
        ),
        (r#"{"contents":[],"generationConfig":{"topK":"x"}}"#, "/generationConfig/topK"),
        (r#"{"contents":[],"tools":[{"functionDeclarations":[{}]}]}"#, "/tools/0/functionDeclarations/0/name"),
        (
            r#"{"contents":[],"toolConfig":{"functionCallingConfig":{"mode":"X"}}}"#,
            "/toolConfig/functionCallingConfig/mode",
        ),
    ] {
        assert_eq!(read_request(body.as_bytes()).unwrap_err().pointer, pointer, "{body}");
    }
}

/// Google's SDK keeps each piece of a stream as a content of its own, and sends them all back.
#[test]
fn what_the_model_said_in_pieces_is_one_text() {
    let said = |role: &str, texts: [&str; 3]| {
        let content = |text: &str| json!({"role": role, "parts": [{"text": text}]});
        let request = read_request(json!({"contents": texts.map(content)}).to_string().as_bytes()).unwrap();
        request.messages.into_iter().flat_map(|message| message.parts).map(|part| part.content).collect::<Vec<_>>()
    };
    let text = |text: &str| Content::Text { text: text.into(), citations: vec![] };
    assert_eq!(said("model", ["the", " fi", "rst"]), [text("the first")]);
    assert_eq!(said("user", ["the", "second", ""]), [text("the"), text("second")]);
    let signed =
        json!({"contents": [{"role": "model", "parts": [{"text": "a", "thoughtSignature": "c2ln"}, {"text": "b"}]}]});
    let request = read_request(signed.to_string().as_bytes()).unwrap();
    assert_eq!(request.messages[0].parts.len(), 3, "{request:?}");
}

#[test]
fn thought_is_asked_for_as_each_model_takes_it() {
    let config = |reasoning: Reasoning, model: &str| {
        let (body, notes) = written(
            &Request {
                reasoning: Some(reasoning),
                messages: vec![Message { role: Role::User, name: None, parts: vec![Part::text("hi")] }],
                ..Request::default()
            },
            model,
        );
        (body["generationConfig"]["thinkingConfig"].clone(), notes.to_string())
    };
    let effort = |word: &str| Reasoning::Effort(word.to_owned());
    for (reasoning, model, want, noted) in [
        (effort("low"), "gemini-2.5-flash", json!({"includeThoughts": true, "thinkingBudget": 1024}), "renamed"),
        (effort("low"), "gemini-3-pro-preview", json!({"includeThoughts": true, "thinkingLevel": "low"}), "renamed"),
        (effort("max"), "gemini-3-pro-preview", json!({"includeThoughts": true, "thinkingLevel": "high"}), "clamped"),
        (
            effort("minimal"),
            "gemini-3-pro-preview",
            json!({"includeThoughts": true, "thinkingLevel": "low"}),
            "clamped",
        ),
        (effort("none"), "gemini-2.5-flash", json!({"thinkingBudget": 0}), ""),
        (Reasoning::Off, "gemini-2.5-pro", json!({"thinkingBudget": 128}), "clamped"),
        (Reasoning::Adaptive, "gemini-2.5-pro", json!({"includeThoughts": true, "thinkingBudget": -1}), ""),
        (
            Reasoning::Budget(99_999.into()),
            "gemini-2.5-pro",
            json!({"includeThoughts": true, "thinkingBudget": 32768}),
            "clamped",
        ),
        (effort("high"), "gemini-2.0-flash", Value::Null, "dropped"),
        (effort("odd"), "gemini-2.5-flash", Value::Null, "dropped"),
    ] {
        let (got, notes) = config(reasoning, model);
        assert_eq!(got, want, "{model}");
        assert!(notes.starts_with(noted) && notes.is_empty() == noted.is_empty(), "{model}: {notes}");
    }
}

#[test]
fn signatures_go_back_to_the_part_they_are_of_and_to_nobody_else() {
    let request = read_request(fixture("gemini/request-thinking.json").as_bytes()).unwrap();
    let (own, _) = written(&request, "gemini-3-pro");
    assert_eq!(own["contents"][1]["parts"][1]["thoughtSignature"], "CiQBsigA+/==");
    assert_eq!(own["contents"][3]["parts"][1], json!({"text": "", "thoughtSignature": "CiQBsigB"}));
    let claude = anthropic::write_request(&request, &target("claude-sonnet-4-5")).unwrap();
    assert!(!String::from_utf8_lossy(&claude.body).contains("CiQBsig"), "a signature went to another provider");
    // a call that another model made is not refused for want of one
    let foreign = json!({"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "x"}]});
    let request = openai::read_request(foreign.to_string().as_bytes()).unwrap();
    let (own, notes) = written(&request, "gemini-3-pro");
    assert_eq!(own["contents"][1]["parts"][0]["thoughtSignature"], "skip_thought_signature_validator");
    assert_eq!(notes.to_string(), "defaulted=messages.thought_signature");
    assert_eq!(written(&request, "gemini-2.5-pro").0["contents"][1]["parts"][0]["thoughtSignature"], Value::Null);
}

#[test]
fn another_providers_thought_survives_a_caller_of_this_protocol() {
    let parts = json!([{"text": "a", "thought": true}, {"text": "b", "thought": true},
        {"text": "", "thought": true, "thoughtSignature": crate::dialects::signature::wrapped("EqoB+/claude==")},
        {"text": "", "thought": true, "thoughtSignature": crate::dialects::signature::wrapped_redacted("EmwK")}]);
    let body = json!({"contents": [{"role": "model", "parts": parts}]});
    let request = read_request(body.to_string().as_bytes()).unwrap();
    let contents: Vec<Content> = request.messages[0].parts.iter().map(|part| part.content.clone()).collect();
    let signature = Some("EqoB+/claude==".to_owned());
    let want = vec![Content::Reasoning { text: "ab".into(), signature }, Content::Redacted { data: "EmwK".into() }];
    assert_eq!(contents, want);
}

#[test]
fn results_name_their_function_and_say_whether_it_failed() {
    let body = json!({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{"}},
            {"id": "own-7", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "own-7", "content": "{\"a\": 1}"},
        {"role": "tool", "tool_call_id": "call_1", "content": "no such file", "is_error": true}]});
    let request = openai::read_request(body.to_string().as_bytes()).unwrap();
    let (own, notes) = written(&request, "gemini-2.5-flash");
    let model = &own["contents"][1]["parts"];
    assert_eq!(model[0]["functionCall"], json!({"name": "f", "args": {"INVALID_JSON": "{"}}));
    assert_eq!(model[1]["functionCall"], json!({"id": "own-7", "name": "g", "args": {}}));
    let user = &own["contents"][2]["parts"];
    assert_eq!(user[0]["functionResponse"], json!({"id": "own-7", "name": "g", "response": {"a": 1}}));
    assert_eq!(user[1]["functionResponse"], json!({"name": "f", "response": {"error": "no such file"}}));
    assert_eq!(notes.to_string(), "renamed=messages.tool_calls.arguments");
    let orphan = json!({"messages": [{"role": "tool", "tool_call_id": "nobody", "content": "x"}]});
    let request = openai::read_request(orphan.to_string().as_bytes()).unwrap();
    assert_eq!(write_request(&request, &target("gemini-2.5-flash")).unwrap_err().pointer, "/messages/0");
}

/// Only bytes may stand within a result (Google's reference, `FunctionResponsePart`); texts are the result's own.
#[test]
fn results_hold_texts_and_bytes_and_files_follow_them() {
    let body = json!({"model": "m", "max_tokens": 9, "messages": [
    {"role": "user", "content": "x"},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [
        {"type": "text", "text": "a"},
        {"type": "search_result", "source": "https://s", "title": "S", "content": [{"type": "text", "text": "b"}]},
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "c"}},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "image", "source": {"type": "url", "url": "https://h/x.png"}},
    ]}]}]});
    let request = anthropic::read_request(body.to_string().as_bytes()).unwrap();
    let of = |model: &str| written(&request, model).0["contents"][2]["parts"].clone();
    let rich = of("gemini-3-pro");
    assert_eq!(rich[0]["functionResponse"]["response"], json!({"output": "a\nS\n\nhttps://s\n\nb\nc"}));
    let bytes = json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}});
    assert_eq!(rich[0]["functionResponse"]["parts"], json!([bytes]));
    assert_eq!(rich[1], json!({"text": "Result of `f`:"}));
    assert_eq!(rich[2]["fileData"]["fileUri"], "https://h/x.png");
    let plain = of("gemini-2.5-flash");
    assert_eq!(plain[0]["functionResponse"]["response"], rich[0]["functionResponse"]["response"]);
    assert!(plain[0]["functionResponse"]["parts"].is_null());
    assert_eq!((&plain[2], &plain[3]), (&bytes, &rich[2]));
}

/// Google's models search, or call functions; what is asked of a search besides is noted.
#[test]
fn a_search_is_asked_for_once_and_never_beside_functions() {
    let function = json!({"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": {"name": "f"}}]});
    let functions = || openai::read_request(function.to_string().as_bytes()).unwrap().tools;
    let tool = || Tool::Native(json!({"type": "web_search", "search_context_size": "low"}));
    let options = json!({"search_context_size": "low"});
    let of = |tools: Vec<Tool>, options: &Value| {
        let body = json!({"messages": [{"role": "user", "content": "x"}], "web_search_options": options});
        let mut request = openai::read_request(body.to_string().as_bytes()).unwrap();
        request.tools = tools;
        let (own, notes) = written(&request, "gemini-2.5-flash");
        (own["tools"].clone(), notes.to_string())
    };
    let search = json!([{"googleSearch": {}}]);
    for tools in [vec![], vec![tool()], vec![tool(), tool()]] {
        let (told, notes) = of(tools, &options);
        assert_eq!(told, search, "{notes}");
        assert!(notes.contains("dropped=tools.web_search.search_context_size"), "{notes}");
    }
    assert_eq!(of(vec![Tool::Native(json!({"googleSearch": {}}))], &options).0, search);
    let (told, notes) = of(functions(), &options);
    assert_eq!(told, json!([{"functionDeclarations": [{"name": "f"}]}]));
    assert!(notes.starts_with("dropped=web_search_options"), "{notes}");
}
