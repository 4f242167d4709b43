//! How a provider's stream ends, and what the caller gets for it: the terminal event, or one error, never both.

use serde_json::json;

use super::{CALLERS, PROVIDERS, Scene};
use crate::messages::Caller;

/// The last event of a stream, and whether it says that all is well.
#[track_caller]
fn end(caller: Caller, body: &str) -> (bool, String) {
    let events: Vec<&str> = body.split("\n\n").filter(|event| !event.trim().is_empty()).collect();
    let terminal = |event: &&&str| match caller {
        Caller::OpenAi => event.ends_with("data: [DONE]"),
        Caller::Anthropic => event.starts_with("event: message_stop"),
        Caller::Gemini => event.contains("\"finishReason\""),
    };
    let error = |event: &&&str| event.contains("\"error\"");
    let ends = events.iter().filter(terminal).count() + events.iter().filter(error).count();
    assert_eq!(ends, 1, "not one end: {body}");
    let last = events.last().expect("an event");
    (terminal(&last), (*last).to_owned())
}

#[test]
fn s10_s12_a_stream_that_breaks_ends_in_one_error() {
    let scene = Scene::new("");
    for provider in PROVIDERS {
        for (fault, kind) in [
            ("cut:3", "upstream_stream_truncated"),
            ("cut:3,how=rst", "upstream_stream_truncated"),
            ("done=missing", "upstream_stream_truncated"),
            ("error-event:3,message=the model fell over", "the model fell over"),
            ("bad-json:3", "upstream_invalid_answer"),
            ("framing=no-last-chunk,cut:4", "upstream_stream_truncated"),
        ] {
            let model = format!("{provider}/mock:chunks=9,{fault}");
            for caller in CALLERS {
                let answer = scene.ask(caller, &model, true, json!({}));
                assert_eq!(answer.status, 200, "{model}: {}", answer.text());
                let (well, last) = end(caller, &answer.text());
                assert!(!well, "{caller:?} {model}: {last}");
                // others' words for kinds are their own
                assert!(caller != Caller::OpenAi || last.contains(kind), "{caller:?} {model}: {last}");
            }
        }
    }
}

#[test]
fn an_error_before_the_stream_keeps_its_status_and_words() {
    let scene = Scene::new(", num_retries: 0");
    for provider in PROVIDERS {
        for (fault, status) in [("429", 429), ("400", 400), ("500", 500), ("404", 404), ("error-event:0", 500)] {
            let model = format!("{provider}/mock:chunks=3,{fault},message=so it was");
            for caller in CALLERS {
                let answer = scene.ask(caller, &model, true, json!({}));
                assert_eq!(answer.status, status, "{caller:?} {model}: {}", answer.text());
                assert!(answer.text().contains("so it was"), "{caller:?} {model}: {}", answer.text());
            }
        }
        let model = format!("{provider}/mock:401");
        let answer = scene.ask(Caller::OpenAi, &model, false, json!({}));
        assert!(!answer.text().contains("sk-canary"), "the credential came back: {}", answer.text());
    }
}

#[test]
fn u25_an_answer_that_is_none_is_a_fault_of_the_provider() {
    let scene = Scene::new(", num_retries: 0");
    for provider in PROVIDERS {
        for fault in ["html", "empty", "null", "error-body"] {
            for stream in [false, true] {
                let model = format!("{provider}/mock:chunks=3,{fault}");
                let answer = scene.ask(Caller::OpenAi, &model, stream, json!({}));
                assert!(answer.status >= 500, "{model} stream={stream}: {} {}", answer.status, answer.text());
            }
        }
    }
}

#[test]
fn what_is_not_counted_is_estimated_and_said_to_be() {
    let scene = Scene::new(", input_cost_per_token: 0.001, output_cost_per_token: 0.001");
    for provider in PROVIDERS {
        let model = format!("{provider}/mock:chunks=8,usage=absent");
        let answer = scene.ask(Caller::OpenAi, &model, false, json!({}));
        let cost: f64 = answer.header("x-litellm-response-cost").expect("a cost").parse().expect("a number");
        assert!(cost > 0.0, "{provider}");
    }
}
