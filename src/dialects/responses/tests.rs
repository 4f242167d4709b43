//! Tests of the dialect over fixtures: files that a person can read. Goldens are written by `MILLRACE_BLESS=1` and compared
//! otherwise.

use bytes::Bytes;
use millrace_actors::ports::Kept;
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::sse::SseReader;
use millrace_lab::order;
use serde_json::{Value, json};

use super::super::{AnswerFacts, Decode, Encode, Event, Frame, Target, anthropic, openai};
use super::{Decoder, Encoder, collect, read_request, read_whole, split, write_request, write_whole};
use crate::dialects::testing::{self, golden, path};

/// Answers with both a stream and a whole fixture.
const PAIRS: [&str; 10] =
    ["text", "tools", "reasoning", "refusal", "cut", "citations", "messages", "logprobs", "picture", "custom"];

fn fixture(file: &str) -> String {
    testing::fixture(&format!("responses/{file}"))
}

fn facts() -> AnswerFacts {
    AnswerFacts {
        model: "my-model".into(),
        id: "made-up".into(),
        created: 1_795_599_999,
        show_usage: true,
        asked: Vec::new(),
        vectors: None,
    }
}

/// The events of a stream cut into pieces of so many bytes, and the fault that ended it, if one did.
fn decode(stream: &str, piece: usize) -> (Vec<Event>, Option<String>) {
    let mut decoder = Decoder::default();
    let (mut out, mut fault) = (vec![], None);
    let mut reader = SseReader::new(1 << 20);
    for chunk in stream.as_bytes().chunks(piece) {
        let fed = reader.feed(chunk, |event| {
            if fault.is_none() {
                fault = decoder.event(event.name, event.data, &mut out).err().map(|fault| format!("{fault:?}"));
            }
        });
        fed.unwrap();
    }
    (out, fault)
}

fn encode(events: Vec<Event>) -> Vec<Frame> {
    let mut encoder = Encoder::new(facts());
    let mut out = vec![];
    events.into_iter().for_each(|event| encoder.event(event, &mut out));
    out
}

fn sse(frames: &[Frame]) -> String {
    let text = |frame: &Frame| {
        let data = std::str::from_utf8(&frame.data).unwrap();
        format!("event: {}\ndata: {data}\n\n", frame.name.unwrap())
    };
    frames.iter().map(text).collect()
}

/// Pieces of text joined, so that a stream and a whole answer can be compared.
fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut out: Vec<Event> = vec![];
    for event in events {
        match (out.last_mut(), event) {
            (Some(Event::Text { text, .. }), Event::Text { text: more, .. })
            | (Some(Event::Refusal { text, .. }), Event::Refusal { text: more, .. })
            | (Some(Event::Reasoning { text, .. }), Event::Reasoning { text: more, .. }) => text.push_str(&more),
            (Some(Event::Arguments { json, .. }), Event::Arguments { json: more, .. }) => json.push_str(&more),
            (Some(Event::Input { text, .. }), Event::Input { text: more, .. }) => text.push_str(&more),
            (_, event) => out.push(event),
        }
    }
    out
}

fn pretty(body: &[u8]) -> String {
    format!("{:#}\n", serde_json::from_slice::<Value>(body).unwrap())
}

#[test]
fn a_stream_and_a_whole_answer_are_the_same_events_whatever_the_split() {
    for name in PAIRS {
        let stream = fixture(&format!("stream-{name}.sse"));
        let (events, fault) = decode(&stream, stream.len());
        assert_eq!(fault, None, "{name}");
        for piece in [1, 7, 64] {
            assert_eq!(decode(&stream, piece).0, events, "{name} by {piece}");
        }
        golden(
            &format!("responses-to-events/{name}.txt"),
            &events.iter().map(|e| format!("{e:?}\n")).collect::<String>(),
        );
        let whole = read_whole(fixture(&format!("whole-{name}.json")).as_bytes()).unwrap();
        if name != "logprobs" {
            assert_eq!(joined(events), joined(whole), "{name}");
        }
    }
}

