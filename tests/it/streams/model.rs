//! The caller's name of the model in every event, and every other byte as the provider wrote it.

use serde_json::{Value, json};

use super::{ALIAS, Scene, Setup, UPSTREAM, canonical, raw_of, shown};
use crate::harness::Gateway;

#[test]
fn every_event_names_the_callers_model_and_nothing_else_changes() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        for spec in ["nulls", "nulls=false", "extra", "extra,nulls=false,n=2,tool-calls=1", "extra,usage=finish"] {
            let direct = scene.direct(spec);
            let got = scene.play(spec);
            let from = format!("\"model\":\"{UPSTREAM}\"");
            let raw = raw_of(&direct);
            assert!(raw.contains(&from), "the mock names its model");
            assert_eq!(raw_of(&got), raw.replace(&from, &format!("\"model\":\"{ALIAS}\"")), "{spec}");
            let created: Vec<Value> = direct.json().iter().map(|event| event["created"].clone()).collect();
            assert_eq!(got.json().iter().map(|event| event["created"].clone()).collect::<Vec<_>>(), created);
        }
    }
}

#[test]
fn whatever_the_provider_calls_it() {
    let scene = Scene::new();
    for model in ["echo", "other", "dated"] {
        let want = scene.expected("chunks=3,model=echo");
        assert_eq!(raw_of(&scene.play(&format!("chunks=3,model={model}"))), canonical(&want), "{model}");
    }
}

#[test]
fn a_model_that_is_absent_stays_absent() {
    for callbacks in ["", "noop"] {
        let scene = Scene::with(&Setup { callbacks, ..Setup::default() });
        let want = scene.expected("chunks=3,model=absent");
        assert!(!want.iter().any(|data| data.contains("\"model\"")));
        assert_eq!(raw_of(&scene.play("chunks=3,model=absent")), canonical(&want));
    }
}

#[test]
fn on_every_route_with_the_model_in_the_path_alone() {
    let scene = Scene::new();
    scene.mock.set_behaviour(super::behaviour("chunks=3"));
    let mut body = json!({ "messages": [{ "role": "user", "content": "hi" }], "prompt": "hi" });
    body.as_object_mut().expect("an object").extend(shown().as_object().expect("an object").clone());
    for prefix in ["/openai/deployments/alias", "/engines/alias"] {
        for path in ["/chat/completions", "/completions"] {
            for query in ["", "?api-version=2024-10-21"] {
                let stream = scene.gateway.client().send(&format!("{prefix}{path}{query}"), &body);
                assert_eq!(stream.status, 200, "{prefix}{path}{query}");
                let events = stream.events();
                events.assert_done();
                assert!(events.json().iter().all(|event| event["model"] == ALIAS), "{:?}", events.data);
                assert!(events.data.len() >= 5);
                let sent = scene.mock.last_request().expect("a request");
                assert_eq!(
                    (sent.path.as_str(), &sent.json()["model"]),
                    (format!("/v1{path}").as_str(), &json!(UPSTREAM))
                );
            }
        }
    }
}

#[test]
fn text_completions_too() {
    let scene = Scene::new();
    scene.mock.set_behaviour(super::behaviour("chunks=3,alphabet=mixed"));
    let mut body = json!({ "model": ALIAS, "prompt": "hi" });
    body.as_object_mut().expect("an object").extend(shown().as_object().expect("an object").clone());
    for path in ["/v1/completions", "/completions"] {
        let events = scene.gateway.client().send(path, &body).events();
        events.assert_done();
        assert!(events.json().iter().all(|event| event["model"] == ALIAS && event["object"] == "text_completion"));
        assert_eq!(events.json().last().expect("usage")["usage"]["prompt_tokens"], 7);
    }
}

#[test]
fn a_name_that_json_must_escape() {
    let scene = Scene::new();
    let odd = "we\"ird\\\u{e9}\u{1F600}";
    let yaml = format!(
        "model_list:\n  - {{model_name: {}, litellm_params: {{model: openai/{UPSTREAM}, api_base: \"{}\", api_key: k}}}}\n",
        json!(odd),
        scene.mock.base_url(),
    );
    let gateway = Gateway::from_yaml(&yaml);
    let events = gateway.client().events(&crate::harness::chat(odd, shown()));
    events.assert_done();
    assert!(events.json().iter().all(|event| event["model"] == odd), "{:?}", events.data.first());
}
