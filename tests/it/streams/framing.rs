//! S1 to S6 and S14: however the provider cuts, frames and decorates its events, the client reads the same ones.

use super::{Scene, Setup, canonical, data_of, raw_of};

/// What a stream may hold.
const CONTENTS: [&str; 6] = [
    "chunks=4,alphabet=mixed",
    "chunks=3,alphabet=emoji,escape=ascii",
    "chunks=3,n=3,extra",
    "tool-calls=2,chunk-bytes=9",
    "chunks=3,usage=every,nulls=false",
    "text=,finish=twice",
];

/// Asserts that `content` arrives as the provider meant it, to the byte, though it is framed as `spec` says.
#[track_caller]
fn assert_same(scene: &Scene, content: &str, spec: &str) {
    let want = scene.expected(content);
    let got = scene.play(&format!("{content},{spec}"));
    assert_eq!(raw_of(&got), canonical(&want), "{content},{spec}");
    got.assert_done();
    scene.assert_settled("ok", want.len() - 1);
}

#[test]
fn s01_slices_of_any_size() {
    let scene = Scene::new();
    for content in CONTENTS {
        for slice in [1, 2, 7, 64, 1000] {
            assert_same(&scene, content, &format!("slice={slice}"));
        }
    }
}

#[test]
fn s01_slices_of_any_size_past_callbacks() {
    let scene = Scene::with(&Setup { callbacks: "noop", ..Setup::default() });
    for content in CONTENTS {
        for slice in [0, 1, 13, 1000] {
            assert_same(&scene, content, &format!("slice={slice}"));
        }
    }
}

#[test]
fn s02_characters_over_segments() {
    let scene = Scene::new();
    for alphabet in ["emoji", "cjk", "mixed"] {
        let content = format!("chunks=3,alphabet={alphabet}");
        for slice in [1, 2, 3, 5] {
            assert_same(&scene, &content, &format!("slice={slice}"));
        }
        assert!(!scene.play(&content).text().contains('\u{fffd}'));
    }
}

#[test]
fn s03_events_over_segments_and_several_in_one() {
    let scene = Scene::new();
    for pace in [
        "gap=0ms",
        "gap=3ms",
        "slice=300",
        "framing=length",
        "framing=close",
        "framing=close-silent",
        "framing=trailer",
    ] {
        assert_same(&scene, "chunks=5", pace);
    }
}

#[test]
fn s04_every_line_end() {
    let scene = Scene::new();
    for eol in ["crlf", "cr", "mixed"] {
        for slice in [0, 1, 2, 3] {
            assert_same(&scene, "chunks=3,alphabet=mixed", &format!("eol={eol},slice={slice}"));
        }
    }
}

#[test]
fn s05_mark_comments_blanks_and_other_fields() {
    let scene = Scene::new();
    for odd in ["bom", "comments", "no-space", "fields", "bom,comments,no-space,fields"] {
        for how in ["slice=0", "slice=1", "eol=crlf,slice=1", "eol=mixed"] {
            assert_same(&scene, "chunks=2", &format!("{odd},{how}"));
        }
    }
}

/// A `data` without colon is an empty line of data: the event's data then starts with LF.
#[test]
fn s05_data_without_a_colon_is_an_empty_line() {
    let scene = Scene::new();
    let mut want: Vec<String> = scene.expected("chunks=2").iter().map(|data| format!("\n{data}")).collect();
    *want.last_mut().expect("the terminal event") = "[DONE]".to_owned();
    for how in ["slice=0", "slice=1", "eol=crlf"] {
        let got = scene.play(&format!("chunks=2,unknown-fields,{how}"));
        assert_eq!(raw_of(&got), canonical(&want), "{how}");
        got.assert_done();
        scene.assert_settled("ok", want.len() - 1);
    }
}

#[test]
fn s06_several_lines_of_data() {
    let scene = Scene::new();
    let lines = |data: &String| data.replacen(",\"", ",\n\"", 1);
    let want: Vec<String> = scene.expected("chunks=3,alphabet=mixed").iter().map(lines).collect();
    for how in ["slice=0", "slice=1", "eol=crlf", "eol=cr,slice=2"] {
        let got = scene.play(&format!("chunks=3,alphabet=mixed,multiline,{how}"));
        assert_eq!(data_of(&got), want, "{how}");
        assert_eq!(raw_of(&got), canonical(&want), "{how}");
        got.assert_done();
        scene.assert_settled("ok", want.len() - 1);
    }
}
