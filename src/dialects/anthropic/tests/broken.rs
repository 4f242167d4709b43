//! Answers that are not what the API promises: a fault that says so, and never a panic.

use millrace_actors::fault::Fault;
use proptest::prelude::*;

use super::super::{Decoder, read_request, read_whole, write_whole};
use super::{ANSWERS, encode, events_of, facts, fixture};
use crate::dialects::{Decode, Event};

fn fault(events: &[&str]) -> Option<Fault> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    events.iter().find_map(|data| decoder.event(None, data.as_bytes(), &mut out).err())
}

#[test]
fn an_error_in_a_stream_is_the_providers() {
    for (kind, status) in [
        ("overloaded_error", 529),
        ("rate_limit_error", 429),
        ("api_error", 500),
        ("invalid_request_error", 400),
        ("authentication_error", 401),
        ("permission_error", 403),
        ("not_found_error", 404),
        ("request_too_large", 413),
        ("timeout_error", 504),
        ("made_up_error", 500),
    ] {
        let body = format!(r#"{{"type":"error","error":{{"type":"{kind}","message":"Sorry"}},"request_id":"req_1"}}"#);
        for fault in [fault(&[&body]), read_whole(body.as_bytes()).err()] {
            let Some(Fault::Provider { status: told, error, .. }) = fault else { panic!("{kind}: {fault:?}") };
            assert_eq!((told, error.kind.as_deref(), error.message.as_str()), (status, Some(kind), "Sorry"));
        }
    }
}

#[test]
fn what_cannot_be_understood_is_told() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    for (events, want) in [
        (vec!["not json"], "cannot be read"),
        (vec![r#"{"type":"message_start"}"#], "no message"),
        (vec![r#"{"type":"content_block_start","index":0}"#], "no content_block"),
        (vec![r#"{"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"x"}}"#], "block 3"),
        (
            vec![start, r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"x"}}"#],
            "another kind",
        ),
        (
            vec![start, r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":7}}"#],
            "cannot be read",
        ),
        (vec![r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"x"}}"#], "no name"),
        (
            vec![r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":7}}"#],
            "cannot be read",
        ),
    ] {
        let Some(Fault::InvalidAnswer { cause }) = fault(&events) else { panic!("{events:?}") };
        assert!(cause.contains(want), "{cause}");
    }
    for body in ["", "[]", "{}", r#"{"type":"message","content":null}"#, r#"{"content":[{"type":"text","text":[]}]}"#] {
        assert!(matches!(read_whole(body.as_bytes()), Err(Fault::InvalidAnswer { .. })), "{body}");
    }
}

#[test]
fn what_is_newer_than_this_reader_is_skipped() {
    let start = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
    let skipped = [
        r#"{"type":"weather","index":"high","delta":7}"#,
        r#"{"type":"ping"}"#,
        start,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"colour_delta","text":["red"]}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"colour_delta","red":1}}"#,
        "[DONE]",
    ];
    assert_eq!(fault(&skipped), None);
}

#[test]
fn blocks_that_are_never_closed_are_bounded() {
    let starts: Vec<String> = (0..65)
        .map(|n| format!(r#"{{"type":"content_block_start","index":{n},"content_block":{{"type":"text","text":""}}}}"#))
        .collect();
    let starts: Vec<&str> = starts.iter().map(String::as_str).collect();
    assert_eq!(fault(&starts[..64]), None);
    assert!(matches!(fault(&starts), Some(Fault::InvalidAnswer { .. })));
}

/// A fixture's events, cut, repeated, out of order, with bytes changed.
fn mangled() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let all: Vec<Vec<u8>> = ANSWERS
        .iter()
        .flat_map(|name| events_of(&fixture(&format!("stream-{name}.sse"))))
        .map(|(_, data)| data.into_bytes())
        .collect();
    let event = (prop::sample::select(all), prop::option::weighted(0.3, (any::<prop::sample::Index>(), any::<u8>())))
        .prop_map(|(mut data, change)| {
            if let Some((at, byte)) = change {
                let at = at.index(data.len());
                data[at] = byte;
            }
            data
        });
    prop::collection::vec(event, 0..24)
}

proptest! {
    #[test]
    fn no_stream_breaks_the_reader_or_the_writers(events in mangled()) {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        for data in &events {
            // as the relay would: the first fault ends the stream
            if decoder.event(None, data, &mut out).is_err() {
                break;
            }
        }
        let ended = out.last() == Some(&Event::End);
        let whole = write_whole(out.clone(), &facts());
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&whole).is_ok());
        let frames = encode(out);
        prop_assert_eq!(frames.last().is_some_and(|frame| frame.name == Some("message_stop")), ended);
    }

    #[test]
    fn no_body_breaks_the_readers(body in prop::collection::vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>()) {
        let _ = read_request(&body);
        let _ = read_whole(&body);
        let whole = fixture("whole-search.json");
        let _ = read_whole(&whole.as_bytes()[..cut.index(whole.len())]);
    }
}
