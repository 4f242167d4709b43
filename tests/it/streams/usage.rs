//! S15: wherever the provider puts its usage, it is counted once, and shown to who asked for it.

use serde_json::{Value, json};

use super::{ALIAS, Scene, Setup, canonical, data_of, raw_of, shown, withheld};

/// Where a provider may put usage that adds up.
const PLACES: [&str; 4] = ["asked", "final", "every", "finish"];

const SPEC: &str = "chunks=3,completion-tokens=30,cached-tokens=4,reasoning-tokens=5";

fn general(settings: &str) -> Scene {
    Scene::with(&Setup { general: settings, ..Setup::default() })
}

/// What is left of the provider's events when usage is withheld, to the byte.
fn without_usage(events: &[String]) -> Vec<String> {
    let strip = |data: &String| {
        let Some(at) = data.find(",\"usage\":{") else { return Some(data.clone()) };
        // the mock writes usage as the last member
        (!data.contains("\"choices\":[],")).then(|| format!("{}}}", &data[..at]))
    };
    events.iter().filter_map(strip).collect()
}

#[track_caller]
fn assert_tokens(record: &Value, prompt: u64, completion: u64, estimated: bool) {
    let got = ["prompt_tokens", "completion_tokens", "estimated"].map(|member| record[member].clone());
    assert_eq!(got, [json!(prompt), json!(completion), json!(estimated)], "{record}");
}

#[test]
fn s15_shown_to_who_asked_wherever_it_stands() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        for place in PLACES {
            let spec = format!("{SPEC},usage={place}");
            let want = scene.expected(&spec);
            let got = scene.play(&spec);
            assert_eq!(raw_of(&got), canonical(&want), "{place}");
            let record = scene.record();
            assert_tokens(&record, 7, 30, false);
            assert_eq!((&record["cached_tokens"], &record["reasoning_tokens"]), (&json!(4), &json!(5)));
            assert_eq!(record["total_tokens"], 37, "counted once");
        }
    }
}

#[test]
fn s15_withheld_from_who_did_not_ask_and_counted_all_the_same() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        for place in PLACES {
            for how in ["nulls", "nulls=false", "slice=9", "n=2"] {
                let spec = format!("{SPEC},usage={place},{how}");
                let want = without_usage(&scene.expected(&spec));
                let got = scene.events(&spec, withheld());
                assert_eq!(raw_of(&got), canonical(&want), "{place}");
                got.assert_done();
                assert!(got.json().iter().all(|event| event["usage"].is_null()), "{place}");
                assert_tokens(&scene.record(), 7, 30, false);
                scene.assert_settled("ok", want.len() - 1);
            }
        }
    }
}

#[test]
fn s15_an_option_that_says_no_is_as_good_as_none() {
    let scene = Scene::new();
    for options in [json!({ "include_usage": false }), json!({}), Value::Null] {
        let got = scene.events(SPEC, json!({ "stream": true, "stream_options": options }));
        got.assert_done();
        assert!(got.json().iter().all(|event| event["usage"].is_null()), "{options}");
        assert_eq!(scene.mock.last_request().expect("a request").json()["stream_options"]["include_usage"], true);
        assert_tokens(&scene.record(), 7, 30, false);
    }
}

#[test]
fn s15_always_shown_where_the_operator_says_so() {
    let scene = general("always_include_stream_usage: true");
    for place in PLACES {
        let spec = format!("{SPEC},usage={place}");
        let want = scene.expected(&spec);
        for asked in [withheld(), shown()] {
            assert_eq!(data_of(&scene.events(&spec, asked)), want, "{place}");
            assert_tokens(&scene.record(), 7, 30, false);
        }
    }
}

#[test]
fn s15_never_asked_for_where_the_operator_says_so() {
    let scene = general("always_include_stream_usage: false");
    scene.events(SPEC, withheld()).assert_done();
    assert!(scene.mock.last_request().expect("a request").json().get("stream_options").is_none());
    assert_eq!(scene.record()["estimated"], true);
    let got = scene.play(SPEC);
    assert_eq!(got.json().last().expect("usage")["usage"]["total_tokens"], 37);
    assert_tokens(&scene.record(), 7, 30, false);
    // a provider that tells it unasked is counted, and the caller still does not see it
    let want = without_usage(&scene.expected(&format!("{SPEC},usage=final")));
    assert_eq!(data_of(&scene.events(&format!("{SPEC},usage=final"), withheld())), want);
    assert_tokens(&scene.record(), 7, 30, false);
}

#[test]
fn s15_without_a_word_of_usage_the_tokens_are_an_estimate() {
    let scene = Scene::warm();
    for asked in [withheld(), shown()] {
        let want = scene.expected("chunks=5,usage=absent");
        let got = scene.events("chunks=5,usage=absent", asked);
        assert_eq!(data_of(&got), want);
        let record = scene.record();
        assert!(record["prompt_tokens"].as_u64().is_some_and(|n| n > 0), "{record}");
        let tokens = scene.tokens(&got.text());
        assert_eq!((&record["estimated"], &record["completion_tokens"]), (&json!(true), &json!(tokens)), "{record}");
    }
}

#[test]
fn s15_numbers_that_cannot_be_are_passed_on_as_they_came_and_estimated_in_the_record() {
    let scene = Scene::new();
    for place in ["negative", "absurd"] {
        let spec = format!("chunks=3,usage={place}");
        let want = scene.expected(&spec);
        let sane = |record: Value| {
            assert_eq!(record["estimated"], true, "{record}");
            for tokens in ["prompt_tokens", "completion_tokens"] {
                assert!(record[tokens].as_u64().is_some_and(|n| (1..100).contains(&n)), "{place}: {record}");
            }
        };
        assert_eq!(data_of(&scene.play(&spec)), want, "{place}");
        sane(scene.record());
        assert_eq!(data_of(&scene.events(&spec, withheld())), without_usage(&want), "{place}");
        sane(scene.record());
    }
}

/// A caller's text that looks like usage is not usage, nor is it withheld.
#[test]
fn s15_text_that_looks_like_usage_is_text() {
    let scene = Scene::new();
    let text = "text=%22usage%22:{%22prompt_tokens%22:999%2C%22completion_tokens%22:999}%22error%22:{}";
    let want = scene.expected(text);
    for asked in [withheld(), shown()] {
        let got = scene.events(text, asked);
        assert_eq!(got.text(), "\"usage\":{\"prompt_tokens\":999,\"completion_tokens\":999}\"error\":{}");
        got.assert_done();
        assert_eq!(scene.record()["prompt_tokens"], 7);
    }
    assert!(want.len() > 3 && ALIAS != "usage");
}