#[test]
fn what_is_read_is_written_for_each_protocol() {
    for name in PAIRS {
        let events = decode(&fixture(&format!("stream-{name}.sse")), 1 << 20).0;
        let frames = encode(events.clone());
        golden(&format!("responses-to-responses/stream-{name}.sse"), &sse(&frames));
        let whole = write_whole(events.clone(), &facts());
        let last: Value = serde_json::from_slice(&frames.last().unwrap().data).unwrap();
        assert_eq!(
            last["response"],
            serde_json::from_slice::<Value>(&whole).unwrap(),
            "{name}: stream and whole differ"
        );
        golden(
            &format!("responses-to-openai/whole-{name}.json"),
            &pretty(&openai::write_whole(events.clone(), &facts())),
        );
        golden(
            &format!("responses-to-anthropic/whole-{name}.json"),
            &pretty(&anthropic::write_whole(events, &facts())),
        );
    }
}

#[test]
fn a_response_that_failed_is_a_fault_and_never_an_end() {
    let (events, fault) = decode(&fixture("stream-failed.sse"), 1 << 20);
    assert!(fault.is_some_and(|fault| fault.contains("The model failed.") && fault.contains("status: 500")));
    assert!(!events.contains(&Event::End));
    let failed = json!({"object": "response", "status": "failed", "output": [], "error": {"code": "rate_limit_exceeded", "message": "slow"}});
    assert!(format!("{:?}", read_whole(failed.to_string().as_bytes()).unwrap_err()).contains("status: 429"));
    let odd = r#"{"output":[7,"x",{"type":"message","content":["y",{"type":"output_text"}]},{"type":"reasoning","summary":3}]}"#;
    assert_eq!(read_whole(odd.as_bytes()).unwrap().len(), 3);
    for body in [r#"{"object":"response"}"#, r#"{"object":"response","status":"queued","output":[]}"#, "[]", "x"] {
        assert!(read_whole(body.as_bytes()).is_err(), "{body}");
    }
}

/// Found by fuzzing: told on, it was an answer that no client of another protocol could read.
#[test]
fn a_call_of_nothing_is_no_answer() {
    for call in [
        json!({"type": "function_call", "call_id": "c", "name": "", "arguments": "{}"}),
        json!({"type": "custom_tool_call", "call_id": "c", "input": "x"}),
    ] {
        let whole = json!({"object": "response", "status": "completed", "output": [call]});
        assert!(format!("{:?}", read_whole(whole.to_string().as_bytes())).contains("without a name"), "{call}");
        for kind in ["response.output_item.added", "response.output_item.done"] {
            let event = json!({"type": kind, "output_index": 0, "item": call});
            let (events, fault) = decode(&format!("event: {kind}\ndata: {event}\n\n"), 1 << 20);
            assert!(fault.is_some_and(|fault| fault.contains("without a name")), "{kind} {call}: {events:?}");
        }
    }
}

#[test]
fn a_stream_cut_anywhere_has_no_end() {
    let stream = fixture("stream-tools.sse");
    let last = stream.rfind("event: response.completed").unwrap();
    for cut in (0..last).step_by(97) {
        assert!(!decode(&stream[..stream.floor_char_boundary(cut)], 1 << 20).0.contains(&Event::End), "{cut}");
    }
}

#[test]
fn s22_a_whole_answer_becomes_its_stream_and_back() {
    for name in PAIRS {
        let whole = fixture(&format!("whole-{name}.json"));
        let frames = split(whole.as_bytes()).unwrap();
        let (told, fault) = decode(&sse(&frames), 1 << 20);
        assert_eq!((joined(told), fault), (joined(read_whole(whole.as_bytes()).unwrap()), None), "{name}");
        assert_eq!(order_of(&frames), Ok(order::End::Whole), "{name}");
        let data: Vec<Kept> = frames.into_iter().map(|frame| frame.data.into()).collect();
        assert!(Protocol::Responses.ends(None, &data.last().unwrap().data));
        let back: Value = serde_json::from_slice(&collect(&data).unwrap()).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(&whole).unwrap(), "{name}");
    }
}

