//! Requests read, written again, and compared: with the golden, and where the fixture is in normal form, with itself.

use serde_json::json;

use super::super::{read_request, write_request};
use super::{fixture, golden, parsed, pretty, target};

/// Those that come back as they were.
const NORMAL: [&str; 6] = ["text", "tools", "thinking", "documents", "structured", "native"];
/// Those that have something the normal form has not.
const OTHERS: [&str; 1] = ["system-middle"];

#[test]
fn a_request_comes_back_as_it_was() {
    for name in NORMAL.iter().chain(&OTHERS) {
        let body = fixture(&format!("request-{name}.json"));
        let want = parsed(body.as_bytes());
        let request = read_request(body.as_bytes()).unwrap();
        let written = write_request(&request, &target(want["model"].as_str().unwrap())).unwrap();
        let made = parsed(&written.body);
        if NORMAL.contains(name) {
            assert_eq!(made, want, "{name}");
        }
        assert_eq!(written.notes.dropped().count(), 0, "{name}: {}", written.notes);
        let shown = json!({ "body": made, "notes": written.notes });
        golden(&format!("anthropic-to-anthropic/request-{name}.json"), &pretty(&shown));
    }
}

/// The model between the dialects, to be read: what another dialect's writer is given.
#[test]
fn a_request_is_read_into_the_model() {
    for name in NORMAL.iter().chain(&OTHERS) {
        let request = read_request(fixture(&format!("request-{name}.json")).as_bytes()).unwrap();
        golden(&format!("anthropic-to-model/request-{name}.txt"), &format!("{request:#?}\n"));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (body, pointer) in [
        (r#"{"messages":7}"#, "/messages"),
        (r#"{}"#, "/messages"),
        (r#"[]"#, ""),
        (r#"{"messages":[7]}"#, "/messages/0"),
        (r#"{"messages":[{"role":"robot","content":""}]}"#, "/messages/0/role"),
        (r#"{"messages":[{"role":"user"}]}"#, "/messages/0/content"),
        (r#"{"messages":[{"role":"user","content":[{"text":"x"}]}]}"#, "/messages/0/content/0/type"),
        (r#"{"messages":[{"role":"user","content":[{"type":"text"}]}]}"#, "/messages/0/content/0/text"),
        (r#"{"messages":[{"role":"user","content":[{"type":"image"}]}]}"#, "/messages/0/content/0/source"),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"x"}}]}]}"#,
            "/messages/0/content/0/source/media_type",
        ),
        (
            r#"{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":"c"}]}]}"#,
            "/messages/0/content/0/input",
        ),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_result"}]}]}]}"#,
            "/messages/0/content/0/content/0/type",
        ),
        (r#"{"system":[{"type":"image","source":{"type":"url","url":"u"}}],"messages":[]}"#, "/system/0/type"),
        (r#"{"messages":[],"max_tokens":"9"}"#, "/max_tokens"),
        (r#"{"messages":[],"max_tokens":null}"#, "/max_tokens"),
        (r#"{"messages":[]}"#, "/max_tokens"),
        (r#"{"messages":[],"stop_sequences":["a",1]}"#, "/stop_sequences/1"),
        (r#"{"messages":[],"tools":[{"input_schema":{}}]}"#, "/tools/0/name"),
        (r#"{"messages":[],"tool_choice":{"type":"tool"}}"#, "/tool_choice/name"),
        (r#"{"messages":[],"tool_choice":"auto"}"#, "/tool_choice"),
        (r#"{"messages":[],"thinking":{"type":"enabled"}}"#, "/thinking/budget_tokens"),
        (r#"{"messages":[],"output_config":{"format":{"type":"xml"}}}"#, "/output_config/format/type"),
        (r#"{"messages":[],"metadata":{"user_id":7}}"#, "/metadata/user_id"),
        (r#"{"messages":[],"max_tokens":9,"thread":{"type":"create"}}"#, "/thread"),
    ] {
        let fault = read_request(body.as_bytes()).unwrap_err();
        assert_eq!(fault.pointer, pointer, "{body}: {}", fault.what);
        assert!(!fault.what.is_empty());
    }
}

#[test]
fn null_counts_as_absent() {
    let body = r#"{"messages":[{"role":"user","content":"x"}],"system":null,"max_tokens":9,"top_k":null,"tools":null,"tool_choice":null,
        "thinking":null,"metadata":null,"stop_sequences":null,"stream":null,"output_config":null,"container":null,"thread":null}"#;
    let request = read_request(body.as_bytes()).unwrap();
    assert_eq!(request, read_request(br#"{"messages":[{"role":"user","content":"x"}],"max_tokens":9}"#).unwrap());
}
