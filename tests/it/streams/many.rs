//! S16 and S17: tool calls whose arguments are cut anywhere, and several choices at once.

use millrace_lab::mock::content;
use serde_json::{Value, json};

use super::{Scene, Setup, canonical, data_of, raw_of, shown};
use crate::harness::Events;

/// The arguments of a tool call of choice 0, joined as they stand in the JSON: a piece may be half of an escape.
fn arguments(events: &Events, call: usize) -> String {
    let piece = |data: &String| {
        let (_, rest) =
            data.split_once(&format!("\"tool_calls\":[{{\"index\":{call},\"function\":{{\"arguments\":\""))?;
        Some(rest.split_once("\"}}]").expect("the end of a piece").0.to_owned())
    };
    let inside: String = events.data.iter().filter_map(piece).collect();
    serde_json::from_str(&format!("\"{inside}\"")).expect("the pieces join to a JSON string")
}

#[test]
fn s16_arguments_join_to_what_was_meant() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        for escape in ["utf8", "ascii", "lone"] {
            for bytes in [1, 2, 5] {
                let spec = format!("tool-calls=2,chunk-bytes={bytes},escape={escape}");
                let want = scene.expected(&spec);
                let got = scene.play(&format!("{spec},slice=11"));
                assert_eq!(raw_of(&got), canonical(&want), "{spec}");
                for call in 0..2 {
                    assert_eq!(arguments(&got, call), content::arguments(), "{spec}");
                }
                scene.assert_settled("ok", want.len() - 1);
            }
        }
    }
}

#[test]
fn s17_choices_are_interleaved_as_they_came() {
    let scene = Scene::new();
    for (n, finish, wanted) in [(2, "once", 1), (3, "missing", 0), (3, "twice", 2), (5, "once", 1)] {
        // asked for by the caller this time: `n` must reach the provider
        let spec = format!("chunks=4,alphabet=mixed,finish={finish}");
        let want = scene.expected(&format!("{spec},n={n}"));
        let mut more = shown();
        more["n"] = json!(n);
        let got = scene.events(&spec, more);
        assert_eq!(data_of(&got), want, "n={n}, finish={finish}");
        got.assert_done();
        for index in 0..n {
            let of_choice = |e: &&Value| e["choices"][0]["index"] == json!(index);
            let finishes =
                got.json().iter().filter(of_choice).filter(|e| e["choices"][0]["finish_reason"].is_string()).count();
            // the mock says at least once that it is finished, unless it never does
            assert!(finishes <= wanted.max(1), "n={n}, finish={finish}: {finishes}");
        }
        scene.assert_settled("ok", want.len() - 1);
    }
}
