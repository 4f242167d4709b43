//! Tests of the callback: parameters, requests, whole answers.

use serde_json::json;

use super::*;
use crate::callbacks::testing::facts;

fn made(params: Value) -> DenyWords {
    start("guard", read(&params).unwrap())
}

async fn asked(guard: &DenyWords, body: &str) -> Result<Option<String>, Refusal> {
    let changed = guard.pre_call(&facts(body.as_bytes())).await?;
    Ok(changed.map(|body| String::from_utf8(body.to_vec()).unwrap()))
}

async fn answered(guard: &DenyWords, answer: &str) -> Result<Option<String>, Refusal> {
    let changed = guard.post_call(&facts(b"{}"), &Bytes::copy_from_slice(answer.as_bytes())).await?;
    Ok(changed.map(|body| String::from_utf8(body.to_vec()).unwrap()))
}

#[actix_web::test]
async fn a_request_is_refused_wherever_the_word_is() {
    let guard = made(json!({"words": ["bad"], "code": "no_bad", "message": "not here"}));
    let places = [
        r#"{"messages":[{"role":"user","content":"so BAD"}]}"#,
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"ok"},{"type":"text","text":"b\u0061d"}]}]}"#,
        r#"{"messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"q\":\"bad\"}"}}]}]}"#,
        r#"{"messages":[{"role":"tool","content":"bad result"}]}"#,
        r#"{"messages":[{"role":"tool","content":[{"type":"text","text":"bad result"}]}]}"#,
        r#"{"prompt":["ok","bad"]}"#,
        r#"{"input":"bad"}"#,
        // the second of two keys counts for some readers, the first for others
        r#"{"messages":[{"content":"bad","content":"ok"}]}"#,
    ];
    for body in places {
        let refusal = asked(&guard, body).await.unwrap_err();
        assert_eq!((&*refusal.by, &*refusal.code, &*refusal.message), ("guard", "no_bad", "not here"), "{body}");
    }
    for body in
        [r#"{"messages":[{"role":"user","content":"fine"}],"user":"bad"}"#, r#"{"input":[[1,2]],"model":"bad"}"#]
    {
        assert_eq!(asked(&guard, body).await.unwrap(), None, "{body}");
    }
}

#[actix_web::test]
async fn a_mask_changes_only_the_strings_it_must() {
    let guard = made(json!({"words": ["bad"], "patterns": ["[0-9]{3}-[0-9]{4}"], "action": "mask", "mask": "[x]"}));
    let body = "{ \"b\":1.50e1, \"messages\" : [ {\"content\":\"bad \\u00e4\\n 555-1234\"} ,{\"content\":\"fine\\u0021\"}],\"z\":{ } }";
    let masked =
        "{ \"b\":1.50e1, \"messages\" : [ {\"content\":\"[x] ä\\n [x]\"} ,{\"content\":\"fine\\u0021\"}],\"z\":{ } }";
    assert_eq!(asked(&guard, body).await.unwrap().as_deref(), Some(masked));
    let answer = r#"{"choices":[{"message":{"content":"bad","tool_calls":[{"function":{"arguments":"{\"a\":\"bad\"}"}}]},"logprobs":{"content":[{"token":"bad"}]}},{"text":"bad"}],"usage":{"x":"bad"}}"#;
    let masked = r#"{"choices":[{"message":{"content":"[x]","tool_calls":[{"function":{"arguments":"{\"a\":\"[x]\"}"}}]},"logprobs":null},{"text":"[x]"}],"usage":{"x":"bad"}}"#;
    assert_eq!(answered(&guard, answer).await.unwrap().as_deref(), Some(masked));
    assert_eq!(answered(&guard, r#"{"choices":[{"message":{"content":"ok"},"logprobs":{}}]}"#).await.unwrap(), None);
}

#[actix_web::test]
async fn what_cannot_be_read_is_refused() {
    let guard = made(json!({"words": ["bad"]}));
    assert!(answered(&guard, "<html>").await.is_err());
    // half of a surrogate pair in a key: serde_json cannot read on, another reader can
    assert!(asked(&guard, r#"{"messages":[{"\ud800":1,"content":"bad"}]}"#).await.is_err());
}

#[test]
fn hooks_follow_on() {
    let hooks = |on: Value| made(json!({"words": ["bad"], "on": on})).hooks();
    assert_eq!(hooks(json!(["input"])), Hooks::PRE_CALL);
    assert_eq!(hooks(json!(["output"])), Hooks::POST_CALL | Hooks::STREAM);
    assert_eq!(hooks(Value::Null), Hooks::PRE_CALL | Hooks::POST_CALL | Hooks::STREAM);
}

#[test]
fn bad_parameters_are_named_all_at_once() {
    let params = json!({"words": ["a", ""], "patterns": ["("], "action": "block", "on": ["inptu"], "masc": "x"});
    let errors = read(&params).unwrap_err();
    let at: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(at, ["/action", "/on", "/words/1", "/patterns/0", "/masc"]);
    assert_eq!(read(&json!({})).unwrap_err()[0].pointer, "/words");
    assert_eq!(read(&json!({"words": ["x"], "action": "mask", "mask": "xx"})).unwrap_err()[0].pointer, "/mask");
}
