//! The caller's stream and whole answer, from events as other dialects' readers give them.

use millrace_actors::wire::usage::Usage;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::write_whole;
use super::{decode, encode, facts, golden, parsed, pretty, stream_of};
use crate::dialects::event::{Citation, Reason, Start};
use crate::dialects::{Event, Frame};

fn text(text: &str) -> Event {
    Event::Text { choice: 0, text: text.into() }
}

fn call(call: u32) -> Event {
    Event::ToolCall { choice: 0, call, id: format!("call_{call}"), name: format!("f{call}") }
}

fn piece(call: u32, json: &str) -> Event {
    Event::Arguments { choice: 0, call, json: json.into() }
}

fn finish(reason: Reason) -> Event {
    Event::Finish { choice: 0, reason, stop_sequence: None }
}

fn names(frames: &[Frame]) -> Vec<String> {
    let name = |frame: &Frame| {
        let data = parsed(&frame.data);
        let of = |member: &str| data[member]["type"].as_str().unwrap_or_default().to_owned();
        let index = data["index"].as_u64().map(|index| index.to_string()).unwrap_or_default();
        format!("{}{index} {}{}", frame.name.unwrap(), of("content_block"), of("delta")).trim().to_owned()
    };
    frames.iter().map(name).collect()
}

/// As OpenAI's stream has it: calls that go back and forth, an answer beside the first, usage behind the finish.
#[test]
fn an_answer_of_openais() {
    let start = Start {
        id: Some("chatcmpl-9".into()),
        model: Some("gpt-5".into()),
        service_tier: Some("default".into()),
        ..Start::default()
    };
    let url = Citation {
        behind: None,
        url: Some("https://example.org".into()),
        title: Some("Example".into()),
        cited_text: None,
        native: json!({ "type": "url_citation", "url": "https://example.org" }),
    };
    let usage = Usage {
        prompt_tokens: 100,
        completion_tokens: 20,
        total_tokens: 120,
        cached_tokens: 64,
        reasoning_tokens: 5,
        ..Usage::default()
    };
    let events = vec![
        Event::Start(start),
        Event::Reasoning { choice: 0, text: "Two clocks".into() },
        Event::Reasoning { choice: 0, text: ".".into() },
        text("I'll "),
        Event::Text { choice: 1, text: "another answer".into() },
        text("look."),
        Event::Citation { choice: 0, citation: url },
        call(0),
        piece(0, "{\"a\": \"}"),
        call(1),
        piece(1, "{\"b\":"),
        piece(0, "\\\"\"}"),
        piece(1, " 2.50}"),
        call(2),
        finish(Reason::Stop),
        Event::Logprobs { choice: 0, value: json!({}) },
        Event::Usage(usage),
        Event::End,
    ];
    golden("model-to-anthropic/stream-openai.sse", &stream_of(&encode(events.clone())));
    golden("model-to-anthropic/whole-openai.json", &pretty(&parsed(&write_whole(events, &facts()))));
}

#[test]
fn an_answer_that_says_nothing_is_an_answer() {
    let frames = encode(vec![Event::End]);
    assert_eq!(names(&frames), ["message_start", "message_delta", "message_stop"]);
    assert_eq!(parsed(&frames[0].data)["message"]["id"], "msg_own-1");
    assert_eq!(parsed(&frames[1].data)["delta"], json!({ "stop_reason": "end_turn", "stop_sequence": null }));
}

#[test]
fn a_later_call_waits_until_the_earlier_is_complete() {
    let (whole, waits) = ("{\"a\":[1,{\"b\":\"]\"}]}", "{\"a\":");
    // complete: the second goes live at once
    let frames = encode(vec![call(0), piece(0, whole), call(1), piece(1, waits)]);
    let live = [
        "message_start",
        "content_block_start0 tool_use",
        "content_block_delta0 input_json_delta",
        "content_block_stop0",
        "content_block_start1 tool_use",
        "content_block_delta1 input_json_delta",
    ];
    assert_eq!(names(&frames), live);
    // not complete: nothing of the second until the first is
    let mut events = vec![call(0), piece(0, waits), call(1), piece(1, waits), text("so"), piece(1, "2}")];
    assert_eq!(names(&encode(events.clone())), live[..3]);
    events.push(piece(0, "1}"));
    let frames = names(&encode(events));
    assert_eq!(frames[3..5], live[2..4]);
    let rest = [
        "content_block_start1 tool_use",
        "content_block_delta1 input_json_delta",
        "content_block_delta1 input_json_delta",
        "content_block_stop1",
        "content_block_start2 text",
        "content_block_delta2 text_delta",
    ];
    assert_eq!(frames[5..], rest);
}

#[test]
fn signatures_and_redacted_thought_keep_their_blocks() {
    let events = vec![
        Event::Reasoning { choice: 0, text: "a".into() },
        Event::Signature { choice: 0, signature: "s1".into() },
        Event::Reasoning { choice: 0, text: "b".into() },
        Event::Signature { choice: 0, signature: "s2".into() },
        Event::Signature { choice: 0, signature: "s3".into() },
        Event::Redacted { choice: 0, data: "r1".into() },
        Event::Redacted { choice: 0, data: "r2".into() },
        Event::Reasoning { choice: 0, text: "c".into() },
        text("so"),
        finish(Reason::Stop),
        Event::End,
    ];
    let want = json!([
        { "type": "thinking", "thinking": "a", "signature": "s1" },
        { "type": "thinking", "thinking": "b", "signature": "s2" },
        { "type": "thinking", "thinking": "", "signature": "s3" },
        { "type": "redacted_thinking", "data": "r1" },
        { "type": "redacted_thinking", "data": "r2" },
        { "type": "thinking", "thinking": "c", "signature": "" },
        { "type": "text", "text": "so" },
    ]);
    assert_eq!(parsed(&write_whole(events.clone(), &facts()))["content"], want);
    let again = decode(&stream_of(&encode(events)));
    assert_eq!(parsed(&write_whole(again, &facts()))["content"], want);
}

