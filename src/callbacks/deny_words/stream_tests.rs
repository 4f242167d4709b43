//! Tests of the stage: for any way to cut any text, what comes out is what a whole answer would have become.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::{read, start};
use super::*;

fn stage(params: Value) -> Stage {
    Stage::new(start("guard", read(&params).unwrap()).rules)
}

fn event(index: u64, delta: Value, finish: Option<&str>) -> Bytes {
    let choice = json!({"index": index, "delta": delta, "finish_reason": finish});
    json!({"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}).to_string().into()
}

fn said(index: u64, text: &str) -> Bytes {
    event(index, json!({"content": text}), None)
}

/// Feeds all events and the end; returns what came out, and whether it was refused.
fn run(stage: &mut Stage, events: Vec<Bytes>) -> (Vec<Value>, bool) {
    let (mut out, mut refused) = (Vec::new(), false);
    for data in events {
        let mut now = Vec::new();
        refused = stage.event(data, &mut now).is_err();
        if refused {
            break; // the relay drops what an event that was refused gave
        }
        out.append(&mut now);
    }
    if !refused {
        let mut now = Vec::new();
        refused = stage.end(&mut now).is_err();
        if !refused {
            out.append(&mut now);
        }
    }
    (out.iter().map(|data| serde_json::from_slice(data).unwrap()).collect(), refused)
}

/// The text of each choice, and of each tool call by choice and index.
fn texts(events: &[Value]) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::<String, String>::new();
    for choice in events.iter().flat_map(|e| e["choices"].as_array().unwrap()) {
        let index = &choice["index"];
        if let Some(text) = choice["delta"]["content"].as_str() {
            texts.entry(format!("{index}")).or_default().push_str(text);
        }
        for call in choice["delta"]["tool_calls"].as_array().into_iter().flatten() {
            let text = call["function"]["arguments"].as_str().unwrap_or_default();
            texts.entry(format!("{index}/{}", call["index"])).or_default().push_str(text);
        }
    }
    texts
}

fn pieces(text: &str, cuts: &[usize]) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (chars.len() + 1)).collect();
    cuts.extend([0, chars.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| chars[pair[0]..pair[1]].iter().collect()).collect()
}

