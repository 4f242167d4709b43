//! A tool that a provider runs itself, declared by each caller, before each provider: served, or noted under its one name.

use serde_json::{Value, json};

use super::table::{ROWS, Row};
use crate::dialects::Target;

/// Tools as callers of a dialect declare them, what they are called, and who has them besides callers of the same.
const DECLARED: [(&str, &str, &str, &[&str]); 8] = [
    ("openai", r#"{"type":"code_interpreter"}"#, "code_interpreter", &[]),
    ("openai", r#"{"type":"code_execution_20250825","name":"code_execution"}"#, "code_execution", &["anthropic"]),
    ("responses", r#"{"type":"code_interpreter","container":{"type":"auto"}}"#, "code_interpreter", &[]),
    ("responses", r#"{"type":"computer_use_preview"}"#, "computer_use", &[]),
    ("responses", r#"{"type":"web_search"}"#, "web_search", &["anthropic", "gemini", "responses"]),
    ("anthropic", r#"{"type":"code_execution_20250825","name":"code_execution"}"#, "code_execution", &["anthropic"]),
    (
        "anthropic",
        r#"{"type":"web_search_20250305","name":"web_search"}"#,
        "web_search",
        &["anthropic", "gemini", "responses"],
    ),
    ("gemini", r#"{"codeExecution":{}}"#, "codeExecution", &["gemini"]),
];

fn body(caller: &str, tool: &str) -> Value {
    let tool: Value = serde_json::from_str(tool).unwrap();
    match caller {
        "gemini" => json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}], "tools": [tool]}),
        "responses" => json!({"model": "m", "input": "hi", "tools": [tool]}),
        _ => json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "tools": [tool]}),
    }
}

fn row(name: &str) -> &'static Row {
    ROWS.iter().find(|row| row.name == name).unwrap()
}

#[test]
fn a_tool_that_is_not_served_has_one_name_and_one_fate() {
    for (caller, tool, kind, served) in DECLARED {
        let request = (row(caller).read_request.unwrap())(body(caller, tool).to_string().as_bytes()).unwrap();
        // whoever goes on with a text has no tools at all
        for to in ROWS.iter().filter(|to| to.name != "text") {
            let target = Target { model: to.model, max_output_tokens: None, stream_usage: true };
            let written = (to.write_request)(&request, &target).unwrap();
            let dropped: Vec<&str> = written.notes.dropped().map(|note| note.param.as_str()).collect();
            let want = if served.contains(&to.name) { vec![] } else { vec![format!("tools.{kind}")] };
            assert_eq!(dropped, want, "{caller} {tool} to {}", to.name);
            let body: Value = serde_json::from_slice(&written.body).unwrap();
            assert!(
                want.is_empty() != (body.get("tools").is_none() && body.get("web_search_options").is_none()),
                "{body}"
            );
        }
    }
}
