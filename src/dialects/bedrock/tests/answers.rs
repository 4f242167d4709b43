//! Answers, whole and streamed, which must say the same.

use millrace_actors::fault::Fault;
use millrace_actors::wire::tier::ServiceTier;
use proptest::prelude::*;
use serde_json::json;

use super::super::{Decoder, WHOLE, read_whole};
use super::{decode, encode, facts, fixture, golden, pretty};
use crate::dialects::event::{Event, Image, Reason};
use crate::dialects::request::Source;
use crate::dialects::{Decode, anthropic, openai};

const ANSWERS: [&str; 7] = ["text", "tools", "thinking", "sources", "stop-sequence", "guardrail", "newer"];

/// With the pieces of one thing joined, and usage where a whole answer has it too.
fn joined(events: Vec<Event>) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    for event in events {
        match (out.last_mut(), event) {
            (Some(Event::Text { text, .. }), Event::Text { text: more, .. })
            | (Some(Event::Reasoning { text, .. }), Event::Reasoning { text: more, .. }) => text.push_str(&more),
            (Some(Event::Arguments { json, .. }), Event::Arguments { json: more, .. }) => json.push_str(&more),
            (_, event) => out.push(event),
        }
    }
    // white space within arguments is the model's in a stream, and the service's in a whole answer
    for event in &mut out {
        if let Event::Arguments { json, .. } = event {
            *json = serde_json::from_str::<serde_json::Value>(json).unwrap().to_string();
        }
    }
    out
}

/// In a stream it comes last, with the tokens that are billed by it.
#[test]
fn the_tier_is_told_with_the_tokens() {
    let stream =
        fixture("bedrock/stream-text.txt").replace("\"metrics\"", "\"serviceTier\":{\"type\":\"flex\"},\"metrics\"");
    let tiers: Vec<_> = decode(&stream)
        .into_iter()
        .filter_map(|event| if let Event::Usage(usage) = event { Some(usage.service_tier) } else { None })
        .collect();
    assert_eq!(tiers, [Some(ServiceTier::Flex)]);
}

#[test]
fn a_stream_and_a_whole_answer_are_the_same_events() {
    for name in ANSWERS {
        let stream = joined(decode(&fixture(&format!("bedrock/stream-{name}.txt"))));
        let whole = joined(read_whole(fixture(&format!("bedrock/whole-{name}.json")).as_bytes()).unwrap());
        assert_eq!(stream, whole, "{name}");
        assert_eq!(stream.last(), Some(&Event::End));
    }
}

#[test]
fn answers_are_read_and_written_for_every_caller() {
    for name in ANSWERS {
        let events = decode(&fixture(&format!("bedrock/stream-{name}.txt")));
        let shown: String = events.iter().map(|event| format!("{event:?}\n")).collect();
        golden(&format!("bedrock-to-events/stream-{name}.txt"), &shown);
        let chat = encode(Box::new(openai::Encoder::new(facts())), events.clone());
        golden(&format!("bedrock-to-openai/stream-{name}.sse"), &chat);
        let message = encode(Box::new(anthropic::Encoder::new(facts())), events);
        golden(&format!("bedrock-to-anthropic/stream-{name}.sse"), &message);
        let whole = || read_whole(fixture(&format!("bedrock/whole-{name}.json")).as_bytes()).unwrap();
        golden(&format!("bedrock-to-openai/whole-{name}.json"), &pretty(&openai::write_whole(whole(), &facts())));
        golden(&format!("bedrock-to-anthropic/whole-{name}.json"), &pretty(&anthropic::write_whole(whole(), &facts())));
    }
}

/// In the place of a stream it is one event.
#[test]
fn a_whole_answer_is_read_as_an_event_too() {
    for name in ANSWERS {
        let whole = fixture(&format!("bedrock/whole-{name}.json"));
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        decoder.event(Some(WHOLE.as_bytes()), whole.as_bytes(), &mut out).unwrap();
        assert_eq!(out, read_whole(whole.as_bytes()).unwrap(), "{name}");
    }
}