fn rules() -> impl Strategy<Value = Value> {
    let word = "[abAB ä]{1,4}".prop_filter("blank", |w| !w.trim().is_empty());
    let pattern = prop_oneof![
        Just("a[ab]{0,3}b"),
        Just("(?i)äa?"),
        Just(r"\bab\b"),
        Just("^a"),
        Just("b$"),
        Just("a+b"),
        Just("(?:ab|a)"),
    ];
    let (words, patterns) = (prop::collection::vec(word, 1..5), prop::collection::vec(pattern, 0..3));
    (words, patterns, any::<bool>(), any::<bool>()).prop_map(|(words, patterns, whole, case)| {
        json!({"words": words, "patterns": patterns, "whole_words": whole, "case_sensitive": case, "mask": "#"})
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_of_any_text_is_masked_as_the_whole(
        mut params in rules(), text in "[abAB äx,_]{0,40}", cuts in prop::collection::vec(any::<usize>(), 0..20), finish: bool,
    ) {
        params["action"] = json!("mask");
        let mut stage = stage(params);
        let whole = stage.rules.matcher.masked(&text, "#").unwrap_or_else(|| text.clone());
        let mut events: Vec<_> = pieces(&text, &cuts).iter().map(|p| said(0, p)).collect();
        if finish {
            events.push(event(0, json!({}), Some("stop")));
        }
        let (out, refused) = run(&mut stage, events);
        prop_assert!(!refused);
        prop_assert_eq!(texts(&out).remove("0").unwrap_or_default(), whole);
        if finish {
            prop_assert_eq!(&out.last().unwrap()["choices"][0]["finish_reason"], "stop", "nothing after the finish");
        }
    }

    #[test]
    fn no_cut_lets_a_denied_word_or_its_beginning_out(
        mut params in rules(), text in "[abAB äx,_]{0,40}", cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        params["action"] = json!("refuse");
        let mut stage = stage(params);
        let first = stage.rules.matcher.search(&text, 0).next();
        let (out, refused) = run(&mut stage, pieces(&text, &cuts).iter().map(|p| said(0, p)).collect());
        let shown = texts(&out).remove("0").unwrap_or_default();
        prop_assert_eq!(refused, first.is_some());
        prop_assert!(text.starts_with(&shown));
        match first {
            Some(hit) => prop_assert!(shown.len() <= hit.start, "{shown:?} shows some of {:?}", &text[hit]),
            None => prop_assert_eq!(shown, text),
        }
    }

    #[test]
    fn at_most_the_longest_match_less_one_is_held(text in "[a-zä]{0,60}", cuts in prop::collection::vec(any::<usize>(), 0..20)) {
        let mut stage = stage(json!({"words": ["QQQQQ", "Q"], "case_sensitive": true}));
        let (mut came, mut went) = (0, String::new());
        for piece in pieces(&text, &cuts) {
            came += piece.chars().count();
            let mut out = Vec::new();
            stage.event(said(0, &piece), &mut out).unwrap();
            let out: Vec<Value> = out.iter().map(|data| serde_json::from_slice(data).unwrap()).collect();
            went += &texts(&out).remove("0").unwrap_or_default();
            prop_assert_eq!(went.chars().count(), came.saturating_sub(4));
        }
    }
}

#[test]
fn choices_and_tool_calls_do_not_mix() {
    let mut stage = stage(json!({"words": ["bad"], "action": "mask", "mask": "#"}));
    let tool = |choice, call, text: &str| {
        event(choice, json!({"tool_calls": [{"index": call, "function": {"arguments": text}}]}), None)
    };
    let events = vec![
        said(0, "b"),
        said(1, "ad b"),
        tool(0, 0, "{\"x\":\"ba"),
        said(0, "ad"),
        tool(0, 1, "d\"}"),
        said(1, "ad"),
        tool(0, 0, "d\"}"),
        event(0, json!({}), Some("tool_calls")),
        event(1, json!({"content": "!"}), Some("stop")),
    ];
    let (out, refused) = run(&mut stage, events);
    assert!(!refused);
    let expected = [("0", "#"), ("0/0", "{\"x\":\"#\"}"), ("0/1", "d\"}"), ("1", "ad #!")];
    assert_eq!(texts(&out), expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[test]
fn other_bytes_stay_and_so_do_events_that_need_no_change() {
    let mut stage = stage(json!({"words": ["bad"], "action": "mask", "mask": "#"}));
    let mut out = Vec::new();
    let odd = "{ \"id\":\"c1\",\"x\":1.0e2, \"choices\":[ {\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"a bad one\"}} ] , \"y\":[ ]}";
    let usage = "{\"id\":\"c1\",\"choices\":[],\"usage\":{\"total_tokens\":3}}";
    let role = "{\"choices\": [{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}";
    for data in [odd, usage, role, "ping"] {
        stage.event(Bytes::from_static(data.as_bytes()), &mut out).unwrap();
    }
    let text: Vec<_> = out.iter().map(|data| std::str::from_utf8(data).unwrap()).collect();
    let masked = odd.replace("a bad one", "a # o");
    assert_eq!(text, [&*masked, usage, role, "ping"]);
}

#[test]
fn what_is_held_comes_before_the_finish_without_usage_and_in_the_events_like() {
    let mut stage = stage(json!({"words": ["bad"], "action": "mask", "mask": "#"}));
    let last = "{\"id\":\"c9\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":3}}";
    let (out, _) = run(&mut stage, vec![said(0, "ba"), Bytes::from_static(last.as_bytes())]);
    assert_eq!(out[0]["choices"][0]["delta"]["content"], "");
    assert_eq!((&out[1]["id"], &out[1]["usage"]), (&json!("c9"), &Value::Null));
    assert_eq!(out[1]["choices"], json!([{"index": 0, "delta": {"content": "ba"}, "finish_reason": null}]));
    assert_eq!(out[2]["usage"]["total_tokens"], 3);
    assert_eq!(out.len(), 3);
}

#[test]
fn token_probabilities_do_not_spell_it_out() {
    let mut stage = stage(json!({"words": ["bad"], "action": "mask"}));
    let data = r#"{"choices":[{"index":0,"delta":{"content":"ba"},"logprobs":{"content":[{"token":"ba"}]}}]}"#;
    let (out, _) = run(&mut stage, vec![Bytes::from_static(data.as_bytes())]);
    assert_eq!(out[0]["choices"][0]["logprobs"], Value::Null);
}

#[test]
fn an_event_that_cannot_be_read_is_refused_and_a_word_outside_json_too() {
    for data in ["{\"choices\":[{\"delta\":{\"content\":\"x\"}", "so bad"] {
        let mut stage = stage(json!({"words": ["bad"]}));
        assert!(stage.event(Bytes::from_static(data.as_bytes()), &mut Vec::new()).is_err(), "{data}");
    }
}

#[test]
fn text_completions_are_streamed_past_it_too() {
    let mut stage = stage(json!({"words": ["bad"], "action": "mask", "mask": "#"}));
    let text = |t: &str| Bytes::from(json!({"choices": [{"index": 0, "text": t}]}).to_string());
    let (out, _) = run(&mut stage, vec![text("so b"), text("ad it was")]);
    let all: String = out.iter().map(|e| e["choices"][0]["text"].as_str().unwrap()).collect();
    assert_eq!(all, "so # it was");
    let piece = |name: &str, t: &str, finish: Value| {
        Bytes::from(json!({"choices": [{"index": 0, "text": "", name: t, "finish_reason": finish}]}).to_string())
    };
    let mut stage = self::stage(json!({"words": ["secret"], "action": "mask", "mask": "#"}));
    let events = ["a sec", "ret, a sec"].map(|t| piece("reasoning_content", t, Value::Null)).into_iter();
    let (out, _) = run(&mut stage, events.chain([piece("text", "so", json!("stop"))]).collect());
    let choices: Vec<&Value> = out.iter().map(|event| &event["choices"][0]).collect();
    let thought: String = choices.iter().filter_map(|choice| choice["reasoning_content"].as_str()).collect();
    assert_eq!(thought, "a #, a sec");
    assert!(choices.iter().all(|choice| choice["text"].is_string()), "{choices:?}");
}

#[test]
fn channels_are_bounded() {
    let mut stage = stage(json!({"words": ["bad"]}));
    let mut refused = false;
    for index in 0..=MAX_CHANNELS as u64 {
        refused = stage.event(said(index, "x"), &mut Vec::new()).is_err();
    }
    assert!(refused);
}

#[test]
fn a_block_lets_go_what_it_held_before_it_stops() {
    let mut stage = stage(json!({ "words": ["secret"], "action": "mask" }));
    let delta =
        |text: &str| json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": text}});
    let events = [
        json!({"type": "message_start", "message": {"model": "m"}}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "a sec"}}),
        delta("ret, and a sec"),
        json!({"type": "content_block_stop", "index": 1}),
        json!({"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "input": {}}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{\"k\":\"se"}}),
        json!({"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "cret\"}"}}),
        json!({"type": "content_block_stop", "index": 2}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
    ];
    let (out, refused) = run(&mut stage, events.iter().map(|event| event.to_string().into()).collect());
    assert!(!refused);
    let kinds: Vec<&str> = out.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "content_block_stop").count(), 2);
    let mut said = BTreeMap::<u64, String>::new();
    let mut stopped = Vec::new();
    for event in &out {
        let index = event["index"].as_u64().unwrap_or_default();
        assert!(!stopped.contains(&index), "said after its stop: {event}");
        for place in ["content_block", "delta"] {
            for name in ["text", "partial_json"] {
                said.entry(index).or_default().push_str(event[place][name].as_str().unwrap_or_default());
            }
        }
        if event["type"] == "content_block_stop" {
            stopped.push(index);
        }
    }
    assert_eq!(said[&1], "a [redacted], and a sec");
    assert_eq!(said[&2], "{\"k\":\"[redacted]\"}");
}