fn order_of(frames: &[Frame]) -> Result<order::End, String> {
    let events = frames.iter().map(|frame| (frame.name.map(str::as_bytes), &*frame.data));
    order::check(order::Spoken::Responses, events)
}

#[test]
fn items_of_each_kind_are_split_in_order_the_empty_ones_too() {
    let mut whole: Value = serde_json::from_str(&fixture("whole-text.json")).unwrap();
    let call = |id: &str, input: &str| json!({"id": id, "type": "custom_tool_call", "status": "completed", "call_id": "c", "name": "f", "input": input});
    whole["output"] = json!([
        {"id": "rs_1", "type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "so"}]},
        call("ctc_2", "ls"),
        call("ctc_3", ""),
        {"id": "fc_4", "type": "function_call", "status": "completed", "call_id": "d", "name": "g", "arguments": ""},
        {"id": "msg_5", "type": "message", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": "", "annotations": [], "logprobs": []}]},
    ]);
    let frames = split(whole.to_string().as_bytes()).unwrap();
    assert_eq!(order_of(&frames), Ok(order::End::Whole));
    let (told, fault) = decode(&sse(&frames), 1 << 20);
    assert_eq!((joined(told), fault), (joined(read_whole(whole.to_string().as_bytes()).unwrap()), None));
}

/// A client that keeps items as they end keeps them in this order.
#[test]
fn a_custom_call_ends_before_the_next_item_begins() {
    let begun = |call: u32| Event::CustomCall { choice: 0, call, id: format!("c{call}"), name: "f".into() };
    let over = |call| Event::InputEnd { choice: 0, call };
    let input = |call| Event::Input { choice: 0, call, text: "ls".into() };
    let text = || Event::Text { choice: 0, text: "t".into() };
    let frames = encode(vec![begun(0), input(0), over(0), begun(1), input(1), over(1), text(), Event::End]);
    assert_eq!(order_of(&frames), Ok(order::End::Whole));
    let ends = frames.iter().filter(|frame| frame.name == Some("response.output_item.done"));
    let places = ends.map(|frame| serde_json::from_slice::<Value>(&frame.data).unwrap()["output_index"].clone());
    assert_eq!(places.collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn requests_are_written_for_each_protocol() {
    let target = |model| Target { model, max_output_tokens: Some(4096), stream_usage: true };
    for name in ["tools", "schema"] {
        let request = read_request(fixture(&format!("request-{name}.json")).as_bytes()).unwrap();
        let chat = openai::write_request(&request, &target("qwen3")).unwrap();
        let claude = anthropic::write_request(&request, &target("claude-sonnet-4-5")).unwrap();
        for (to, written) in [("openai", chat), ("anthropic", claude)] {
            let text = format!("{}\nnotes: {}\n", pretty(&written.body).trim_end(), written.notes);
            golden(&format!("responses-to-{to}/request-{name}.txt"), &text);
        }
    }
    for name in ["tools", "thinking", "parts", "schema", "legacy"] {
        let body = std::fs::read(path("openai").join(format!("request-{name}.json"))).unwrap();
        let request = openai::read_request(&body).unwrap();
        let text = match write_request(&request, &target("gpt-5")) {
            Ok(written) => format!("{}\nnotes: {}\n", pretty(&written.body).trim_end(), written.notes),
            Err(bad) => format!("refused at {}: {}\n", bad.pointer, bad.what),
        };
        golden(&format!("openai-to-responses/request-{name}.txt"), &text);
    }
}

#[test]
fn a_body_of_the_wrong_form_is_refused_with_its_place() {
    for (body, pointer) in [
        (r#"{"input":7}"#, "/input"),
        (r#"{}"#, "/input"),
        (r#"{"input":[{"role":"robot","content":"x"}]}"#, "/input/0/role"),
        (r#"{"input":[{"type":"function_call","name":"f"}]}"#, "/input/0/call_id"),
        (r#"{"input":[{"type":"computer_call_output","output":{}}]}"#, "/input/0/type"),
        (r#"{"input":[{"role":"user","content":[{"type":"input_image"}]}]}"#, "/input/0/content/0/image_url"),
        (r#"{"input":"x","tools":[{"name":"f"}]}"#, "/tools/0/type"),
        (r#"{"input":"x","tool_choice":{"type":"function"}}"#, "/tool_choice"),
        (r#"{"input":"x","text":{"format":{"type":"xml"}}}"#, "/text/format/type"),
        (r#"{"input":"x","conversation":"conv_1"}"#, "/conversation"),
        (r#"{"input":"x","include":[1]}"#, "/include"),
    ] {
        assert_eq!(read_request(body.as_bytes()).unwrap_err().pointer, pointer, "{body}");
    }
    assert!(read_request(br#"{"input":"x","background":false,"previous_response_id":null}"#).is_ok());
}

#[test]
fn calls_that_come_by_turns_are_items_of_their_own() {
    let call = |call, name: &str| Event::ToolCall { choice: 0, call, id: format!("c{call}"), name: name.into() };
    let more = |call, json: &str| Event::Arguments { choice: 0, call, json: json.into() };
    let events = vec![call(0, "f"), call(1, "g"), more(0, "{\"a\""), more(1, "{}"), more(0, ":1}"), Event::End];
    let whole: Value = serde_json::from_slice(&write_whole(events, &facts())).unwrap();
    let told: Vec<_> = whole["output"].as_array().unwrap().iter().map(|item| item["arguments"].clone()).collect();
    assert_eq!(told, [json!("{\"a\":1}"), json!("{}")]);
}

/// `value` with each of its places taken by values of other kinds, one at a time.
fn each_swap(value: &Value, on: &mut dyn FnMut(&Value)) {
    fn places(value: &Value, at: String, out: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| places(value, format!("{at}/{name}"), out))
            }
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(n, value)| places(value, format!("{at}/{n}"), out))
            }
            _ => {}
        }
        out.push(at);
    }
    let mut all = vec![];
    places(value, String::new(), &mut all);
    for place in all {
        for other in [json!(7), json!("x"), json!([]), json!({}), json!(["y"]), Value::Null] {
            let mut swapped = value.clone();
            if let Some(there) = swapped.pointer_mut(&place) {
                *there = other;
                on(&swapped);
            }
        }
    }
}

#[test]
fn what_is_of_another_kind_than_it_should_be_is_read_or_refused() {
    let (mut read, mut refused) = (0, 0);
    let mut count = |fine: bool| if fine { read += 1 } else { refused += 1 };
    for name in PAIRS {
        let whole: Value = serde_json::from_str(&fixture(&format!("whole-{name}.json"))).unwrap();
        each_swap(&whole, &mut |swapped| {
            let body = swapped.to_string();
            count(read_whole(body.as_bytes()).is_ok_and(|events| !write_whole(events, &facts()).is_empty()));
            count(split(body.as_bytes()).is_ok());
        });
        let mut reader = SseReader::new(1 << 20);
        let fed = reader.feed(fixture(&format!("stream-{name}.sse")).as_bytes(), |event| {
            let data: Value = serde_json::from_slice(event.data).unwrap();
            each_swap(&data, &mut |swapped| {
                let body = swapped.to_string();
                count(Decoder::default().event(None, body.as_bytes(), &mut vec![]).is_ok());
                count(collect(&[Bytes::from(body).into()]).is_ok());
            });
        });
        fed.unwrap();
    }
    for name in ["tools", "schema"] {
        let request: Value = serde_json::from_str(&fixture(&format!("request-{name}.json"))).unwrap();
        let target = Target { model: "gpt-5", max_output_tokens: None, stream_usage: true };
        each_swap(&request, &mut |swapped| {
            let request = read_request(swapped.to_string().as_bytes());
            count(request.is_ok_and(|request| write_request(&request, &target).is_ok()));
        });
    }
    assert!(read > 0 && refused > 0, "{read} {refused}");
}
