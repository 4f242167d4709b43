//! What is read beside the dialects, on anything: a whole answer's places, the tokens of each protocol, embeddings in OpenAI's
//! form, and a model's name on the path: each input is tried with all.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::{AnswerFacts, cohere, gemini, ollama};
use millrace::providers::segment::segment;
use millrace_actors::wire::answer::{Answer, UpstreamError};
use millrace_actors::wire::usage::Usage;
use millrace_actors::wire::{generate, messages, responses};
use percent_encoding::percent_decode_str;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    answer(data);
    embeddings(data);
    for usage in
        [messages::usage("message_start", data), messages::usage("message_delta", data), responses::usage(data)]
    {
        usage.iter().for_each(sane);
    }
    let mut shown = String::new();
    messages::text_of(data, &mut shown);
    responses::text_of(data, &mut shown);
    generate::text_of(data, &mut shown);
    // an escape is six bytes and at most three of UTF-8; three readers
    assert!(shown.len() <= 3 * data.len());
    if let Ok(text) = std::str::from_utf8(data) {
        generate::usage(text).iter().for_each(sane);
        on_the_path(text);
    }
});

/// Places are within the body and hold what they are said to hold.
fn answer(data: &[u8]) {
    let error = UpstreamError::parse(data);
    assert!(!error.message.is_empty() && error.message.chars().count() < 2_100);
    let Ok(answer) = Answer::scan(data) else { return };
    for range in &answer.model {
        let quoted = &data[range.clone()];
        assert!(quoted.starts_with(b"\"") && quoted.ends_with(b"\""));
    }
    answer.usage.iter().for_each(sane);
    if let Ok(value) = serde_json::from_slice::<Value>(data) {
        assert_eq!(answer.object, value.is_object());
    }
}

/// No part is more than what it is of could be: money is made of these.
fn sane(usage: &Usage) {
    assert!(usage.cached_tokens <= usage.prompt_tokens, "{usage:?}");
    assert!(usage.reasoning_tokens <= usage.completion_tokens, "{usage:?}");
}

fn embeddings(data: &[u8]) {
    let facts = AnswerFacts {
        model: "alias".into(),
        id: "own-1".into(),
        created: 1_700_000_000,
        show_usage: true,
        asked: Vec::new(),
        vectors: None,
    };
    let told = [
        cohere::embed_answer(&facts, data),
        ollama::embed_answer(&facts, data),
        gemini::embeddings::read_answer(data, &facts),
    ];
    for told in told.into_iter().flatten() {
        let value: Value = serde_json::from_slice(&told).expect("JSON");
        let list = value["data"].as_array().expect("a list");
        for (n, one) in list.iter().enumerate() {
            assert_eq!(one["index"], n);
            assert!(one["embedding"].is_array() || one["embedding"].is_string(), "{one}");
        }
        assert!(value["usage"]["prompt_tokens"].is_u64());
    }
}

/// A name is one segment, and comes back as it was.
fn on_the_path(name: &str) {
    let Some(segment) = segment(name) else {
        assert!(matches!(name, "" | "." | ".."));
        return;
    };
    assert!(!segment.contains(['/', '\\', '?', '#', ':', ' ']) && segment.is_ascii());
    assert_eq!(percent_decode_str(&segment).decode_utf8().as_deref(), Ok(name));
}
