//! Fallback groups: when they are entered, in which order, and how that is shown.

use serde_json::json;

use super::rig::{BOTH, CONNECTION, Rig, behaviour, mock};
use super::setup::Setup;

#[test]
fn what_speaks_against_the_provider_leads_to_the_fallback() {
    let (first, spare) = (mock(""), mock("echo-user"));
    let setup = Setup::new()
        .deployment("first", &first.base_url(), "model_info: {}")
        .deployment("spare", &spare.base_url(), "model: openai/real-name")
        .router("num_retries: 0, disable_cooldowns: true, fallbacks: [{first: [spare]}]");
    let rig = Rig::new(&setup);
    for fault in ["500", "429", "429,code=insufficient_quota", "401", "403", "402", "404", "408", "html", "cut-byte:50"]
    {
        first.set_behaviour(behaviour(fault));
        for stream in BOTH {
            let answer = rig.ask_with("first", stream, json!({ "user": fault.replace(',', " ") }));
            assert_eq!(rig.good(&answer, stream), fault.replace(',', " "));
            assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("1"), "{fault}");
            assert_eq!(answer.header("x-litellm-model-group"), Some("spare"));
            let shown =
                if stream { answer.events().json()[0]["model"].clone() } else { answer.json()["model"].clone() };
            assert_eq!(shown, "spare", "the name of the group that served");
            let record = rig.record(&answer);
            assert_eq!((&record["model"], &record["model_group"]), (&json!("first"), &json!("spare")));
            assert_eq!((&record["upstream_model"], &record["attempted_fallbacks"]), (&json!("real-name"), &json!(1)));
        }
    }
    rig.finish();
}

#[test]
fn fallbacks_are_entered_in_order_each_with_its_own_and_end() {
    let mocks = [mock("500"), mock("500"), mock("500"), mock("500,message=the last word")];
    let mut setup = Setup::new().router("num_retries: 0, disable_cooldowns: true, fallbacks: [{a: [b, d]}, {b: [c]}]");
    for (group, mock) in ["a", "b", "c", "d"].into_iter().zip(&mocks) {
        setup = setup.deployment(group, &mock.base_url(), "model_info: {}");
    }
    let rig = Rig::new(&setup);
    let answer = rig.ask("a", false);
    assert_eq!(answer.error(500)["message"], "the last word");
    rig.settled(&answer, "upstream_error");
    assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("3"));
    assert!(mocks.iter().all(|mock| mock.stats().requests == 1));
    mocks[2].set_behaviour(behaviour(""));
    let answer = rig.ask("a", true);
    rig.good(&answer, true);
    assert_eq!(answer.header("x-litellm-model-group"), Some("c"));
    assert_eq!(mocks[3].stats().requests, 1);
    rig.finish();
}

#[test]
fn default_fallbacks_and_their_bound() {
    let (down, spare) = (mock("500"), mock(""));
    let setup = Setup::new()
        .deployment("m", &down.base_url(), "model_info: {}")
        .deployment("n", &down.base_url(), "model_info: {}")
        .deployment("spare", &spare.base_url(), "model_info: {}")
        .router("num_retries: 0, disable_cooldowns: true, max_fallbacks: 1, default_fallbacks: [n, spare]");
    let rig = Rig::new(&setup);
    let answer = rig.ask("m", false);
    answer.error(500);
    rig.settled(&answer, "upstream_error");
    assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("1"));
    assert_eq!((down.stats().requests, spare.stats().requests), (2, 0));
    rig.finish();
}

#[test]
fn i01_a_stream_that_broke_after_its_first_event_has_no_fallback_and_no_retry() {
    let (first, spare) = (mock(""), mock(""));
    let setup = Setup::new()
        .deployment("first", &first.base_url(), "order: 1")
        .deployment("first", &spare.base_url(), "order: 2")
        .deployment("spare", &spare.base_url(), "model_info: {}")
        .router("num_retries: 3, disable_cooldowns: true, fallbacks: [{first: [spare]}]");
    let rig = Rig::new(&setup);
    for (fault, outcome) in [
        ("cut:1", "truncated"),
        ("cut:1,how=rst,gap=5ms", "truncated"),
        ("mid-chunk:2", "truncated"),
        ("error-event:1", "upstream_error"),
        ("done=missing", "truncated"),
    ] {
        first.set_behaviour(behaviour(fault));
        let answer = rig.ask("first", true);
        assert_eq!(answer.status, 200);
        answer.events().assert_failed();
        rig.settled(&answer, outcome);
    }
    assert_eq!((first.stats().requests, spare.stats().requests), (5, 0));
    rig.finish();
}

#[test]
fn a_fallback_that_fails_too_is_told_as_it_is() {
    let mock = mock("503");
    let rig = Rig::new(&Setup::falls_to_nobody(&mock));
    for stream in BOTH {
        let answer = rig.ask("first", stream);
        rig.refused(&answer, CONNECTION);
        assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("1"));
        assert_eq!(answer.header("x-litellm-model-group"), Some("gone"));
    }
    rig.finish();
}

#[test]
fn groups_that_stand_in_for_each_other_are_each_tried_once() {
    let mocks = [mock("500"), mock("500")];
    let setup = Setup::new()
        .deployment("a", &mocks[0].base_url(), "model_info: {}")
        .deployment("b", &mocks[1].base_url(), "model_info: {}")
        .deployment("\"w/*\"", &mocks[1].base_url(), "model: \"openai/*\"")
        .router(
            "num_retries: 0, disable_cooldowns: true, model_group_alias: {other: a}, \
             fallbacks: [{a: [b]}, {b: [other]}, {w/x: [w/y]}, {w/y: [w/x]}]",
        );
    let rig = Rig::new(&setup);
    // by whatever name: an alias is the group it stands for, and two names behind one pattern are two models
    for (asked, calls) in [("a", [1, 1]), ("b", [1, 1]), ("other", [1, 1]), ("w/x", [0, 2]), ("w/y", [0, 2])] {
        let before = mocks.each_ref().map(|mock| mock.stats().requests);
        let answer = rig.ask(asked, false);
        answer.error(500);
        rig.settled(&answer, "upstream_error");
        assert_eq!(answer.header("x-litellm-attempted-fallbacks"), Some("1"), "{asked}");
        let after = mocks.each_ref().map(|mock| mock.stats().requests);
        assert_eq!([after[0] - before[0], after[1] - before[1]], calls, "{asked}");
    }
    mocks[0].set_behaviour(behaviour(""));
    rig.good(&rig.ask("b", true), true);
    rig.finish();
}
