//! One fetch for all who wait, another before the token's end, and what a failure becomes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde_json::json;

use super::{Scene, granted, token, yaml};
use crate::harness::{Reply, chat, eventually};

fn refused() -> Reply {
    Reply::json(401, &json!({"error": "invalid_client", "error_description": "AADSTS7000215: not that secret"}))
}

#[test]
fn one_fetch_serves_fifty_who_wait_and_all_who_come_after() {
    let scene = Scene::new(|_, n| granted(n, 3600));
    scene.tokens.hold(true);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..50).map(|_| scope.spawn(|| scene.ask().status)).collect();
        eventually("all fifty wait", || scene.gateway.metric("millrace_inflight") == 50.0);
        assert_eq!(scene.mock.stats().requests, 0, "none was called without a credential");
        scene.tokens.hold(false);
        assert!(all.into_iter().all(|one| one.join().expect("no panic") == 200));
    });
    assert_eq!(scene.ask().status, 200);
    assert_eq!((scene.tokens.count(), scene.bearer()), (1, format!("Bearer {}", token(0))));
}

#[test]
fn a_token_is_renewed_before_its_end_and_nobody_waits_for_it() {
    // half of a life as short as this has passed after a second, and it counts as over after 1.8: the first may wait for it
    let scene = Scene::new(|_, n| granted(n, if n == 0 { 2 } else { 3600 }));
    assert_eq!(scene.ask().status, 200);
    eventually("the second token is used", || scene.ask().status == 200 && scene.bearer().ends_with(&token(1)));
    assert_eq!(scene.tokens.count(), 2, "one renewal, however many calls saw that it was due");
}

#[test]
fn a_failed_fetch_names_the_deployment_the_credential_and_the_cause_and_is_got_over() {
    let works = Arc::new(AtomicBool::new(false));
    let scene = Scene::new({
        let works = Arc::clone(&works);
        move |_, n| if works.load(Relaxed) { granted(n, 3600) } else { refused() }
    });
    let error = scene.ask().error(502);
    assert_eq!(error["type"], "upstream_auth");
    let message = error["message"].as_str().expect("a text");
    for part in ["of-azure", "azure application app", "401", "invalid_client", "AADSTS7000215"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    assert_eq!(scene.mock.stats().requests, 0);
    works.store(true, Relaxed);
    assert_eq!(scene.ask().status, 200);
}

#[test]
fn another_deployment_answers_while_no_token_can_be_had() {
    let scene = Scene::new(|_, _| refused());
    let other = format!(
        "- model_name: m\n  litellm_params: {{model: \"openai/mock:chunks=2\", api_base: \"{}\", api_key: k-other}}\n",
        scene.mock.base_url()
    );
    let more = yaml(&scene.tokens, &scene.mock, &other);
    let gateway = crate::harness::Gateway::from_yaml(&more);
    for _ in 0..8 {
        let answer = gateway.client().chat(&chat("m", json!({})));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[test]
fn a_server_that_says_nothing_of_use_is_told_as_that() {
    for (reply, why) in [
        (Reply { status: 200, kind: "text/html", body: "<html>".into() }, "access_token"),
        (Reply::json(200, &json!({"access_token": "t"})), "when the token ends"),
        (Reply { status: 302, kind: "text/plain", body: String::new() }, "302"),
        (Reply { status: 500, kind: "text/plain", body: "x".repeat(100_000) }, "larger than"),
    ] {
        let reply = std::sync::Mutex::new(Some(reply));
        let scene = Scene::new(move |_, _| {
            let mut reply = reply.lock().expect("no panic");
            let again = reply.take().expect("a reply");
            *reply = Some(Reply { body: again.body.clone(), ..again });
            again
        });
        let error = scene.ask().error(502);
        assert!(error["message"].as_str().is_some_and(|message| message.contains(why)), "{why}: {error}");
    }
}

#[test]
fn a_credential_keeps_its_token_over_a_reload_and_a_changed_one_gets_its_own() {
    let scene = Scene::new(|_, n| granted(n, 3600));
    assert_eq!(scene.ask().status, 200);
    let reload = |text: &str| {
        let key = format!("{text}\ngeneral_settings: {{master_key: {}}}\n", crate::harness::KEY);
        std::fs::write(scene.gateway.config_path(), key).expect("a file");
        let answer = scene.gateway.client().post("/callbacks/reload", &json!({}));
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    let text = yaml(&scene.tokens, &scene.mock, "");
    reload(&text);
    assert_eq!((scene.ask().status, scene.tokens.count()), (200, 1));
    reload(&text.replace("client_id: app", "client_id: another"));
    assert_eq!((scene.ask().status, scene.tokens.count()), (200, 2));
    assert_eq!(scene.tokens.asked()[1].form("client_id").as_deref(), Some("another"));
}
