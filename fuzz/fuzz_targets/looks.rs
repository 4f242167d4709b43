//! What is read beside the dialects, on anything: a whole answer's places, the tokens of each protocol and the counts beside
//! them, what an event tells the relay and its restamp, and a model's name on the path: each input is tried with all.

#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace::dialects::cohere::COHERE;
use millrace::dialects::ollama::OLLAMA;
use millrace::dialects::{bedrock, gemini};
use millrace::providers::segment::segment;
use millrace_actors::wire::answer::{Answer, UpstreamError};
use millrace_actors::wire::billable::Extras;
use millrace_actors::wire::endpoint::Billed;
use millrace_actors::wire::look::look;
use millrace_actors::wire::usage::{ABSURD, Usage};
use millrace_actors::wire::{generate, messages, responses, restamp};
use percent_encoding::percent_decode_str;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    answer(data);
    events(data);
    for usage in
        [messages::usage("message_start", data), messages::usage("message_delta", data), responses::usage(data)]
    {
        usage.iter().for_each(sane);
    }
    for usage in [bedrock::usage_of(data), (COHERE.usage)(data), (OLLAMA.usage)(data)] {
        usage.iter().for_each(sane);
    }
    for billed in [Billed::Searches, Billed::Pictures, Billed::Seconds] {
        let extras = Extras::default().answered(billed, data);
        let counts = [extras.searches, extras.pictures, extras.seconds];
        assert!(counts.into_iter().flatten().all(|count| count <= 1_000_000_000), "{extras:?}");
    }
    gemini::counting::told(data);
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

/// What the relay looks for, and the model's name replaced: nothing else changes.
fn events(data: &[u8]) {
    look(data).usage.iter().for_each(sane);
    let seen = generate::look(data);
    seen.usage.iter().for_each(sane);
    for range in &seen.model {
        assert!(data[range.clone()].starts_with(b"\"") && data[range.clone()].ends_with(b"\""));
    }
    let within = [("message", messages::restamped(data, "alias")), ("response", responses::restamped(data, "alias"))];
    for (outer, out) in within {
        let Some(out) = out else { continue };
        let (Ok(mut want), Ok(got)) = (serde_json::from_slice::<Value>(data), serde_json::from_slice::<Value>(&out))
        else {
            continue;
        };
        aliased(want.get_mut(outer).and_then(|within| within.get_mut("model")));
        assert_eq!(got, want);
    }
    if let Some(out) = restamp::restamp_whole(data, "alias")
        && let Ok(mut want) = serde_json::from_slice::<Value>(data)
    {
        aliased(want.get_mut("model"));
        assert_eq!(serde_json::from_slice::<Value>(&out).ok(), Some(want));
    }
}

/// A name is the caller's; what is none (of two members with one name the last counts) stays.
fn aliased(model: Option<&mut Value>) {
    if let Some(model) = model.filter(|model| model.is_string()) {
        *model = "alias".into();
    }
}

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

/// No count is absurd; and no part is more than what it is of, unless it is said to be in doubt: counts stay as they were told, and
/// those in doubt are reckoned anew (`tally.rs`) before money is made of them.
fn sane(usage: &Usage) {
    let counts = [usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.reasoning_tokens];
    assert!(counts.iter().all(|count| *count <= 2 * ABSURD), "{usage:?}");
    if !usage.suspect && usage.adds_up() {
        let cached = usage.cached_tokens + usage.cache_creation_tokens;
        assert!(cached <= usage.prompt_tokens, "{usage:?}");
        assert!(usage.reasoning_tokens <= usage.completion_tokens, "{usage:?}");
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
