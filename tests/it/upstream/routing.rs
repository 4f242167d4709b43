//! Which deployment of a group is asked: the lowest order, within it by weight. Bounds are six and a half standard
//! deviations wide, so chance alone fails a test less than once in a thousand million runs.

use millrace_lab::mock::MockServer;

use super::rig::{Rig, behaviour, mock};
use super::setup::Setup;

/// Asks so often and says how many went to each mock.
fn spread(rig: &Rig, mocks: &[&MockServer], calls: usize) -> Vec<f64> {
    let before: Vec<_> = mocks.iter().map(|mock| mock.stats().requests).collect();
    for _ in 0..calls {
        let answer = rig.ask("m", false);
        rig.good(&answer, false);
    }
    mocks.iter().zip(before).map(|(mock, before)| (mock.stats().requests - before) as f64).collect()
}

/// Asserts that a count of `calls` tries with probability `p` is no wonder.
#[track_caller]
fn plausible(count: f64, calls: usize, p: f64) {
    let (mean, sd) = (calls as f64 * p, (calls as f64 * p * (1.0 - p)).sqrt());
    assert!((count - mean).abs() < 6.5 * sd, "{count} of {calls}, where {mean} were to be expected");
}

const CALLS: usize = 300;

#[test]
fn the_lowest_order_is_asked_alone_while_it_answers() {
    let (first, second, third) = (mock(""), mock(""), mock(""));
    let setup = Setup::new()
        .deployment("m", &third.base_url(), "order: 30, weight: 1000")
        .deployment("m", &first.base_url(), "order: 1, weight: 1")
        .deployment("m", &second.base_url(), "order: 2, weight: 1000")
        .router("num_retries: 2, disable_cooldowns: true");
    let rig = Rig::new(&setup);
    assert_eq!(spread(&rig, &[&first, &second, &third], 20), [20.0, 0.0, 0.0]);
    first.set_behaviour(behaviour("503"));
    assert_eq!(spread(&rig, &[&first, &second, &third], 5), [5.0, 5.0, 0.0]);
    second.set_behaviour(behaviour("cut-byte:7"));
    assert_eq!(spread(&rig, &[&first, &second, &third], 5), [5.0, 5.0, 5.0]);
    rig.finish();
}

#[test]
fn weights_share_out_the_traffic() {
    let (heavy, light, none) = (mock(""), mock(""), mock(""));
    let setup = Setup::new()
        .deployment("m", &heavy.base_url(), "weight: 3")
        .deployment("m", &light.base_url(), "weight: 1")
        .deployment("m", &none.base_url(), "model_info: {}");
    let rig = Rig::new(&setup);
    let counts = spread(&rig, &[&heavy, &light, &none], CALLS);
    plausible(counts[0], CALLS, 0.75);
    assert_eq!(counts[0] + counts[1], CALLS as f64);
    assert_eq!(counts[2], 0.0, "where some have a weight, the others get nothing");
    rig.finish();
}

#[test]
fn rpm_shares_out_the_traffic_where_nobody_has_a_weight() {
    let (one, two) = (mock(""), mock(""));
    let setup = Setup::new().deployment("m", &one.base_url(), "rpm: 900, tpm: 1").deployment(
        "m",
        &two.base_url(),
        "rpm: 100, tpm: 100000",
    );
    let rig = Rig::new(&setup);
    plausible(spread(&rig, &[&one, &two], CALLS)[0], CALLS, 0.9);
    rig.finish();
}

#[test]
fn without_any_weight_all_get_the_same() {
    let (one, two, three) = (mock(""), mock(""), mock(""));
    let setup = [&one, &two, &three]
        .into_iter()
        .fold(Setup::new(), |setup, mock| setup.deployment("m", &mock.base_url(), "model_info: {}"));
    let rig = Rig::new(&setup);
    for count in spread(&rig, &[&one, &two, &three], CALLS) {
        plausible(count, CALLS, 1.0 / 3.0);
    }
    rig.finish();
}
