//! U25 to U28, U32: bodies that are no answer, errors that call themselves answers, too much of a body, and an answer that
//! comes before the question is out.

use serde_json::{Value, json};

use super::rig::{BOTH, INVALID, Rig, Want, behaviour, mock};
use super::setup::Setup;
use crate::harness::LIVENESS;

#[test]
fn u25_a_page_an_empty_body_and_null_are_no_answers() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    let specs = [
        "html",
        "empty",
        "null",
        // an object that is no answer, as proxies say it with status 200
        "strange",
        "html,framing=chunked",
        "html,framing=close-silent",
        "empty,framing=close-silent",
        // a page that says it is an event stream, and a JSON text that is none
        "html,content-type=text/event-stream",
        "null,content-type=text/event-stream",
    ];
    for spec in specs {
        for stream in BOTH {
            mock.set_behaviour(behaviour(spec));
            let answer = rig.ask("m", stream);
            assert_eq!(answer.status, 502, "{spec} {stream}: {}", answer.text());
            let class = rig.settled(&answer, "upstream_error")["error_class"].clone();
            assert_eq!((class, &answer.error(502)["type"]), (json!("invalid_answer"), &json!(INVALID.kind)), "{spec}");
        }
    }
    rig.finish();
}

#[test]
fn u25_a_stream_that_does_not_say_it_is_one_is_no_answer() {
    let mock = mock("content-type=text/html");
    let rig = Rig::before(&mock);
    rig.refused(&rig.ask("m", true), INVALID);
    rig.finish();
}

#[test]
fn u26_an_error_with_status_200_gets_the_status_it_means_and_costs_nothing() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for (code, status) in [("", 500), ("rate_limit_exceeded", 429), ("model_not_found", 404), ("418", 418)] {
        for shape in ["error-body", "error-event:0,shape=auto"] {
            let code = if code.is_empty() { String::new() } else { format!(",code={code}") };
            mock.set_behaviour(behaviour(&format!("{shape},message=no such luck{code}")));
            for stream in BOTH.into_iter().filter(|stream| *stream || shape == "error-body") {
                let kind = "server_error";
                let want = Want { status, kind, says: "no such luck", outcome: "upstream_error", class: "provider" };
                let answer = rig.ask("gpt-4o", stream);
                rig.refused(&answer, want);
                assert_eq!(answer.header("x-litellm-response-cost"), None);
            }
        }
    }
    assert_eq!(rig.gateway.metric("millrace_spend_usd_total{group=\"*\"}"), 0.0);
    rig.finish();
}

#[test]
fn u27_a_body_above_the_limit_is_given_up() {
    let mock = mock("endless");
    let rig = Rig::new(&Setup::new().all(&mock).general("max_response_size_mb: 1"));
    for spec in ["endless", "huge-event:4", "endless,shape=sse"] {
        mock.set_behaviour(behaviour(spec));
        rig.refused(&rig.ask("m", false), Want { says: "larger than 1048576 bytes", ..INVALID });
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS), "{spec}: still reading");
    }
    // asked for as a stream and answered whole: the same limit
    mock.set_behaviour(behaviour("endless,shape=json"));
    rig.refused(&rig.ask("m", true), Want { says: "larger than 1048576 bytes", ..INVALID });
    rig.finish();
}

#[test]
fn u27_an_event_above_the_limit_ends_the_stream() {
    // the events before it come first, or together with it: then nothing has been sent, and the error has its status
    for (spec, most) in [("endless,gap=200ms", 65536), ("endless", 65536)] {
        let mock = mock(spec);
        let rig = Rig::new(&Setup::new().all(&mock).millrace(&format!("max_event_bytes: {most}")));
        let answer = rig.ask("m", true);
        match answer.status {
            200 => drop(rig.broken(&answer, INVALID)),
            _ => drop(rig.refused(&answer, Want { says: "event", ..INVALID })),
        }
        assert!(answer.body.len() < most, "{} bytes of it went out", answer.body.len());
        assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS), "still reading");
        rig.finish();
    }
}

#[test]
fn u28_an_early_refusal_of_a_large_upload_is_told_as_it_was() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    let upload = "long ".repeat(2 << 20);
    for (status, class) in
        [(400, "provider"), (413, "provider"), (422, "provider"), (429, "provider"), (401, "credentials")]
    {
        // what is still sent is read as over a network: else the whole of it is out before its sender can have looked
        mock.set_behaviour(behaviour(&format!("early:{status},message=that is too much,read-rate=20000000")));
        for stream in BOTH {
            let messages = json!([{ "role": "user", "content": upload }]);
            let answer = rig.ask_with("m", stream, json!({ "messages": messages }));
            let error = answer.error(status);
            if status != 401 {
                assert_eq!(error["message"], "that is too much");
            }
            assert_eq!(rig.settled(&answer, "upstream_error")["error_class"], class);
            assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS), "half a request is on it");
        }
    }
    assert_eq!(mock.stats().connections_left_open, 0, "the gateway kept one of them");
    mock.set_behaviour(behaviour("echo-user"));
    assert_eq!(rig.good(&rig.ask_with("m", false, json!({ "user": "next" })), false), "next");
    rig.finish();
}

#[test]
fn u32_another_model_is_shown_under_the_name_asked_for() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for model in ["other", "dated", "absent"] {
        mock.set_behaviour(behaviour(&format!("model={model}")));
        for stream in BOTH {
            let answer = rig.ask("gpt-4o", stream);
            rig.good(&answer, stream);
            let shown: Vec<Value> = match stream {
                true => answer.events().json().iter().map(|event| event["model"].clone()).collect(),
                false => vec![answer.json()["model"].clone()],
            };
            let want = if model == "absent" { Value::Null } else { json!("gpt-4o") };
            assert!(shown.iter().all(|shown| *shown == want), "{model}: {shown:?}");
        }
    }
    rig.finish();
}

#[test]
fn u32_usage_that_is_missing_or_cannot_be_is_estimated() {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for (usage, estimated) in [("absent", true), ("negative", true), ("absurd", true), ("asked", false)] {
        mock.set_behaviour(behaviour(&format!("usage={usage},chunks=20,completion-tokens=20")));
        for stream in BOTH {
            let answer = rig.ask("gpt-4o", stream);
            rig.good(&answer, stream);
            let record = rig.record(&answer);
            assert_eq!(record["estimated"], estimated, "{usage}: {record}");
            let tokens = record["total_tokens"].as_u64().unwrap_or_else(|| panic!("{usage}: {record}"));
            match usage {
                "asked" => assert!((20..1000).contains(&tokens), "{record}"),
                _ => assert!(record["completion_tokens"].as_u64().is_some_and(|n| (15..=80).contains(&n)), "{record}"),
            }
            let cost = record["response_cost"].as_str().unwrap_or("0");
            assert!(!cost.starts_with('-'), "{record}");
        }
    }
    rig.finish();
}
