//! From sums to families. Every family is here, in the order in which it is shown.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use super::book::{AllAttempts, Lanes, MAX_SERIES, OTHER, Sums};
use super::cell::{DURATION, OVERHEAD, TTFT};
use super::lane::{ATTEMPT_OUTCOMES, LaneSum, OUTCOMES, TOKEN_TYPES};
use super::live::{LiveSources, Reloads};
use super::text::{Fixed, Kind, Text};
use super::{panics, process};

/// Decimals of a picodollar.
const PICO: u32 = 12;

/// The whole text.
pub fn all(sums: &Sums, reloads: &Reloads, made_anew: &BTreeMap<&str, u64>, live: &LiveSources) -> String {
    let mut text = Text::default();
    let groups = by_group(&sums.lanes);
    requests(&mut text, &sums.lanes);
    times(&mut text, &sums.lanes, &groups);
    money(&mut text, &groups);
    ends(&mut text, &sums.lanes, &groups);
    attempts(&mut text, &sums.attempts, sums.stale);
    deployments(&mut text, live);
    sinks(&mut text, live);
    spool(&mut text, live);
    state(&mut text, reloads, live);
    defects(&mut text, made_anew);
    process::render(&mut text);
    text.finish()
}

fn requests(text: &mut Text, lanes: &Lanes) {
    text.family(
        "millrace_http_requests_total",
        Kind::Counter,
        "Requests answered, by status; group is empty where none was found.",
    );
    for ((route, group), sum) in lanes {
        for (code, count) in &sum.codes {
            let code = if *code == 0 { OTHER.to_owned() } else { code.to_string() };
            text.sample(&[("route", route), ("group", group), ("code", &code)], count);
        }
    }
}

fn times(text: &mut Text, lanes: &Lanes, groups: &BTreeMap<&str, LaneSum>) {
    text.family("millrace_request_duration_seconds", Kind::Histogram, "Exchanges from accept to settle.");
    for ((route, group), sum) in settled(lanes) {
        text.histogram(&[("route", route), ("group", group)], DURATION, &sum.duration);
    }
    text.family("millrace_ttft_seconds", Kind::Histogram, "Streams from accept to the first event.");
    for (group, sum) in groups.iter().filter(|(_, sum)| sum.ttft.count() > 0) {
        text.histogram(&[("group", group)], TTFT, &sum.ttft);
    }
    let mut routes = BTreeMap::<_, LaneSum>::new();
    settled(lanes).for_each(|((route, _), sum)| routes.entry(*route).or_default().add(sum));
    text.family("millrace_overhead_seconds", Kind::Histogram, "The gateway's own share of an exchange's time.");
    for (route, sum) in &routes {
        text.histogram(&[("route", route)], OVERHEAD, &sum.overhead);
    }
}

fn money(text: &mut Text, groups: &BTreeMap<&str, LaneSum>) {
    let help = "Tokens, counted or estimated; cached ones are part of input and reasoning ones of output.";
    text.family("millrace_tokens_total", Kind::Counter, help);
    for (group, sum) in groups {
        for (kind, count) in TOKEN_TYPES.iter().zip(sum.tokens) {
            text.sample(&[("group", group), ("type", kind)], count);
        }
    }
    text.family("millrace_spend_usd_total", Kind::Counter, "Cost of the tokens in US dollars, exact.");
    for (group, sum) in groups {
        text.sample(&[("group", group)], Fixed(sum.spend, PICO));
    }
    let help = "Exchanges that used tokens of a model without a known price.";
    text.family("millrace_unpriced_exchanges_total", Kind::Counter, help);
    for (group, sum) in groups {
        text.sample(&[("group", group)], sum.unpriced);
    }
    let help = "Exchanges whose tokens were reckoned here: the provider told none, or what cannot be.";
    text.family("millrace_estimated_exchanges_total", Kind::Counter, help);
    for (group, sum) in groups {
        text.sample(&[("group", group)], sum.estimated);
    }
    let mut whole = LaneSum::default();
    groups.values().for_each(|sum| whole.add(sum));
    text.family("millrace_budget_stage_total", Kind::Counter, "Exchanges by whether their budgets were looked at.");
    text.sample(&[("result", "checked")], whole.checked);
    text.sample(&[("result", "skipped")], whole.skipped);
}

fn ends(text: &mut Text, lanes: &Lanes, groups: &BTreeMap<&str, LaneSum>) {
    let mut whole = LaneSum::default();
    settled(lanes).for_each(|(_, sum)| whole.add(sum));
    text.family("millrace_exchange_outcomes_total", Kind::Counter, "Exchanges by how they ended.");
    for (outcome, count) in OUTCOMES.iter().zip(whole.outcomes) {
        text.sample(&[("outcome", outcome.name())], count);
    }
    text.family("millrace_stream_ends_total", Kind::Counter, "Exchanges that asked for a stream, by how they ended.");
    for (group, sum) in groups {
        for (outcome, count) in OUTCOMES.iter().zip(sum.stream_ends).filter(|(_, count)| *count > 0) {
            text.sample(&[("group", group), ("outcome", outcome.name())], count);
        }
    }
}

