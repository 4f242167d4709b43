//! S22: a whole answer though a stream was asked for, and a stream though a whole answer was.

use serde_json::{Value, json};

use super::{ALIAS, Scene, Setup, shown, unnumbered, withheld};

/// The answer that the provider gives whole, to a caller who asks for that.
fn whole(scene: &Scene, spec: &str) -> Value {
    let answer = scene.send(spec, json!({})).whole();
    assert_eq!(answer.status, 200, "{spec}: {}", answer.text());
    serde_json::from_str(&unnumbered(&answer.text())).expect("JSON")
}

const SPECS: [&str; 5] = [
    "chunks=3,alphabet=mixed",
    "chunks=2,n=3",
    "tool-calls=2,chunk-bytes=5",
    "chunks=2,cached-tokens=3,reasoning-tokens=1,extra",
    "text=,nulls=false",
];

#[test]
fn s22_json_becomes_the_stream_that_was_asked_for() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        for spec in SPECS {
            let want = whole(&scene, spec);
            let got = scene.play(&format!("{spec},shape=json"));
            got.assert_done();
            let events = got.json();
            assert!(events.iter().all(|e| e["model"] == ALIAS && e["object"] == "chat.completion.chunk"), "{events:?}");
            assert_eq!(events.last().expect("usage")["usage"], want["usage"], "{spec}");
            assert_eq!(events.last().expect("usage")["choices"], json!([]));
            for (n, choice) in want["choices"].as_array().expect("choices").iter().enumerate() {
                let delta = &events[0]["choices"][n]["delta"];
                assert_eq!(delta["content"], choice["message"]["content"], "{spec}");
                let finish = events.iter().find_map(|e| e["choices"][n]["finish_reason"].as_str());
                assert_eq!(finish, choice["finish_reason"].as_str(), "{spec}");
                for (at, call) in choice["message"]["tool_calls"].as_array().into_iter().flatten().enumerate() {
                    assert_eq!(delta["tool_calls"][at]["index"], json!(at));
                    assert_eq!(delta["tool_calls"][at]["function"], call["function"]);
                }
            }
            let record = scene.record();
            assert_eq!((&record["outcome"], &record["estimated"]), (&json!("ok"), &json!(false)));
            assert_eq!(record["total_tokens"], want["usage"]["total_tokens"]);
        }
    }
}

#[test]
fn s22_the_usage_of_json_is_withheld_from_who_did_not_ask() {
    let scene = Scene::new();
    let got = scene.events("chunks=3,shape=json", withheld());
    got.assert_done();
    assert!(got.json().iter().all(|event| event["usage"].is_null()), "{:?}", got.data);
    assert_eq!(got.data.len(), 2);
    assert_eq!(scene.record()["total_tokens"], 10);
}

#[test]
fn s22_json_that_is_an_error_or_broken_has_a_status() {
    let scene = Scene::new();
    let asked = shown();
    scene.send("shape=json,error-body,code=rate_limit_exceeded,message=no", asked.clone()).whole().error(429);
    for spec in [
        "shape=json,cut-byte:700",
        "shape=json,html",
        "shape=json,empty",
        "shape=json,null",
        "shape=json,framing=length-high",
    ] {
        let answer = scene.send(spec, asked.clone()).whole();
        answer.error(502);
        assert_ne!(scene.record()["outcome"], "ok", "{spec}");
    }
}

#[test]
fn s22_a_stream_is_collected_into_the_answer_that_was_asked_for() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        for spec in SPECS {
            let mut want = whole(&scene, spec);
            for how in ["usage=final", "usage=final,slice=3", "usage=final,eol=crlf,comments", "usage=final,done=junk"]
            {
                let mut got = whole(&scene, &format!("{spec},shape=sse,{how}"));
                for choice in got["choices"]
                    .as_array_mut()
                    .expect("choices")
                    .iter_mut()
                    .chain(want["choices"].as_array_mut().expect("choices"))
                {
                    // a number that only a stream has, and a field that the mock only has in whole answers
                    let calls = choice["message"]["tool_calls"].as_array_mut();
                    calls
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_object_mut)
                        .for_each(|call| drop(call.remove("index")));
                    choice["message"].as_object_mut().expect("a message").remove("annotations");
                }
                assert_eq!(got["object"], "chat.completion", "{spec},{how}");
                assert_eq!((&got["model"], &got["usage"]), (&json!(ALIAS), &want["usage"]), "{spec},{how}");
                let of = |answer: &Value| -> Vec<Value> {
                    let choices = answer["choices"].as_array().expect("choices").iter();
                    choices
                        .map(|c| {
                            json!([
                                c["index"],
                                c["message"]["role"],
                                c["message"]["content"],
                                c["message"]["tool_calls"],
                                c["finish_reason"]
                            ])
                        })
                        .collect()
                };
                assert_eq!(of(&got), of(&want), "{spec},{how}");
                assert_eq!(scene.record()["total_tokens"], want["usage"]["total_tokens"]);
            }
        }
    }
}

#[test]
fn s22_a_stream_that_breaks_while_it_is_collected_has_a_status() {
    let scene = Scene::new();
    let error = scene.send("shape=sse,error-event:2,code=rate_limit_exceeded,message=no", json!({})).whole().error(429);
    assert_eq!(error["message"], "no");
    for spec in ["shape=sse,cut:3", "shape=sse,done=missing", "shape=sse,unterminated", "shape=sse,bad-json:2"] {
        scene.send(spec, json!({})).whole().error(502);
        assert_ne!(scene.record()["outcome"], "ok", "{spec}");
    }
}
