//! U8 to U11, U19: heads that are no answer, no HTTP, too large, or point elsewhere.

use serde_json::json;

use super::rig::{BOTH, INVALID, Rig, Want, behaviour, mock};
use super::setup::Setup;
use crate::harness::{LIVENESS, PROVIDER_KEY};

#[test]
fn u08_interim_answers_are_skipped_and_shift_no_later_answer() {
    let mock = mock("echo-user");
    let rig = Rig::before(&mock);
    for (n, interim) in ["100", "102", "103", "100+103", "103+103+100+102"].into_iter().enumerate() {
        mock.set_behaviour(behaviour(&format!("echo-user,interim={interim}")));
        for stream in BOTH {
            // two, so that the second would get what the first left on the connection
            for call in 0..2 {
                let user = format!("user {n} {call}");
                let answer = rig.ask_with("m", stream, json!({ "user": user }));
                assert_eq!(rig.good(&answer, stream), user, "{interim}");
            }
        }
    }
    assert_eq!(mock.stats().requests, 20);
    // one per worker at most: the connections were given back, and not too early
    assert!(mock.stats().connections_accepted <= 2, "{:?}", mock.stats());
    rig.finish();
}

/// Each of these once whole and once streamed: an error, the connection closed, and the next caller served properly.
fn never_usable(specs: &[&str]) {
    let mock = mock("");
    let rig = Rig::before(&mock);
    for spec in specs {
        for stream in BOTH {
            mock.set_behaviour(behaviour(spec));
            let answer = rig.ask("m", stream);
            rig.refused(&answer, INVALID);
            assert!(mock.wait_until_blocking(|s| s.connections_open == 0, LIVENESS), "{spec}: the connection was kept");
            mock.set_behaviour(behaviour("echo-user"));
            let answer = rig.ask_with("m", stream, json!({ "user": *spec }));
            assert_eq!(rig.good(&answer, stream), *spec);
            mock.drop_connections();
        }
    }
    rig.finish();
}

#[test]
fn u09_a_switch_of_protocol_that_nobody_asked_for_is_no_answer() {
    never_usable(&["switch"]);
}

#[test]
fn u10_what_is_not_http_is_no_answer() {
    never_usable(&["garbage", "garbage,how=rst", "http09", "tls"]);
}

#[test]
fn u11_heads_that_are_too_large_are_no_answer() {
    never_usable(&["headers=200", "header-bytes=1000000"]);
}

#[test]
fn u19_a_redirect_is_not_followed_and_takes_no_key_along() {
    let (mock, elsewhere) = (mock(""), mock(""));
    let rig = Rig::before(&mock);
    for status in [301, 302, 303, 307, 308] {
        let spec = format!("redirect:{status},location={}/chat/completions", elsewhere.base_url());
        mock.set_behaviour(behaviour(&spec));
        for stream in BOTH {
            rig.refused(&rig.ask("m", stream), Want { says: "redirect", ..INVALID });
        }
    }
    assert_eq!(elsewhere.stats().connections_accepted, 0, "it was followed");
    assert_eq!(mock.stats().requests, 10);
    rig.finish();
}

#[test]
fn i06_each_key_goes_to_its_own_origin_alone() {
    let (first, second) = (mock("503"), mock(""));
    let setup = Setup::new()
        .deployment("m", &first.base_url(), "order: 1")
        .deployment("m", &second.base_url(), "order: 2, api_key: sk-canary-of-the-second")
        .deployment("last", &second.base_url(), "api_key: sk-canary-of-the-second")
        .router("num_retries: 1, disable_cooldowns: true, fallbacks: [{m: [last]}]");
    let rig = Rig::new(&setup);
    for stream in BOTH {
        rig.good(&rig.ask("m", stream), stream);
        second.push_script([behaviour("503")]);
        rig.good(&rig.ask("m", stream), stream);
    }
    assert_eq!((first.stats().requests, second.stats().requests), (4, 6));
    let keys = [(first, PROVIDER_KEY), (second, "sk-canary-of-the-second")];
    for (mock, key) in keys {
        for request in mock.requests() {
            assert_eq!(request.header("authorization"), Some(&*format!("Bearer {key}")));
            let said = format!("{:?} {}", request.headers, request.text());
            assert!(!said.contains(crate::harness::KEY), "the caller's key went upstream");
        }
    }
    rig.finish();
}
