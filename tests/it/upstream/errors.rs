//! U20, U21, U23, U24: errors that the provider says in proper HTTP, and what the caller reads of them.

use serde_json::json;

use super::rig::{BOTH, CONNECTION, Rig, Want, behaviour, mock};
use super::setup::Setup;
use crate::harness::{PROVIDER_KEY, logged};

#[test]
fn u20_rejected_credentials_are_told_without_the_providers_words() {
    let mock = mock("");
    let setup = Setup::new().deployment("m", &mock.base_url(), "allowed_fails: 0").router("num_retries: 2");
    let rig = Rig::new(&setup);
    let mut cooling = String::new();
    for (status, kind) in [(401, "authentication_error"), (403, "permission_error")] {
        // the mock echoes the credential in its message
        mock.set_behaviour(behaviour(&status.to_string()));
        for stream in BOTH {
            let says = "rejected the credentials of deployment";
            let want = Want { status, kind, says, outcome: "upstream_error", class: "credentials" };
            let answer = rig.ask("m", stream);
            let error = rig.refused(&answer, want);
            let id = answer.header("x-litellm-model-id").expect("a deployment");
            assert!(error["message"].as_str().is_some_and(|m| m.contains(id)), "{error}");
            cooling = format!("millrace_deployment_cooling{{deployment=\"{id}\"}}");
            assert!(!error.to_string().contains("Incorrect API key"), "the provider's own words: {error}");
        }
    }
    assert_eq!(mock.stats().requests, 4, "asking again mends no credential");
    assert_eq!(rig.gateway.metric(&cooling), 1.0);
    rig.finish();
}

#[test]
fn u20_a_key_echoed_in_any_other_error_is_struck_out() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for spec in ["400", "500", "429", "error-body", "error-event:0", "error-event:3"] {
        mock.set_behaviour(behaviour(&format!("{spec},code=oops,message=key {PROVIDER_KEY} is bad")));
        for stream in BOTH.into_iter().filter(|stream| *stream || !spec.starts_with("error-event")) {
            // that no answer holds it is looked at by `ask`, for records, metrics and log lines by `finish`
            let answer = rig.ask("m", stream);
            assert!(String::from_utf8_lossy(&answer.body).contains("is bad"), "{spec}");
            rig.settled(&answer, "upstream_error");
        }
    }
    // nor in the words beside it, which clients branch on and logs label with
    for word in ["code", "error-type", "error-param"] {
        for spec in ["400", "500", "error-body", "error-event:0", "error-event:3"] {
            mock.set_behaviour(behaviour(&format!("{spec},message=it is bad,{word}=key {PROVIDER_KEY} is bad")));
            for stream in BOTH.into_iter().filter(|stream| *stream || !spec.starts_with("error-event")) {
                let answer = rig.ask("m", stream);
                let text = String::from_utf8_lossy(&answer.body).into_owned();
                assert!(text.contains("\"key ") && text.matches("is bad").count() == 2, "{spec},{word}: {text}");
                rig.settled(&answer, "upstream_error");
            }
        }
    }
    let told = logged().lines().any(|line| line.contains("attempt failed") && line.contains("is bad"));
    assert!(told, "the log must have told of it, or nothing was looked at");
    rig.finish();
}

fn rate_limited(code: &'static str) -> Want {
    Want { status: 429, kind: "rate_limit_error", says: code, outcome: "upstream_error", class: "provider" }
}

#[test]
fn u21_each_form_of_retry_after_reaches_the_caller_clamped() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for (spec, want) in [
        ("retry-after=7", Some(7..=7)),
        ("retry-after=1.2", Some(2..=2)),
        ("retry-after=0", Some(0..=0)),
        ("retry-after=1000000000", Some(3600..=3600)),
        ("retry-after=date:90", Some(60..=90)),
        ("retry-after=date:-90", None),
        ("retry-after=-5", None),
        ("retry-after=NaN", None),
        ("retry-after=soon", None),
        ("retry-after-ms=1500", Some(2..=2)),
        ("retry-after=60,retry-after-ms=1500", Some(2..=2)),
        ("retry-after-ms=x,retry-after=3", Some(3..=3)),
        ("message=Rate", None),
    ] {
        mock.set_behaviour(behaviour(&format!("429,{spec}")));
        for stream in BOTH {
            let answer = rig.ask("m", stream);
            rig.refused(&answer, rate_limited("Rate"));
            let told = answer.header("retry-after").map(|told| told.parse::<u32>().expect("seconds"));
            match &want {
                Some(range) => assert!(told.is_some_and(|told| range.contains(&told)), "{spec}: {told:?}"),
                None => assert_eq!(told, None, "{spec}"),
            }
        }
    }
    rig.finish();
}