fn read(events: &[(&str, serde_json::Value)]) -> Result<Vec<Event>, Fault> {
    let (mut decoder, mut out) = (Decoder::default(), Vec::new());
    for (name, data) in events {
        decoder.event(Some(name.as_bytes()), data.to_string().as_bytes(), &mut out)?;
    }
    Ok(out)
}

#[test]
fn the_answer_given_by_our_tool_is_text() {
    let start =
        json!({"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "t", "name": super::super::format::ANSWER}}});
    let delta = |json: &str| json!({"contentBlockIndex": 0, "delta": {"toolUse": {"input": json}}});
    let stream = read(&[
        ("messageStart", json!({"role": "assistant"})),
        ("contentBlockStart", start),
        ("contentBlockDelta", delta("{\"a\":")),
        ("contentBlockDelta", delta("1}")),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("messageStop", json!({"stopReason": "tool_use"})),
        ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}})),
    ]);
    let whole = json!({"output": {"message": {"role": "assistant", "content": [
        {"toolUse": {"toolUseId": "t", "name": super::super::format::ANSWER, "input": {"a": 1}}}]}},
        "stopReason": "tool_use", "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}});
    let whole = read_whole(whole.to_string().as_bytes()).unwrap();
    assert_eq!(joined(stream.unwrap()), whole);
    assert_eq!(whole[1], Event::Text { choice: 0, text: "{\"a\":1}".into() });
    assert_eq!(whole[2], Event::Finish { choice: 0, reason: Reason::Stop, stop_sequence: None });
}

#[test]
fn what_cannot_be_is_a_fault_of_the_provider() {
    let arguments = json!({"contentBlockIndex": 4, "delta": {"toolUse": {"input": "{}"}}});
    let error = json!({"error": {"type": "throttlingException", "message": "slow down"}});
    let picture = json!({"contentBlockIndex": 0, "delta": {"image": {"source": {"bytes": "?"}}}});
    for (events, says) in [
        (vec![("contentBlockDelta", arguments)], "where no call has begun"),
        (vec![("contentBlockDelta", json!({"delta": {"text": 7}}))], "cannot be read"),
        (vec![("metadata", json!("all"))], "cannot be read"),
        (vec![("error", error)], "slow down"),
        (vec![("contentBlockDelta", picture)], "no base64"),
    ] {
        let fault = read(&events).unwrap_err();
        assert!(format!("{fault:?}").contains(says), "{fault:?}");
    }
    for body in ["", "[]", "{}", r#"{"output":{}}"#, r#"{"output":{"message":{"content":[{"toolUse":{}}]}}}"#] {
        assert!(matches!(read_whole(body.as_bytes()), Err(Fault::InvalidAnswer { .. })), "{body}");
    }
    // AWS's words, though the status is that of an answer
    let failed = read_whole(br#"{"message":"the model is busy"}"#);
    assert!(
        matches!(&failed, Err(Fault::Provider { error, .. }) if error.message == "the model is busy"),
        "{failed:?}"
    );
    let begun = |n: u32| {
        ("contentBlockStart", json!({"contentBlockIndex": n, "start": {"toolUse": {"toolUseId": "t", "name": "n"}}}))
    };
    assert!(read(&(0..64).map(begun).collect::<Vec<_>>()).is_ok());
    assert!(read(&(0..65).map(begun).collect::<Vec<_>>()).is_err(), "what is open is bounded");
}

/// Once a block, whether it begins or brings something.
#[test]
fn pictures_and_what_is_of_another_kind_are_told() {
    let start =
        |n: u32, start: serde_json::Value| ("contentBlockStart", json!({"contentBlockIndex": n, "start": start}));
    let delta =
        |n: u32, delta: serde_json::Value| ("contentBlockDelta", json!({"contentBlockIndex": n, "delta": delta}));
    let stop = |n: u32| ("contentBlockStop", json!({"contentBlockIndex": n}));
    let piece = |bytes: &str| json!({"image": {"source": {"bytes": bytes}}});
    let stream = [
        ("messageStart", json!({"role": "assistant"})),
        start(0, json!({"toolResult": {"toolUseId": "t"}})),
        delta(0, json!({"toolResult": [{"text": "1"}]})),
        delta(0, json!({"toolResult": [{"text": "2"}]})),
        stop(0),
        start(1, json!({"image": {"format": "jpeg"}})),
        delta(1, piece("AA==")),
        delta(1, piece("AQI=")),
        stop(1),
        delta(2, json!({"searchResult": {}})),
        stop(2),
        ("messageStop", json!({"stopReason": "end_turn"})),
        ("metadata", json!({})),
    ];
    let whole = json!({"output": {"message": {"role": "assistant", "content": [
        {"toolResult": {"toolUseId": "t", "content": [{"text": "12"}]}},
        {"image": {"format": "jpeg", "source": {"bytes": "AAEC"}}},
        {"searchResult": {}},
    ]}}, "stopReason": "end_turn"});
    let whole = read_whole(whole.to_string().as_bytes()).unwrap();
    assert_eq!(read(&stream).unwrap(), whole);
    let source = Source::Base64 { media_type: "image/jpeg".into(), data: "AAEC".into() };
    let own = |kind: &str| Event::Own { kind: kind.into() };
    assert_eq!(
        whole[1..4],
        [own("toolResult"), Event::Image { choice: 0, image: Image { source } }, own("searchResult")]
    );
    let elsewhere = json!({"output": {"message": {"content": [
        {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/k"}}}}]}}});
    assert_eq!(read_whole(elsewhere.to_string().as_bytes()).unwrap()[1], own("image"));
}

/// Claude's sources in Converse's words are Claude's for callers of Anthropic's.
#[test]
fn places_in_documents_are_told_in_anthropics_words() {
    let sources = [
        json!({"title": "A", "sourceContent": [{"text": "a"}, {"text": "b"}],
            "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 3}}}),
        json!({"location": {"documentChunk": {"documentIndex": 1, "start": 0, "end": 2}}}),
        json!({"title": "S", "source": "https://s", "location": {"searchResultLocation": {"searchResultIndex": 2, "start": 0, "end": 1}}}),
    ];
    let body = json!({"output": {"message": {"content": [
        {"citationsContent": {"content": [{"text": "x"}], "citations": sources}}]}}, "stopReason": "end_turn"});
    let told = anthropic::write_whole(read_whole(body.to_string().as_bytes()).unwrap(), &facts());
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    let want = json!([
        {"type": "char_location", "cited_text": "ab", "document_title": "A", "document_index": 0,
            "start_char_index": 1, "end_char_index": 3},
        {"type": "content_block_location", "cited_text": "", "document_title": null, "document_index": 1,
            "start_block_index": 0, "end_block_index": 2},
        {"type": "search_result_location", "cited_text": "", "source": "https://s", "title": "S",
            "search_result_index": 2, "start_block_index": 0, "end_block_index": 1},
    ]);
    assert_eq!(told["content"][0]["citations"], want);
}

#[test]
fn what_comes_after_the_end_is_nothing_and_an_end_needs_both() {
    let stop = ("messageStop", json!({"stopReason": "end_turn"}));
    let meter = ("metadata", json!({"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}));
    let ends = |events: &[_]| read(events).unwrap().iter().filter(|event| **event == Event::End).count();
    assert_eq!(ends(std::slice::from_ref(&stop)), 0);
    assert_eq!(ends(std::slice::from_ref(&meter)), 0);
    assert_eq!(ends(&[meter.clone(), stop.clone()]), 1);
    assert_eq!(ends(&[stop.clone(), meter.clone(), meter, stop]), 1);
}

proptest! {
    #[test]
    fn garbage_is_borne(name in "[a-zA-Z]{0,20}", data in proptest::collection::vec(any::<u8>(), 0..80)) {
        let (mut decoder, mut out) = (Decoder::default(), Vec::new());
        let _ = decoder.event(Some(name.as_bytes()), &data, &mut out);
        let _ = read_whole(&data);
    }
}
