//! Messages in the forms that a server takes, and those that it does not touch.

use millrace_actors::wire::notes::Notes;
use serde_json::{Value, json};

use crate::providers::compatible::messages::amended;
use crate::providers::row::{PLAIN, Thought, Traits};

/// The messages as the server gets them, and what is noted; nothing where they pass as they are.
fn sent(messages: &str, traits: &Traits) -> (Option<Value>, String) {
    let mut notes = Notes::default();
    let new = amended(messages.as_bytes(), traits, &mut notes);
    (new.map(|new| serde_json::from_str(&new).unwrap()), notes.to_string())
}

#[test]
fn messages_that_need_no_change_keep_their_bytes() {
    let strict = Traits { developer: false, parts: false, names: false, thought: Thought::Nothing, ..PLAIN };
    for text in [
        r#"[{"role":"user","content":"developer, text and name"}]"#,
        r#"[ {"role" : "user", "content":[{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"a"}]} ]"#,
        r#"[{"role":"tool","name":"look","tool_call_id":"1","content":"\"name\""}]"#,
        "[]",
        r#"[1,"developer"]"#,
        r#"{"role":"developer"}"#,
    ] {
        assert_eq!(sent(text, &strict), (None, String::new()), "{text}");
    }
    let all = r#"[{"role":"developer","name":"n","content":[{"type":"text","text":"a"}],"reasoning_content":"r"}]"#;
    assert_eq!(sent(all, &PLAIN).0, None);
}

#[test]
fn roles_parts_and_names_become_what_the_server_knows() {
    let strict = Traits { developer: false, parts: false, names: false, ..PLAIN };
    let text = r#"[{"role":"developer","content":[{"type":"text","text":"a\n"},{"type":"text","text":"\u00e9"}],"name":"n"},{"role":"user","content":"b"}]"#;
    let (new, notes) = sent(text, &strict);
    assert_eq!(new, Some(json!([{"role": "system", "content": "a\né"}, {"role": "user", "content": "b"}])));
    assert_eq!(notes, "dropped=messages.name");
}

#[test]
fn thought_goes_back_in_the_servers_form() {
    let text = r#"[{"role":"assistant","content":"a","reasoning_content":"why","thinking_blocks":[{"type":"thinking","thinking":"why","signature":"s"},{"type":"redacted_thinking","data":"d"}]}]"#;
    let of = |thought| sent(text, &Traits { thought, ..PLAIN });
    assert_eq!(of(Thought::Content).0, None);
    assert_eq!(of(Thought::Reasoning).0, Some(json!([{"role": "assistant", "content": "a", "reasoning": "why"}])));
    let (new, notes) = of(Thought::Nothing);
    assert_eq!(
        (new, notes.as_str()),
        (Some(json!([{"role": "assistant", "content": "a"}])), "dropped=messages.thinking")
    );
    let (new, notes) = of(Thought::Details);
    let details = json!([
        {"type": "reasoning.text", "text": "why", "signature": "s", "format": "anthropic-claude-v1", "index": 0},
        {"type": "reasoning.encrypted", "data": "d", "format": "anthropic-claude-v1", "index": 1}]);
    let want = json!([{"role": "assistant", "content": "a", "reasoning_details": details}]);
    assert_eq!((new, notes.as_str()), (Some(want), ""));
}