#[test]
fn u21_no_money_is_not_asked_for_twice() {
    let mock = mock("");
    let rig = Rig::new(&Setup::new().all(&mock).router("num_retries: 3, disable_cooldowns: true"));
    for code in ["insufficient_quota", "credit_balance_exhausted", "enforced_spend_limit_reached"] {
        for stream in BOTH {
            mock.set_behaviour(behaviour(&format!("429,code={code},message=no money")));
            let before = mock.stats().requests;
            let answer = rig.ask("m", stream);
            let error = rig.refused(&answer, rate_limited("no money"));
            assert_eq!(error["code"], code);
            assert_eq!(answer.header("x-should-retry"), Some("false"));
            assert_eq!(mock.stats().requests, before + 1, "{code}: asked again");
        }
    }
    rig.finish();
}

#[test]
fn u23_an_overloaded_provider_is_asked_again_and_then_its_fallback_marked_as_such() {
    let (busy, spare) = (mock(""), mock(""));
    let setup = Setup::new()
        .deployment("busy", &busy.base_url(), "max_retries: 1")
        .deployment("spare", &spare.base_url(), "model: openai/spare-1")
        .router("num_retries: 0, disable_cooldowns: true, fallbacks: [{busy: [spare]}]");
    let rig = Rig::new(&setup);
    for (n, status) in [529, 503].into_iter().enumerate() {
        busy.set_behaviour(behaviour(&format!("{status},retry-after=0")));
        for stream in BOTH {
            let answer = rig.ask("busy", stream);
            rig.good(&answer, stream);
            assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"));
            assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("1"));
            assert_eq!(answer.header("x-litellm-model-group"), Some("spare"));
        }
        assert_eq!(busy.stats().requests, 4 * (n as u64 + 1));
    }
    rig.finish();
}

#[test]
fn u24_what_is_wrong_with_the_request_is_told_unchanged_and_asked_once() {
    let mock = mock("");
    let setup = Setup::new()
        .deployment("m", &mock.base_url(), "model: openai/m")
        .deployment("m", &mock.base_url(), "model: openai/m2")
        .deployment("spare", &mock.base_url(), "model: openai/spare")
        .router("num_retries: 3, allowed_fails: 0, fallbacks: [{m: [spare]}]");
    let rig = Rig::new(&setup);
    for (status, code) in
        [(400, "context_length_exceeded"), (400, "content_filter"), (422, "bad_tool"), (413, "too_large")]
    {
        mock.set_behaviour(behaviour(&format!("{status},code={code},message=told by the provider")));
        for stream in BOTH {
            let before = mock.stats().requests;
            let answer = rig.ask("m", stream);
            let want = Want {
                status,
                kind: "invalid_request_error",
                says: "told by the provider",
                outcome: "upstream_error",
                class: "provider",
            };
            assert_eq!(rig.refused(&answer, want)["code"], code);
            assert_eq!(mock.stats().requests, before + 1);
            assert_eq!(answer.header("x-litellm-attempted-retries"), Some("0"));
            assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("0"));
        }
    }
    mock.set_behaviour(behaviour("echo-user"));
    let answer = rig.ask_with("m", false, json!({ "user": "no deployment is blamed for that" }));
    rig.good(&answer, false);
    rig.finish();
}

#[test]
fn what_the_head_of_an_error_tells_reaches_the_caller() {
    let echo = format!("header=x-echo:Bearer {PROVIDER_KEY}");
    let mock = mock("");
    let rig = Rig::new(&Setup::new().all(&mock));
    for status in ["429,retry-after=7", "400", "500", "401"] {
        mock.set_behaviour(behaviour(&format!("{status},{echo}")));
        for stream in BOTH {
            let answer = rig.ask("m", stream);
            assert_ne!(answer.status, 200);
            rig.settled(&answer, "upstream_error");
            let id =
                answer.header("llm_provider-x-request-id").unwrap_or_else(|| panic!("{status}: {:?}", answer.headers));
            assert_eq!(answer.header("request-id"), Some(id));
            assert_eq!(
                answer.header("x-ratelimit-limit-requests"),
                answer.header("llm_provider-x-ratelimit-limit-requests")
            );
            assert_eq!(answer.header("llm_provider-x-echo"), None, "the head echoes our credential");
        }
    }
    rig.finish();
}

#[test]
fn a_head_of_an_earlier_attempt_is_not_the_last_ones() {
    let mock = mock("500");
    let rig = Rig::new(&Setup::falls_to_nobody(&mock));
    let answer = rig.ask("first", false);
    rig.refused(&answer, CONNECTION);
    assert_eq!(answer.header("llm_provider-x-request-id"), None);
    rig.finish();
}
