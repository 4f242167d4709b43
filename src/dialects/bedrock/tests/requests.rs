//! Requests of the other dialects' fixtures, written for Bedrock.

use serde_json::{Value, json};

use super::super::write_request;
use super::{fixture, golden};
use crate::dialects::request::{Content, Message, Part, Request, Role};
use crate::dialects::{BadRequest, Target, Written, anthropic, openai};

const CLAUDE: &str = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
const LLAMA: &str = "meta.llama3-3-70b-instruct-v1:0";

const FROM_OPENAI: [&str; 7] = ["plain", "legacy", "tools", "parts", "schema", "thinking", "compatible"];
const FROM_ANTHROPIC: [&str; 7] = ["text", "tools", "thinking", "documents", "structured", "native", "system-middle"];

fn target(model: &str) -> Target<'_> {
    Target { model, max_output_tokens: None, stream_usage: true }
}

/// Body and notes, or the refusal.
fn shown(written: Result<Written, BadRequest>) -> String {
    let shown = match written {
        Ok(Written { body, notes }) => json!({"body": serde_json::from_slice::<Value>(&body).unwrap(), "notes": notes}),
        Err(BadRequest { pointer, what }) => json!({"refused": {"pointer": pointer, "what": what}}),
    };
    format!("{shown:#}\n")
}

#[test]
fn every_request_is_written_for_a_claude_and_for_another() {
    for (model, family) in [(CLAUDE, "claude"), (LLAMA, "llama")] {
        for name in FROM_OPENAI {
            let request = openai::read_request(fixture(&format!("openai/request-{name}.json")).as_bytes()).unwrap();
            let made = shown(write_request(&request, &target(model)));
            golden(&format!("openai-to-bedrock/{family}-{name}.json"), &made);
        }
        for name in FROM_ANTHROPIC {
            let body = fixture(&format!("anthropic/request-{name}.json"));
            let request = anthropic::read_request(body.as_bytes()).unwrap();
            golden(
                &format!("anthropic-to-bedrock/{family}-{name}.json"),
                &shown(write_request(&request, &target(model))),
            );
        }
    }
}

fn written(model: &str, body: Value) -> (Value, String) {
    let request = openai::read_request(body.to_string().as_bytes()).unwrap();
    let Written { body, notes } = write_request(&request, &target(model)).unwrap_or_else(|bad| panic!("{bad:?}"));
    (serde_json::from_slice(&body).unwrap(), notes.to_string())
}

#[track_caller]
fn refused(body: Value) -> BadRequest {
    let request = openai::read_request(body.to_string().as_bytes()).unwrap();
    write_request(&request, &target(CLAUDE)).err().unwrap_or_else(|| panic!("taken: {body}"))
}

