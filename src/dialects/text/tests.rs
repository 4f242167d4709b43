//! What text completions have that no other dialect has: a prompt, told once more; one text, whatever was said.

use millrace_actors::wire::usage::Usage;
use serde_json::{Value, json};

use super::super::event::Reason;
use super::super::request::{Message, Part, Role};
use super::super::{AnswerFacts, BadRequest, Encode, Event, Request, Target};
use super::{Encoder, read_request, write_request, write_whole};

fn read(body: &Value) -> Result<Request, BadRequest> {
    read_request(body.to_string().as_bytes())
}

fn facts(asked: &[(&'static str, &str)]) -> AnswerFacts {
    AnswerFacts {
        model: "alias".into(),
        id: "own-1".into(),
        created: 7,
        show_usage: false,
        asked: asked.iter().map(|(name, raw)| (*name, raw.to_string().into())).collect(),
        vectors: None,
    }
}

/// The whole answer, and the pieces of the stream without their `[DONE]`.
fn told(asked: &[(&'static str, &str)], events: &[Event]) -> (Value, Vec<Value>) {
    let whole = serde_json::from_slice(&write_whole(events.to_vec(), &facts(asked))).unwrap();
    let (mut encoder, mut frames) = (Encoder::new(facts(asked)), vec![]);
    events.iter().for_each(|event| encoder.event(event.clone(), &mut frames));
    assert_eq!(frames.pop().unwrap().data, "[DONE]");
    (whole, frames.iter().map(|frame| serde_json::from_slice(&frame.data).unwrap()).collect())
}

fn text(choice: u32, text: &str) -> Event {
    Event::Text { choice, text: text.into() }
}

fn finish(choice: u32, reason: Reason) -> Event {
    Event::Finish { choice, reason, stop_sequence: None }
}

/// The text of a choice, out of a stream.
fn joined(pieces: &[Value], index: u64) -> String {
    let choices = pieces.iter().flat_map(|piece| piece["choices"].as_array().unwrap());
    choices.filter(|choice| choice["index"] == index).map(|choice| choice["text"].as_str().unwrap()).collect()
}

#[test]
fn only_one_text_is_a_prompt() {
    for prompt in [json!([]), json!(["a", "b"]), json!([1, 2]), json!([[1]]), json!(7), json!({}), json!(null)] {
        assert_eq!(read(&json!({ "prompt": prompt })).unwrap_err().pointer, "/prompt", "{prompt}");
    }
    for (name, value) in [("logprobs", json!(true)), ("echo", json!(1)), ("suffix", json!(1)), ("stop", json!(1))] {
        let bad = read(&json!({ "prompt": "a", name: value })).unwrap_err();
        assert_eq!(bad.pointer, format!("/{name}"));
    }
}

#[test]
fn what_asks_for_nothing_is_not_lost() {
    let calm = json!({"prompt": ["hé"], "echo": true, "best_of": 1, "suffix": "", "logprobs": null, "tools": null});
    let request = read(&calm).unwrap();
    assert_eq!((request.rest.len(), request.logprobs), (0, None), "{request:?}");
    assert_eq!(request.messages, [Message { role: Role::User, name: None, parts: vec![Part::text("hé")] }]);
    let request = read(&json!({"prompt": "a", "n": 3, "best_of": 3, "logprobs": 0, "echo": false})).unwrap();
    assert_eq!((request.rest.len(), request.logprobs), (0, Some(true)), "{request:?}");
    assert_eq!(request.top_logprobs, None);
}

#[test]
fn a_prompt_is_told_once_more_before_each_text() {
    let events = [text(1, "b"), text(0, "a"), finish(0, Reason::Stop), finish(1, Reason::Length), Event::End];
    for prompt in [r#""hé ""#, r#"["hé "]"#] {
        let (whole, pieces) = told(&[("prompt", prompt), ("echo", "true")], &events);
        for (index, want) in [(0, "hé a"), (1, "hé b")] {
            assert_eq!(whole["choices"][index]["text"], want);
            assert_eq!(joined(&pieces, index as u64), want);
        }
    }
    for not in [[("echo", "false"), ("logprobs", "null")], [("echo", "true"), ("logprobs", "2")]] {
        let (whole, pieces) = told(&[&[("prompt", "\"p\"")], &not[..]].concat(), &events);
        assert_eq!((&whole["choices"][0]["text"], joined(&pieces, 0)), (&json!("a"), "a".to_owned()), "{not:?}");
    }
    let (whole, pieces) = told(&[("prompt", "\"p\""), ("echo", "true")], &[Event::End]);
    assert_eq!((&whole["choices"][0]["text"], joined(&pieces, 0)), (&json!("p"), "p".to_owned()), "nothing was said");
}

#[test]
fn one_text_is_all_that_is_told() {
    let call = Event::ToolCall { choice: 0, call: 0, id: "c".into(), name: "f".into() };
    let events = [
        Event::Reasoning { choice: 0, text: "hm".into() },
        text(0, "a"),
        call,
        Event::Arguments { choice: 0, call: 0, json: "{}".into() },
        Event::Refusal { choice: 0, text: "no".into() },
        finish(0, Reason::ToolCalls),
        Event::Usage(Usage { prompt_tokens: 1, total_tokens: 1, ..Usage::default() }),
        Event::End,
    ];
    let (whole, pieces) = told(&[], &events);
    let choice =
        json!({"text": "ano", "index": 0, "logprobs": null, "finish_reason": "stop", "reasoning_content": "hm"});
    assert_eq!(whole["choices"], json!([choice]));
    assert_eq!(whole["usage"]["prompt_tokens"], 1);
    assert_eq!((joined(&pieces, 0).as_str(), pieces.len()), ("ano", 4));
    assert_eq!(
        (&pieces[0]["choices"][0]["text"], &pieces[0]["choices"][0]["reasoning_content"]),
        (&json!(""), &json!("hm"))
    );
    assert!(pieces.iter().all(|piece| piece.get("usage").is_none()), "nobody asked for it: {pieces:?}");
    assert_eq!(pieces[3]["choices"][0]["finish_reason"], "stop");
}

#[test]
fn a_conversation_is_no_prompt() {
    let write = |messages: Vec<Message>| {
        let request = Request { messages, logprobs: Some(true), ..Request::default() };
        write_request(&request, &Target { model: "m", max_output_tokens: None, stream_usage: false })
    };
    let of = |role, parts| Message { role, name: None, parts };
    let said = |role| of(role, vec![Part::text("a"), Part::text("b")]);
    let written = write(vec![said(Role::User)]).unwrap();
    let body: Value = serde_json::from_slice(&written.body).unwrap();
    assert_eq!(body, json!({"model": "m", "prompt": "ab", "logprobs": 0}));
    assert!(written.notes.is_empty());
    for messages in [vec![], vec![said(Role::System)], vec![said(Role::System), said(Role::User)]] {
        assert_eq!(write(messages).unwrap_err().pointer, "/messages");
    }
    let refusal = Part::of(super::super::request::Content::Refusal("no".into()));
    let bad = write(vec![of(Role::User, vec![Part::text("a"), refusal])]).unwrap_err();
    assert_eq!(bad.pointer, "/messages/0/content/1");
}