#[test]
fn why_it_ended_in_this_apis_words() {
    let refusal = Event::Refusal { choice: 0, text: "No.".into() };
    for (events, reason, want) in [
        (vec![text("a")], Reason::Stop, "end_turn"),
        (vec![call(0)], Reason::Stop, "tool_use"),
        (vec![call(0)], Reason::ToolCalls, "tool_use"),
        (vec![call(0)], Reason::Length, "max_tokens"),
        (vec![refusal], Reason::Stop, "refusal"),
        (vec![], Reason::ContentFilter, "refusal"),
        (vec![], Reason::Refusal, "refusal"),
        (vec![], Reason::StopSequence, "stop_sequence"),
        (vec![], Reason::Pause, "pause_turn"),
        (vec![], Reason::Other("eos".into()), "end_turn"),
    ] {
        let mut events = events;
        events.extend([finish(reason.clone()), Event::End]);
        assert_eq!(parsed(&write_whole(events.clone(), &facts()))["stop_reason"], want, "{reason:?}");
        let frames = encode(events);
        assert_eq!(parsed(&frames[frames.len() - 2].data)["delta"]["stop_reason"], want, "{reason:?}");
    }
}

#[test]
fn arguments_that_are_no_object_are_wrapped_in_a_whole_answer() {
    for (json, want) in
        [("", json!({})), ("{\"a\":1}", json!({ "a": 1 })), ("{\"a\":", json!({ "INVALID_JSON": "{\"a\":" }))]
    {
        let content = parsed(&write_whole(vec![call(0), piece(0, json), Event::End], &facts()))["content"].clone();
        assert_eq!(content[0]["input"], want);
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let word =
        || prop::sample::select(vec!["a", "{", "}", "{}", "\"", "\\", "[1]", " ", "\u{1f30c}"]).prop_map(str::to_owned);
    prop_oneof![
        3 => word().prop_map(|text| Event::Text { choice: 0, text }),
        2 => word().prop_map(|text| Event::Reasoning { choice: 0, text }),
        1 => word().prop_map(|signature| Event::Signature { choice: 0, signature }),
        1 => word().prop_map(|data| Event::Redacted { choice: 0, data }),
        2 => (0u32..3).prop_map(call),
        4 => ((0u32..3), word()).prop_map(|(call, json)| Event::Arguments { choice: 0, call, json }),
        1 => word().prop_map(|text| Event::Text { choice: 1, text }),
    ]
}

proptest! {
    /// Blocks are numbered without a gap, each is opened once and closed before the next, and every delta is of the open one;
    /// and a client that folds the stream has the whole answer.
    #[test]
    fn a_stream_is_well_formed_and_folds_to_the_whole_answer(events in prop::collection::vec(any_event(), 0..40)) {
        let mut events = events;
        events.push(Event::End);
        let frames = encode(events.clone());
        let mut open: Option<u64> = None;
        let mut next = 0;
        for frame in &frames {
            let data = parsed(&frame.data);
            prop_assert_eq!(data["type"].as_str(), frame.name);
            match frame.name.unwrap() {
                "content_block_start" => {
                    prop_assert_eq!((open, &data["index"]), (None, &json!(next)));
                    open = Some(next);
                    next += 1;
                }
                "content_block_delta" => prop_assert_eq!(data["index"].as_u64(), open),
                "content_block_stop" => {
                    prop_assert_eq!(data["index"].as_u64(), open);
                    open = None;
                }
                _ => prop_assert_eq!(open, None),
            }
        }
        let folded = fold(&frames);
        let whole = parsed(&write_whole(events, &facts()));
        prop_assert_eq!(&folded, &whole["content"]);
    }
}

/// What a client's helper does with a stream (the accumulation of Anthropic's SDKs).
fn fold(frames: &[Frame]) -> Value {
    let mut content: Vec<Value> = Vec::new();
    let mut json = String::new();
    for frame in frames {
        let data = parsed(&frame.data);
        let delta = &data["delta"];
        match frame.name.unwrap() {
            "content_block_start" => content.push(data["content_block"].clone()),
            "content_block_delta" => {
                let block = content.last_mut().unwrap();
                let (member, more) = match delta["type"].as_str().unwrap() {
                    "text_delta" => ("text", &delta["text"]),
                    "thinking_delta" => ("thinking", &delta["thinking"]),
                    "signature_delta" => ("signature", &delta["signature"]),
                    _ => {
                        json.push_str(delta["partial_json"].as_str().unwrap());
                        continue;
                    }
                };
                let joined = format!("{}{}", block[member].as_str().unwrap(), more.as_str().unwrap());
                block[member] = joined.into();
            }
            "content_block_stop" if !json.trim().is_empty() => {
                let text = std::mem::take(&mut json);
                let input = serde_json::from_str(&text).ok().filter(Value::is_object);
                content.last_mut().unwrap()["input"] = input.unwrap_or_else(|| json!({ "INVALID_JSON": text }));
            }
            "content_block_stop" => json.clear(),
            _ => {}
        }
    }
    Value::Array(content)
}
