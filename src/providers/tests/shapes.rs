//! Answers in another shape than was asked for, as each provider's dialect makes one of the other: over the fixtures, in which a
//! stream and a whole answer of one name are one answer.

use bytes::Bytes;
use millrace_actors::deployment::Dialect;
use millrace_actors::shape::{as_stream, gathered};
use millrace_actors::wire::envelope::Endpoint;
use millrace_actors::wire::framing::StreamReader;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::protocol::Protocol;
use serde_json::Value;

use super::speaking::provider;
use crate::dialects::tests::fixtures;
use crate::dialects::tests::table::{ROWS, callers, facts, wire};

pub const MOST: usize = 1 << 20;

pub fn asked(protocol: Protocol) -> Endpoint {
    match protocol {
        Protocol::Chat | Protocol::Own => Endpoint::Chat,
        Protocol::Text => Endpoint::Completions,
        Protocol::Messages => Endpoint::Messages,
        Protocol::Responses => Endpoint::Responses,
        Protocol::GenerateContent => Endpoint::Generate,
    }
}

fn shown(told: &Result<Value, String>) -> String {
    told.as_ref().map_or_else(Clone::clone, Value::to_string)
}

/// What a caller is told of a whole answer, but for ids that are drawn.
fn told(dialect: &dyn Dialect, to: Protocol, whole: &Bytes) -> Result<Value, String> {
    let told = dialect.translate(to, facts(), whole, &mut Notes::default()).map_err(|why| format!("{why:?}"))?;
    let mut told = serde_json::from_slice(&told).unwrap();
    settle(&mut told);
    Ok(told)
}

/// Arguments are compared as what they say: a stream's were written by another hand.
fn settle(value: &mut Value) {
    if let Some(arguments) = value.get_mut("arguments").filter(|arguments| arguments.is_string()) {
        *arguments = serde_json::from_str(arguments.as_str().unwrap_or_default()).unwrap_or_default();
    }
    match value {
        Value::String(text) if text.starts_with("call_") || text.starts_with("toolu_") => *text = "drawn".to_owned(),
        Value::Array(list) => list.iter_mut().for_each(settle),
        Value::Object(object) => object.values_mut().for_each(settle),
        _ => {}
    }
}

/// The data of a fixture's events.
fn data(row: &crate::dialects::tests::table::Row, bytes: &[u8]) -> Vec<String> {
    let (mut reader, mut data) = (StreamReader::new(row.framing, MOST), vec![]);
    reader.feed(bytes, |event| data.push(String::from_utf8(event.data.to_vec()).unwrap())).unwrap();
    data
}

#[test]
fn a_stream_that_nobody_asked_for_is_the_answer_that_it_tells() {
    let (mut tried, mut differ) = (0, vec![]);
    for row in &ROWS {
        let (dialect, wholes) = (provider(row.name), fixtures::of(row.name, "whole"));
        for fixture in fixtures::of(row.name, "stream") {
            let Some(same) = wholes.iter().find(|whole| whole.name == fixture.name) else { continue };
            let stream = Bytes::from(wire(row, &fixture.text));
            for (_, to) in callers().filter(|(_, to)| dialect.protocol(asked(*to)) != *to) {
                let place = format!("{} {} to {to:?}", row.name, fixture.name);
                let whole = gathered(&*dialect, asked(to), (&stream, true), MOST);
                let whole = whole.unwrap_or_else(|why| panic!("{place}: {why:?}"));
                assert!(serde_json::from_slice::<Value>(&whole).is_ok_and(|whole| whole.is_object()), "{place}");
                let want = told(&*dialect, to, &Bytes::from(same.text.clone()));
                let got = told(&*dialect, to, &whole);
                if got != want {
                    differ.push(format!("{place}: {} and not {}", shown(&got), shown(&want)));
                }
                tried += 1;
            }
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n"));
    assert!(tried > 100, "{tried}");
}

/// Of a stream that nobody asked for, too, the names of its events count: what is newer than its reader is none of what it looks
/// like, and what comes last is the end, whatever it tells.
#[test]
fn events_are_kept_with_their_names() {
    let row = ROWS.iter().find(|row| row.name == "bedrock").unwrap();
    let text =
        |kind: &str| fixtures::of(row.name, kind).into_iter().find(|fixture| fixture.name == "text").unwrap().text;
    let (stream, mut whole) = (text("stream"), serde_json::from_str::<Value>(&text("whole")).unwrap());
    whole.as_object_mut().unwrap().shift_remove("usage");
    let newer = "event: contentBlockComment\ndata: {\"contentBlockIndex\":0,\"delta\":{\"text\":\"aside\"}}\n\n";
    let last = "event: metadata\ndata: {\"metrics\":{\"latencyMs\":1}}\n\n";
    let stream = format!("{newer}{}{last}", &stream[..stream.rfind("event: metadata").unwrap()]);
    let dialect = provider(row.name);
    for (_, to) in callers() {
        let kept = gathered(&*dialect, asked(to), (&wire(row, &stream).into(), true), MOST).unwrap();
        assert_eq!(told(&*dialect, to, &kept), told(&*dialect, to, &whole.to_string().into()), "{to:?}");
    }
}

/// Google's streams are one array, where no server-sent events are asked for (FAULTS S21).
#[test]
fn a_stream_in_one_array_is_the_same_answer_and_the_same_stream() {
    let row = ROWS.iter().find(|row| row.name == "gemini").unwrap();
    let dialect = provider(row.name);
    for fixture in fixtures::of(row.name, "stream") {
        let events = data(row, fixture.text.as_bytes());
        let array = Bytes::from(format!("[{}\n]", events.join(",\r\n")));
        let (stream, _) = as_stream(&*dialect, Endpoint::Chat, &array, MOST).unwrap();
        assert_eq!(data(row, &stream), events, "{}", fixture.name);
        let sent = Bytes::from(fixture.text.clone());
        let [one, other] =
            [(&array, false), (&sent, true)].map(|given| gathered(&*dialect, Endpoint::Chat, given, MOST));
        assert_eq!(one, other, "{}", fixture.name);
        let cut = Bytes::from(format!("[{}]", events[..events.len() - 1].join(",")));
        if events.len() > 1 {
            let cut = gathered(&*dialect, Endpoint::Chat, (&cut, false), MOST);
            assert!(cut.is_err() || events[..events.len() - 1].iter().any(|event| event.contains("finishReason")));
        }
    }
}
