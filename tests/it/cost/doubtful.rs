//! Counts that cannot be: told by each provider in its own form, and never billed.

use serde_json::{Value, json};

use super::counted::{Fixture, ask, fixtures, gateway, provider};
use crate::harness::{Reply, Scripted};

/// A fixture of each dialect, and where it tells its tokens: an input, an output, a part of the input.
const TOLD: [(&str, [&str; 3]); 7] = [
    (
        "openai-cache",
        ["/usage/prompt_tokens", "/usage/completion_tokens", "/usage/prompt_tokens_details/cached_tokens"],
    ),
    ("anthropic-cache", ["/usage/input_tokens", "/usage/output_tokens", "/usage/cache_read_input_tokens"]),
    ("responses-cache", ["/usage/input_tokens", "/usage/output_tokens", "/usage/input_tokens_details/cached_tokens"]),
    (
        "gemini-thought",
        [
            "/usageMetadata/promptTokenCount",
            "/usageMetadata/candidatesTokenCount",
            "/usageMetadata/cachedContentTokenCount",
        ],
    ),
    ("bedrock-cache", ["/usage/inputTokens", "/usage/outputTokens", "/usage/cacheReadInputTokens"]),
    ("ollama-free", ["/prompt_eval_count", "/eval_count", "/eval_count"]),
    (
        "cohere-billed",
        ["/usage/billed_units/input_tokens", "/usage/billed_units/output_tokens", "/usage/cached_tokens"],
    ),
];

/// What none of them can be.
fn impossible() -> [Value; 6] {
    [json!(-7), json!(1.5), json!(u64::MAX), json!(1e30), json!(true), json!({ "a": 1 })]
}

#[test]
fn what_cannot_be_is_counted_here_in_every_dialect_and_marked() {
    let known = fixtures();
    for (name, places) in TOLD {
        let fixture = known.iter().find(|fixture| fixture.name == name).expect("a fixture");
        let mut cases: Vec<(String, Fixture)> = vec![];
        for place in places {
            for value in impossible() {
                let mut broken = fixture.value.clone();
                *broken["answer"].pointer_mut(place).unwrap_or_else(|| panic!("{name} {place}")) = value.clone();
                cases.push((format!("{place}={value}"), Fixture { name: name.to_owned(), value: broken }));
            }
        }
        if !matches!(fixture.dialect(), "anthropic" | "bedrock" | "cohere" | "ollama") {
            // there the cached ones stand beside the input, or are cut to what is billed
            let mut broken = fixture.value.clone();
            *broken["answer"].pointer_mut(places[2]).expect("a place") = json!(5000);
            cases.push(("more cached than read".to_owned(), Fixture { name: name.to_owned(), value: broken }));
        }
        let replies: Vec<_> = cases.iter().map(|(_, it)| (it.value["answer"].clone(), it.stream())).collect();
        let all = Scripted::start(move |asked, n| {
            let streams = String::from_utf8_lossy(&asked.body).contains("\"stream\":true")
                || asked.path.contains("streamGenerateContent");
            // each case is asked for whole, and, where it can be, as a stream
            let case = if replies[0].1.is_some() { n / 2 } else { n };
            match replies[case].1.clone().filter(|_| streams) {
                Some(events) => Reply::events(events),
                None => Reply::json(200, &replies[case].0),
            }
        });
        let (prefix, end) = provider(fixture.dialect());
        let gateway = gateway(&fixture.entry(prefix, &format!("{}{end}", all.url()), None));
        for (case, broken) in &cases {
            for stream in [false, true] {
                if stream && broken.stream().is_none() {
                    continue;
                }
                let what = format!("{name} {case}, stream: {stream}");
                let answer = ask(&gateway, fixture.dialect(), name, stream);
                assert_eq!(answer.status, 200, "{what}: {}", answer.text());
                let record = gateway.record(&answer);
                assert_eq!(record["estimated"], true, "{what}: {record}");
                for tokens in ["prompt_tokens", "completion_tokens"] {
                    assert!(record[tokens].as_u64().is_some_and(|n| n < 100), "{what}: {record}");
                }
                let marked = answer.header("x-millrace-estimated");
                assert_eq!(marked, Some("tokens").filter(|_| !stream), "{what}");
            }
        }
        let estimated = gateway.metric(&format!("millrace_estimated_exchanges_total{{group=\"{name}\"}}"));
        assert!(estimated >= cases.len() as f64, "{name}: {estimated}");
    }
}
