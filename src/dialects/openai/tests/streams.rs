//! The caller's stream, the same answer whichever way it is folded, and what hostile streams cannot do.

use std::hint::black_box;
use std::time::Instant;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::super::event::{Event, Reason};
use super::super::super::{Decode, Encode};
use super::super::{Decoder, Encoder, write_whole};
use super::{PAIRS, STREAMS, decode, encode, facts, fixture, golden, sse};

#[test]
fn streams_are_written_as_openai_sends_them() {
    for name in PAIRS.into_iter().chain(STREAMS) {
        let (events, _) = decode(&fixture(&format!("stream-{name}.sse")));
        golden(&format!("openai-to-openai/stream-{name}.sse"), &sse(&encode(events, true)));
    }
}

fn whole(stream: &str) -> Value {
    let (events, fault) = decode(stream);
    assert_eq!(fault, None);
    serde_json::from_slice(&write_whole(events, &facts(true))).unwrap()
}

/// What a caller folds out of our stream is what it would have read as a whole answer.
#[test]
fn our_own_stream_folds_to_the_same_answer() {
    for name in PAIRS {
        let stream = fixture(&format!("stream-{name}.sse"));
        let ours = sse(&encode(decode(&stream).0, true));
        assert_eq!(whole(&ours), whole(&stream), "{name}");
    }
}

#[test]
fn usage_is_shown_only_where_it_shall_be_and_after_the_end() {
    let events = decode(&fixture("stream-text.sse")).0;
    let hidden = sse(&encode(events.clone(), false));
    assert!(!hidden.contains("usage") && hidden.ends_with("data: [DONE]\n\n"), "{hidden}");
    let shown = sse(&encode(events, true));
    let lines: Vec<_> = shown.lines().filter(|line| !line.is_empty()).collect();
    let last: Value = serde_json::from_str(&lines[lines.len() - 2][6..]).unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["prompt_tokens_details"]["cached_tokens"], 1024);
    assert!(lines[..lines.len() - 2].iter().all(|line| line.contains("\"usage\":null")), "{shown}");
}

#[test]
fn a_call_without_arguments_is_called_with_an_empty_object() {
    let call = |call| Event::ToolCall { choice: 0, call, id: format!("c{call}"), name: "f".into() };
    let finish = Event::Finish { choice: 0, reason: Reason::ToolCalls, stop_sequence: None };
    for end in [vec![finish, Event::End], vec![Event::End]] {
        let more = Event::Arguments { choice: 0, call: 0, json: "{\"a\":1}".into() };
        let events = [vec![call(0), call(1), more], end].concat();
        let frames = sse(&encode(events.clone(), false));
        let answer = whole(&frames);
        let arguments = |n: usize| answer["choices"][0]["message"]["tool_calls"][n]["function"]["arguments"].clone();
        assert_eq!((arguments(0), arguments(1)), (json!("{\"a\":1}"), json!("{}")));
        assert_eq!(answer["choices"][0]["finish_reason"], "tool_calls");
        assert_eq!(frames.matches("[DONE]").count(), 1);
    }
}

/// Nothing goes out before the provider says something: until then another may still be tried.
#[test]
fn the_opening_chunk_waits_for_content() {
    let mut encoder = Encoder::new(facts(false));
    let mut out = vec![];
    encoder.event(Event::Start(Default::default()), &mut out);
    assert_eq!(out, []);
    encoder.event(Event::Text { choice: 0, text: "a".into() }, &mut out);
    let first: Value = serde_json::from_slice(&out[0].data).unwrap();
    assert_eq!(first["choices"][0]["delta"], json!({"role": "assistant", "content": "", "refusal": null}));
    assert_eq!(out.len(), 2);
}

#[test]
fn events_that_are_none_are_faults_or_skipped() {
    let read = |name: Option<&[u8]>, data: &str| Decoder::default().event(name, data.as_bytes(), &mut vec![]);
    for skipped in ["", " ", "{}", r#"{"choices":null}"#, r#"{"new":[{"a":1}]}"#, r#"{"choices":[{"delta":null}]}"#] {
        assert_eq!(read(None, skipped), Ok(()), "{skipped}");
    }
    for bad in ["x", "[]", "{", r#"{"choices":[{"index":-1}]}"#, r#"{"choices":[{"delta":{"content":7}}]}"#] {
        assert!(read(None, bad).is_err(), "{bad}");
    }
    assert_eq!(read(Some(b"news"), "x"), Ok(()));
    assert!(read(Some(b"error"), "x").is_err());
    let early = json!({"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}}]});
    assert!(read(None, &early.to_string()).is_err());
}

/// Some piece of JSON, more or less like a chunk.
fn chunks() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        "[a\u{1f31e}\"\\\\\n]{0,4}".prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "choices",
        "delta",
        "message",
        "content",
        "tool_calls",
        "function",
        "arguments",
        "name",
        "id",
        "index",
        "type",
        "reasoning_content",
        "thinking_blocks",
        "thinking",
        "signature",
        "data",
        "usage",
        "prompt_tokens",
        "annotations",
        "finish_reason",
        "logprobs",
        "refusal",
        "text",
    ]);
    leaf.prop_recursive(6, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(names.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever a provider sends, nothing panics, and our stream and our whole answer of it say the same.
    #[test]
    fn any_stream_is_read_and_written(deltas in prop::collection::vec((chunks(), 0_u32..3), 0..8)) {
        let mut decoder = Decoder::default();
        let mut events = vec![];
        for (delta, index) in deltas {
            let chunk = json!({"id": "c", "choices": [{"index": index, "delta": delta, "finish_reason": null}]});
            let _ = decoder.event(None, chunk.to_string().as_bytes(), &mut events);
            let _ = decoder.event(None, delta.to_string().as_bytes(), &mut events);
        }
        events.push(Event::End);
        let ours = sse(&encode(events.clone(), true));
        let direct: Value = serde_json::from_slice(&write_whole(events, &facts(true))).unwrap();
        let mut folded = whole(&ours);
        folded["id"] = direct["id"].clone();
        folded["created"] = direct["created"].clone();
        prop_assert_eq!(folded, direct);
    }

    /// Requests from anywhere are read or refused, never more.
    #[test]
    fn any_request_is_read_or_refused(message in chunks(), rest in chunks()) {
        let body = json!({"messages": [message, {"role": "user", "content": rest}]});
        let _ = super::super::read_request(body.to_string().as_bytes());
    }
}

/// What a text delta costs, read and written. Run by hand, optimized: `cargo test --release -p millrace text_delta_cost --
/// --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn text_delta_cost() {
    const ROUNDS: u32 = 2_000_000;
    let chunk = json!({"id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG", "object": "chat.completion.chunk", "created": 1_741_570_283,
        "model": "gpt-4o-2024-08-06", "choices": [{"index": 0, "delta": {"content": " word7"}, "finish_reason": null}]});
    let chunk = chunk.to_string();
    let (mut decoder, mut encoder) = (Decoder::default(), Encoder::new(facts(false)));
    let (mut events, mut frames) = (vec![], vec![]);
    let mut bytes = 0;
    let began = Instant::now();
    for _ in 0..ROUNDS {
        decoder.event(None, black_box(chunk.as_bytes()), &mut events).unwrap();
        for event in events.drain(..) {
            encoder.event(event, &mut frames);
        }
        bytes += frames.drain(..).map(|frame| frame.data.len()).sum::<usize>();
    }
    println!("{} ns per text delta, {bytes} bytes", began.elapsed().as_nanos() / u128::from(ROUNDS));
    assert!(bytes > ROUNDS as usize * chunk.len() / 2);
}