#[test]
fn a_block_of_thought_lets_go_what_it_held_with_its_signature() {
    let block = |thinking: &str, signature: Value| {
        event(0, json!({"thinking_blocks": [{"type": "thinking", "thinking": thinking, "signature": signature}]}), None)
    };
    let rules = || json!({"words": ["secret"], "action": "mask", "mask": "#"});
    for events in [
        vec![block("a secret, a sec", json!("s")), event(0, json!({}), Some("stop"))],
        vec![
            block("a sec", Value::Null),
            block("ret, a sec", Value::Null),
            block("", json!("s")),
            event(0, json!({}), Some("stop")),
        ],
    ] {
        let (out, _) = run(&mut stage(rules()), events);
        let blocks: Vec<Value> =
            out.iter().map(|event| event["choices"][0]["delta"]["thinking_blocks"][0].clone()).collect();
        let said: String = blocks.iter().filter_map(|block| block["thinking"].as_str()).collect();
        assert_eq!(said, "a #, a sec");
        let signed = blocks.iter().position(|block| block["signature"] == "s").unwrap();
        assert!(blocks[signed + 1..].iter().all(Value::is_null), "thought behind its signature: {blocks:?}");
    }
    // one that breaks off before it is signed
    let (out, _) = run(&mut stage(rules()), vec![block("a sec", Value::Null)]);
    let last = &out.last().unwrap()["choices"][0]["delta"]["thinking_blocks"][0];
    assert_eq!((&last["type"], &last["thinking"]), (&json!("thinking"), &json!("a sec")));
}

#[test]
fn what_is_quoted_is_no_part_of_a_text_that_grows() {
    let mut stage = stage(json!({"words": ["secret"], "action": "mask", "mask": "#"}));
    let quoted = json!({"annotations": [{"type": "url_citation", "url_citation": {"title": "a secret", "url": "u"}}]});
    let (out, _) = run(&mut stage, vec![said(0, "a sec"), event(0, quoted, None), said(0, "ret")]);
    let annotation = &out[1]["choices"][0]["delta"]["annotations"][0];
    assert_eq!(annotation["url_citation"], json!({"title": "a #", "url": "u"}));
    assert_eq!(texts(&out)["0"], "a #");
}