fn asking(more: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn how_much_a_model_thinks_is_told_in_its_own_words() {
    let fields = |model: &str| {
        let (body, notes) = written(model, asking(json!({"reasoning_effort": "high", "max_tokens": 9000})));
        (body["additionalModelRequestFields"].clone(), notes)
    };
    let (claude, notes) = fields(CLAUDE);
    assert_eq!(claude, json!({"thinking": {"type": "enabled", "budget_tokens": 4096}}));
    assert_eq!(notes, "renamed=reasoning_effort");
    let (newer, _) = fields("us.anthropic.claude-opus-5-v1:0");
    assert_eq!(newer, json!({"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}));
    assert_eq!(fields("openai.gpt-oss-120b-1:0").0, json!({"reasoning_effort": "high"}));
    let nova = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}});
    assert_eq!(fields("us.amazon.nova-2-lite-v1:0").0, nova);
    assert_eq!(fields(LLAMA), (Value::Null, "dropped=reasoning_effort".to_owned()));
}

/// A tool must be called, so the model must not think: Anthropic's rule, which the service keeps too.
#[test]
fn a_structured_answer_by_a_tool_leaves_no_thought() {
    let format = json!({"response_format": {"type": "json_object"}, "reasoning_effort": "low"});
    let (body, notes) = written("anthropic.claude-3-7-sonnet-20250219-v1:0", asking(format));
    assert_eq!(body["toolConfig"]["toolChoice"]["tool"]["name"], super::super::format::ANSWER);
    assert_eq!(body["additionalModelRequestFields"], Value::Null);
    assert!(notes.contains("dropped=reasoning_effort") && notes.contains("response_format"), "{notes}");
}

/// The service refuses a signature that is not its own, and with it the conversation.
#[test]
fn what_others_signed_is_not_given_to_it() {
    let says = |parts: &[Content]| Message {
        role: Role::Assistant,
        name: None,
        parts: parts.iter().cloned().map(Part::of).collect(),
    };
    let thought = |sealed: &str| Content::Reasoning { text: "so".into(), signature: Some(sealed.into()) };
    let closed = |sealed: &str| Content::Redacted { data: sealed.into() };
    let others = [thought("gemini:CiQB"), thought("openai:rs_1:gAAA"), closed("openai:rs_1:gAAA")];
    let parts =
        [others.as_slice(), &[thought("EqQB"), closed("Emwk"), Content::Text { text: "hm".into(), citations: vec![] }]];
    let user = Message { role: Role::User, name: None, parts: vec![Part::text("hi")] };
    let request = Request { messages: vec![user.clone(), says(&parts.concat()), user], ..Request::default() };
    let Written { body, notes } = write_request(&request, &target(CLAUDE)).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let want = json!([
        {"reasoningContent": {"reasoningText": {"text": "so", "signature": "EqQB"}}},
        {"reasoningContent": {"redactedContent": "Emwk"}},
        {"text": "hm"},
    ]);
    assert_eq!(body["messages"][1]["content"], want);
    assert_eq!(notes.to_string(), "dropped=messages.reasoning_content,messages.thinking.signature");
}

#[test]
fn tools_that_must_not_be_called_are_left_out_where_they_can_be() {
    let tools = json!([{"type": "function", "function": {"name": "f"}}]);
    let (body, notes) = written(CLAUDE, asking(json!({"tools": tools, "tool_choice": "none"})));
    assert_eq!((body["toolConfig"].clone(), notes.as_str()), (Value::Null, "renamed=tool_choice"));
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let spoken_of = json!({"tools": tools, "tool_choice": "none", "messages": [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": ""},
    ]});
    let (body, notes) = written(CLAUDE, asking(spoken_of));
    assert_eq!(body["toolConfig"]["tools"][0]["toolSpec"]["name"], "f");
    assert_eq!(body["messages"][2]["content"][0]["toolResult"]["content"], json!([{"text": "(no content)"}]));
    assert_eq!(notes, "dropped=tool_choice; defaulted=messages.tool.content");
}

#[test]
fn a_cache_point_is_for_models_that_have_it() {
    let marked = json!([{"type": "text", "text": "long", "cache_control": {"type": "ephemeral"}}]);
    let body = || asking(json!({"messages": [{"role": "user", "content": marked}]}));
    let points = json!([{"text": "long"}, {"cachePoint": {"type": "default"}}]);
    let arn = "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2";
    for model in [CLAUDE, "amazon.nova-pro-v1:0", arn] {
        assert_eq!(written(model, body()), (json!({"messages": [{"role": "user", "content": points}]}), String::new()));
    }
    assert_eq!(written(LLAMA, body()).1, "dropped=messages.cache_control");
}

#[test]
fn what_bedrock_cannot_take_is_refused_with_its_place() {
    let part =
        |part: Value| asking(json!({"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}, part]}]}));
    for (body, pointer, says) in [
        (part(json!({"type": "image_url", "image_url": {"url": "https://h/a.png"}})), "/messages/0/content/1", "s3://"),
        (
            part(json!({"type": "image_url", "image_url": {"url": "data:image/tiff;base64,AA=="}})),
            "/messages/0/content/1",
            "webp",
        ),
        (part(json!({"type": "file", "file": {"file_id": "file-1"}})), "/messages/0/content/1", "keeps no files"),
        (part(json!({"type": "hologram"})), "/messages/0/content/1", "does not have"),
        (
            asking(json!({"tools": [{"type": "function", "function": {"name": super::super::format::ANSWER}}]})),
            "/tools/0/function/name",
            "choose another",
        ),
    ] {
        let BadRequest { pointer: at, what } = refused(body);
        assert_eq!(at, pointer, "{what}");
        assert!(what.contains(says), "{what}");
    }
}

#[test]
fn pictures_and_files_in_buckets_are_pointed_at() {
    let url = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    let (body, _) =
        written(CLAUDE, asking(json!({"messages": [{"role": "user", "content": [url("s3://b/k/a.jpg")]}]})));
    let want = json!({"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://b/k/a.jpg"}}}});
    assert_eq!(body["messages"][0]["content"][0], want);
}
