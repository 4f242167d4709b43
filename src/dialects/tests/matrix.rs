//! Each fixture in every other dialect.

use serde_json::{Value, json};

use super::fixtures::{self, Goldens};
use super::table::{ROWS, Row, callers, decode, encode, framed, read_whole, whole, wire};
use crate::dialects::untold::Untold;
use crate::dialects::{BadRequest, Event, Target};

fn golden_of(from: &Row, to: &Row, kind: &str, name: &str, ending: &str) -> String {
    format!("{}-to-{}/{kind}-{name}.{ending}", from.name, to.name)
}

/// A request of a fixture as another dialect's provider gets it, and what was noted of it.
#[test]
fn requests_in_every_dialect() {
    let mut goldens = Goldens::default();
    for from in &ROWS {
        let Some(read_request) = from.read_request else { continue };
        for fixture in fixtures::of(from.name, "request") {
            let request = read_request(fixture.text.as_bytes()).unwrap();
            for to in ROWS.iter().filter(|to| to.name != from.name) {
                let target = Target { model: to.model, max_output_tokens: None, stream_usage: true };
                let shown = match (to.write_request)(&request, &target) {
                    Ok(written) => {
                        let body: Value = serde_json::from_slice(&written.body).unwrap();
                        let notes = written.notes.iter().map(|n| format!("{:?} {}: {}", n.did, n.param, n.detail));
                        json!({ "body": body, "notes": notes.collect::<Vec<_>>() })
                    }
                    Err(BadRequest { pointer, what }) => json!({ "refused": what, "at": pointer }),
                };
                goldens.is(&golden_of(from, to, "request", &fixture.name, "json"), &format!("{shown:#}\n"));
            }
        }
    }
    goldens.done();
}

#[test]
fn whole_answers_in_every_dialect() {
    let mut goldens = Goldens::default();
    for from in &ROWS {
        for fixture in fixtures::of(from.name, "whole") {
            let events = read_whole(from, &fixture.text);
            for (to, protocol) in callers().filter(|(to, _)| to.name != from.name) {
                let mut untold = Untold::new(protocol);
                events.iter().for_each(|event| untold.look(event));
                let answer = match untold.end() {
                    Ok(()) => whole(protocol, events.clone()),
                    Err(fault) => json!({ "refused": format!("{fault:?}") }),
                };
                goldens.is(&golden_of(from, to, "whole", &fixture.name, "json"), &format!("{answer:#}\n"));
            }
        }
    }
    goldens.done();
}

#[test]
fn streams_in_every_dialect() {
    let mut goldens = Goldens::default();
    for from in &ROWS {
        for fixture in fixtures::of(from.name, "stream") {
            let (events, fault) = decode(from, [&wire(from, &fixture.text)[..]]);
            for (to, protocol) in callers().filter(|(to, _)| to.name != from.name) {
                let mut stream = framed(&encode(protocol, events.clone()));
                stream.extend(fault.iter().map(|fault| format!("fault: {fault}\n")));
                goldens.is(&golden_of(from, to, "stream", &fixture.name, "sse"), &stream);
            }
        }
    }
    goldens.done();
}

/// One answer in its two forms comes to the same in every dialect, its own included; and what a caller folds out of our
/// stream is what we would have told it whole.
#[test]
fn a_stream_folds_to_the_whole_answer_for_every_pair() {
    let mut pairs = 0;
    for from in &ROWS {
        let wholes = fixtures::of(from.name, "whole");
        for stream in fixtures::of(from.name, "stream") {
            let (events, fault) = decode(from, [&wire(from, &stream.text)[..]]);
            let told = wholes.iter().find(|whole| whole.name == stream.name);
            for (to, protocol) in callers() {
                let place = format!("{} {} to {}", from.name, stream.name, to.name);
                let folded = whole(protocol, events.clone());
                if let Some(told) = told {
                    let told = read_whole(from, &told.text);
                    assert_eq!(plain(folded.clone()), plain(whole(protocol, told)), "{place}");
                    pairs += 1;
                }
                if fault.is_none() {
                    let ours = framed(&encode(protocol, events.clone()));
                    let (again, fault) = decode(to, [ours.as_bytes()]);
                    assert_eq!((fault, again.last()), (None, Some(&Event::End)), "{place}");
                    // both through the reader: what it cannot tell apart counts as the same
                    let told = read_whole(to, &folded.to_string());
                    // OpenAI's writer puts a signature of Google's behind a call's id: what was written so already would
                    // be given it twice, in a stream only, where the order of thought and call is told
                    if !folded.to_string().contains("__thought__") {
                        assert_eq!(plain(whole(protocol, again)), plain(whole(protocol, told)), "{place}");
                    }
                }
            }
        }
    }
    assert!(pairs > 20, "only {pairs} answers are there in both forms");
}

/// Without what a stream's reader cannot know: where one text of Anthropic's ends and the next begins, and with how much white
/// space a whole answer wrote a call's arguments.
fn plain(mut answer: Value) -> Value {
    parse_arguments(&mut answer);
    let Some(blocks) = answer.get_mut("content").and_then(Value::as_array_mut) else { return answer };
    let mut joined: Vec<Value> = Vec::new();
    for block in std::mem::take(blocks) {
        match joined.last_mut().filter(|last| last["type"] == "text" && block["type"] == "text") {
            Some(last) => {
                last["text"] = [&last["text"], &block["text"]].map(|text| text.as_str().unwrap()).concat().into();
            }
            None => joined.push(block),
        }
    }
    *blocks = joined;
    answer
}

fn parse_arguments(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str().filter(|_| name == "arguments").and_then(|text| serde_json::from_str(text).ok()) {
                    Some(parsed) => *value = parsed,
                    None => parse_arguments(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(parse_arguments),
        _ => {}
    }
}