fn attempts(text: &mut Text, attempts: &AllAttempts, stale: u64) {
    let help = "Calls of a deployment that have ended, by ok, client_cancelled or the class of the fault.";
    text.family("millrace_upstream_attempts_total", Kind::Counter, help);
    for ((deployment, group), counts) in attempts {
        for (outcome, count) in ATTEMPT_OUTCOMES.iter().zip(counts).filter(|(_, count)| **count > 0) {
            text.sample(&[("deployment", deployment), ("group", group), ("outcome", outcome)], count);
        }
    }
    let help = "Requests sent again because their connection had been closed by the provider.";
    text.single("millrace_upstream_stale_retries_total", Kind::Counter, help, stale);
}

fn deployments(text: &mut Text, live: &LiveSources) {
    let health = live.routing.deployments().map(|d| {
        let cooling = u64::from(d.health.cooling().is_some());
        (&*d.id, [cooling, d.health.cooldowns()])
    });
    let health = bounded(health);
    text.family("millrace_deployment_cooling", Kind::Gauge, "1 while a deployment is left out after failures.");
    for (deployment, [cooling, _]) in &health {
        text.sample(&[("deployment", deployment)], cooling);
    }
    text.family("millrace_deployment_cooldowns_total", Kind::Counter, "How often a deployment was left out.");
    for (deployment, [_, cooldowns]) in &health {
        text.sample(&[("deployment", deployment)], cooldowns);
    }
}

fn sinks(text: &mut Text, live: &LiveSources) {
    let sinks = bounded(live.sinks.iter().map(|(name, s)| (name.as_str(), [s.depth, s.delivered, s.dropped])));
    let families = [
        ("millrace_sink_queue_depth", Kind::Gauge, "Records that wait to be delivered."),
        ("millrace_sink_delivered_total", Kind::Counter, "Records delivered since the callback was made."),
        ("millrace_sink_dropped_total", Kind::Counter, "Records lost: a full queue, or every try failed."),
    ];
    for (at, (name, kind, help)) in families.into_iter().enumerate() {
        text.family(name, kind, help);
        for (sink, numbers) in &sinks {
            text.sample(&[("sink", sink)], numbers[at]);
        }
    }
}

fn spool(text: &mut Text, live: &LiveSources) {
    let [taken, refused] = live.routing.path.spool.as_ref().map(|room| room.numbers()).unwrap_or_default();
    let help = "Bytes on the disk of forms that must be read before they are sent.";
    text.single("millrace_upload_spool_bytes", Kind::Gauge, help, taken);
    let help = "Forms refused because there was no room for them on the disk.";
    text.single("millrace_upload_spool_refused_total", Kind::Counter, help, refused);
}

fn state(text: &mut Text, reloads: &Reloads, live: &LiveSources) {
    text.single("millrace_inflight", Kind::Gauge, "Exchanges under way.", live.in_flight);
    text.family("millrace_snapshot_generation", Kind::Gauge, "The number of the snapshot in use.");
    text.sample(&[("kind", "callbacks")], live.callbacks.generation);
    text.sample(&[("kind", "routing")], live.routing.generation);
    let last = u8::from(reloads.last_succeeded.load(Relaxed));
    text.single("millrace_config_last_reload_success", Kind::Gauge, "1 if the last reload was taken.", last);
    text.family("millrace_config_reloads_total", Kind::Counter, "Reloads of the configuration.");
    text.sample(&[("result", "success")], reloads.done.load(Relaxed));
    text.sample(&[("result", "failure")], reloads.failed.load(Relaxed));
    text.family("millrace_build_info", Kind::Gauge, "1; the version is in the label.");
    text.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
}

fn defects(text: &mut Text, made_anew: &BTreeMap<&str, u64>) {
    text.single("millrace_panics_total", Kind::Counter, "Defects that ended in a panic.", panics::count());
    let help = "Long-lived actors that ended by a panic and were made anew.";
    text.family("millrace_actor_restarts_total", Kind::Counter, help);
    for (actor, count) in made_anew {
        text.sample(&[("actor", actor)], count);
    }
}

/// The lanes in which an exchange settled; in the others, requests were refused before they became one.
fn settled(lanes: &Lanes) -> impl Iterator<Item = (&(&'static str, std::sync::Arc<str>), &LaneSum)> {
    lanes.iter().filter(|(_, sum)| sum.duration.count() > 0)
}

fn by_group(lanes: &Lanes) -> BTreeMap<&str, LaneSum> {
    let mut groups = BTreeMap::<_, LaneSum>::new();
    settled(lanes).for_each(|((_, group), sum)| groups.entry(&**group).or_default().add(sum));
    groups
}

/// One entry a name, since a sample that occurs twice spoils the whole scrape; the same deployment shares its health, so
/// the first stands for all. What is over the bound is summed up as [`OTHER`].
fn bounded<'a, const N: usize>(all: impl Iterator<Item = (&'a str, [u64; N])>) -> BTreeMap<&'a str, [u64; N]> {
    let mut kept = BTreeMap::new();
    let mut other = None;
    for (name, numbers) in all {
        if kept.len() < MAX_SERIES {
            kept.entry(name).or_insert(numbers);
        } else if !kept.contains_key(name) {
            let sum = other.get_or_insert([0; N]);
            sum.iter_mut().zip(numbers).for_each(|(sum, n)| *sum += n);
        }
    }
    if let Some(sum) = other {
        kept.insert(OTHER, sum);
    }
    kept
}
