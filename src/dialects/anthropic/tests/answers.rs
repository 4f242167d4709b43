//! Answers read, as streams and whole, and written again.

use millrace_actors::wire::usage::Usage;
use serde_json::Value;

use super::super::{read_whole, write_whole};
use super::{ANSWERS, decode, encode, facts, fixture, golden, parsed, pretty, stream_of};
use crate::dialects::Event;
use crate::dialects::event::Reason;

#[test]
fn a_stream_and_the_whole_answer_say_the_same() {
    for name in ANSWERS {
        let streamed = write_whole(decode(&fixture(&format!("stream-{name}.sse"))), &facts());
        let whole = write_whole(read_whole(fixture(&format!("whole-{name}.json")).as_bytes()).unwrap(), &facts());
        // not byte for byte: the arguments of a call keep the white space that they came with
        assert_eq!(parsed(&streamed), parsed(&whole), "{name}");
        golden(&format!("anthropic-to-anthropic/whole-{name}.json"), &pretty(&parsed(&whole)));
    }
}

#[test]
fn a_stream_is_read_into_events() {
    for name in ANSWERS {
        let events = decode(&fixture(&format!("stream-{name}.sse")));
        assert_eq!(events.last(), Some(&Event::End), "{name}");
        let lines: String = events.iter().map(|event| format!("{event:?}\n")).collect();
        golden(&format!("anthropic-to-model/stream-{name}.txt"), &lines);
    }
}

#[test]
fn a_stream_is_written_from_events() {
    for name in ANSWERS {
        let frames = encode(decode(&fixture(&format!("stream-{name}.sse"))));
        let stream = stream_of(&frames);
        golden(&format!("anthropic-to-anthropic/stream-{name}.sse"), &stream);
        // and what was written reads as what was read: the same answer, whoever asks
        let again = write_whole(decode(&stream), &facts());
        let once = write_whole(decode(&fixture(&format!("stream-{name}.sse"))), &facts());
        assert_eq!(joined(&again), joined(&once), "{name}");
        assert_eq!(parsed(&again)["usage"], parsed(&once)["usage"], "{name}");
        assert_eq!(parsed(&again)["stop_reason"], parsed(&once)["stop_reason"], "{name}");
    }
}

/// The content, with texts that follow each other run together: the model does not tell where one block of text ended.
fn joined(whole: &[u8]) -> Vec<Value> {
    let mut blocks: Vec<Value> = Vec::new();
    for block in parsed(whole)["content"].as_array().unwrap() {
        match blocks.last_mut().filter(|last| last["type"] == "text" && block["type"] == "text") {
            Some(last) => {
                last["text"] = format!("{}{}", last["text"].as_str().unwrap(), block["text"].as_str().unwrap()).into()
            }
            None => blocks.push(block.clone()),
        }
    }
    blocks
}

#[test]
fn usage_is_what_was_told_first_and_last() {
    let events = decode(&fixture("stream-search.sse"));
    let usage = events.iter().rev().find_map(|event| match event {
        Event::Usage(usage) => Some(*usage),
        _ => None,
    });
    let want = Usage {
        prompt_tokens: 3200,
        completion_tokens: 120,
        total_tokens: 3320,
        cached_tokens: 2000,
        cache_creation_tokens: 300,
        cache_creation_hour_tokens: 200,
        web_searches: 1,
        ..Usage::default()
    };
    assert_eq!(usage, Some(want));
}

#[test]
fn why_it_ended_in_the_words_of_the_model() {
    for (word, want) in [
        ("end_turn", Reason::Stop),
        ("stop_sequence", Reason::StopSequence),
        ("max_tokens", Reason::Length),
        ("model_context_window_exceeded", Reason::Length),
        ("tool_use", Reason::ToolCalls),
        ("refusal", Reason::Refusal),
        ("pause_turn", Reason::Pause),
        ("compaction", Reason::Pause),
        ("sunset", Reason::Other("sunset".into())),
    ] {
        let body = format!(r#"{{"type":"message","content":[],"stop_reason":"{word}"}}"#);
        let events = read_whole(body.as_bytes()).unwrap();
        let finish = Event::Finish { choice: 0, reason: want, stop_sequence: None };
        assert!(events.contains(&finish), "{word}: {events:?}");
    }
}

/// Some servers of this API send a call's arguments with its start.
#[test]
fn arguments_that_come_along_count_where_no_pieces_do() {
    let stream = |deltas: &str| {
        let block = r#"{"type":"tool_use","id":"t","name":"f","input":{"a": 1.0}}"#;
        format!(
            "event: content_block_start\ndata: {{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{block}}}\n\n\
             {deltas}event: content_block_stop\ndata: {{\"type\":\"content_block_stop\",\"index\":0}}\n\n"
        )
    };
    let arguments = |stream: &str| -> String {
        let json = |event| if let Event::Arguments { json, .. } = event { Some(json) } else { None };
        decode(stream).into_iter().filter_map(json).collect()
    };
    assert_eq!(arguments(&stream("")), r#"{"a": 1.0}"#);
    let piece = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
        \"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n";
    assert_eq!(arguments(&stream(piece)), "{}");
}
