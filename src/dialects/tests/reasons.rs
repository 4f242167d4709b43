//! Why an answer is over: every word that a provider has for it, in the words of every protocol that callers speak. A word
//! that nobody knows yet is a normal end, so that no client takes an answer that it has for one that it lacks.

use serde_json::Value;

use super::table::{ROWS, callers, read_whole, whole};

/// A whole answer of a provider's that ends for `word`.
fn answer(provider: &str, word: &str) -> String {
    let plain = match provider {
        "openai" => {
            r#"{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"W"}]}"#
        }
        "anthropic" => {
            r#"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"x"}],
                "stop_reason":"W","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}"#
        }
        "gemini" => {
            r#"{"candidates":[{"content":{"parts":[{"text":"x"}],"role":"model"},"finishReason":"W","index":0}]}"#
        }
        "bedrock" => {
            r#"{"output":{"message":{"role":"assistant","content":[{"text":"x"}]}},"stopReason":"W",
                "usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}"#
        }
        "cohere" => {
            r#"{"id":"c","finish_reason":"W","message":{"role":"assistant","content":[{"type":"text","text":"x"}]}}"#
        }
        "ollama" => r#"{"model":"m","message":{"role":"assistant","content":"x"},"done":true,"done_reason":"W"}"#,
        _ => {
            r#"{"id":"resp_1","object":"response","status":"incomplete","incomplete_details":{"reason":"W"},"output":[
                {"type":"message","role":"assistant","content":[{"type":"output_text","text":"x","annotations":[]}]}]}"#
        }
    };
    plain.replace("\"W\"", &format!("\"{word}\""))
}

/// What callers of each protocol are told: chat completions, messages, generateContent, responses.
const STOP: [&str; 4] = ["stop", "end_turn", "STOP", "completed"];
const LENGTH: [&str; 4] = ["length", "max_tokens", "MAX_TOKENS", "max_output_tokens"];
const FILTER: [&str; 4] = ["content_filter", "refusal", "SAFETY", "content_filter"];
const SEQUENCE: [&str; 4] = ["stop", "stop_sequence", "STOP", "completed"];
const REFUSAL: [&str; 4] = ["content_filter", "refusal", "SAFETY", "completed"];
const PAUSE: [&str; 4] = ["length", "pause_turn", "MAX_TOKENS", "max_output_tokens"];
/// Of Google's own words, its callers get the word itself.
const SLIP: [&str; 4] = ["stop", "end_turn", "(the word)", "completed"];

/// A provider, and its words with what becomes of them.
type Words = (&'static str, &'static [(&'static str, [&'static str; 4])]);

const WORDS: [Words; 7] = [
    (
        "openai",
        &[
            ("stop", STOP),
            ("eos", STOP),
            ("length", LENGTH),
            ("model_length", LENGTH),
            ("content_filter", FILTER),
            ("stop_sequence", SEQUENCE),
            ("tomorrow", STOP),
        ],
    ),
    (
        "anthropic",
        &[
            ("end_turn", STOP),
            ("max_tokens", LENGTH),
            ("model_context_window_exceeded", LENGTH),
            ("stop_sequence", SEQUENCE),
            ("refusal", REFUSAL),
            ("pause_turn", PAUSE),
            ("compaction", PAUSE),
            ("tomorrow", STOP),
        ],
    ),
    (
        "gemini",
        &[
            ("STOP", STOP),
            ("MAX_TOKENS", LENGTH),
            ("SAFETY", FILTER),
            ("RECITATION", FILTER),
            ("LANGUAGE", FILTER),
            ("OTHER", FILTER),
            ("BLOCKLIST", FILTER),
            ("PROHIBITED_CONTENT", FILTER),
            ("SPII", FILTER),
            ("MODEL_ARMOR", FILTER),
            ("IMAGE_SAFETY", FILTER),
            ("IMAGE_PROHIBITED_CONTENT", FILTER),
            ("NO_IMAGE", FILTER),
            ("MALFORMED_FUNCTION_CALL", SLIP),
            ("UNEXPECTED_TOOL_CALL", SLIP),
            ("TOO_MANY_TOOL_CALLS", SLIP),
            ("MISSING_THOUGHT_SIGNATURE", SLIP),
            ("TOMORROW", SLIP),
        ],
    ),
    (
        "bedrock",
        &[
            ("end_turn", STOP),
            ("max_tokens", LENGTH),
            ("model_context_window_exceeded", LENGTH),
            ("stop_sequence", SEQUENCE),
            ("guardrail_intervened", FILTER),
            ("content_filtered", FILTER),
            ("malformed_model_output", STOP),
            ("malformed_tool_use", STOP),
            ("tomorrow", STOP),
        ],
    ),
    (
        "cohere",
        &[
            ("COMPLETE", STOP),
            ("STOP_SEQUENCE", SEQUENCE),
            ("MAX_TOKENS", LENGTH),
            ("ERROR_LIMIT", LENGTH),
            ("ERROR_TOXIC", FILTER),
            ("tomorrow", STOP),
        ],
    ),
    ("ollama", &[("stop", STOP), ("load", STOP), ("unload", STOP), ("length", LENGTH), ("tomorrow", STOP)]),
    ("responses", &[("max_output_tokens", LENGTH), ("content_filter", FILTER), ("tomorrow", STOP)]),
];

/// The caller's word in its answer.
fn told(protocol: &str, answer: &Value) -> String {
    let word = match protocol {
        "openai" => &answer["choices"][0]["finish_reason"],
        "anthropic" => &answer["stop_reason"],
        "gemini" => &answer["candidates"][0]["finishReason"],
        _ if answer["status"] == "incomplete" => &answer["incomplete_details"]["reason"],
        _ => &answer["status"],
    };
    word.as_str().unwrap_or_default().to_owned()
}

#[test]
fn every_reason_is_told_in_every_protocol() {
    let mut wrong = vec![];
    for (provider, words) in WORDS {
        let row = ROWS.iter().find(|row| row.name == provider).unwrap();
        for (word, want) in words {
            let events = read_whole(row, &answer(provider, word));
            for (to, protocol) in callers() {
                let at = ["openai", "anthropic", "gemini", "responses"].iter().position(|name| *name == to.name);
                let Some(at) = at else { continue };
                let want = if want[at] == "(the word)" { word } else { &want[at] };
                let got = told(to.name, &whole(protocol, events.clone()));
                if got != **want {
                    wrong.push(format!("{provider} {word} to {}: {got}, not {want}", to.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_provider_that_failed_has_not_answered() {
    let row = ROWS.iter().find(|row| row.name == "cohere").unwrap();
    for word in ["ERROR", "TIMEOUT"] {
        assert!((row.read_whole)(answer("cohere", word).as_bytes()).is_err(), "{word}");
    }
}
