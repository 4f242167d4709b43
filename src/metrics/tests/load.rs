//! Bounds: labels without end, and what counting costs.

use super::*;

const CHAT: &str = "/v1/chat/completions";

/// The largest scrape a bounded number of series can make, in bytes; about 6 MB are seen.
const SCRAPE: usize = 16 << 20;

#[test]
fn groups_and_deployments_past_the_bound_are_other() {
    let metrics = Metrics::default();
    let all: Vec<_> = (0..MAX_SERIES + 50).map(|n| deployment(&format!("d{n}"), &format!("g{n}"))).collect();
    for _ in 0..2 {
        for d in &all {
            metrics.attempt(d, "ok");
            Case::ok(CHAT, "m", Some(d)).settle(&metrics);
        }
    }
    let mut live = live(&all);
    live.sinks =
        (0..MAX_SERIES + 50).map(|n| (format!("s{n}"), SinkHealth { depth: 1, ..Default::default() })).collect();
    let text = metrics.render(&live);
    assert!(text.len() < SCRAPE, "{}", text.len());
    let seen = parse(&text).unwrap();
    for name in [
        "millrace_http_requests_total",
        "millrace_upstream_attempts_total",
        "millrace_spend_usd_total",
        "millrace_ttft_seconds_count",
        "millrace_deployment_cooling",
        "millrace_sink_queue_depth",
    ] {
        assert_eq!(seen.all(name).count(), MAX_SERIES + 1, "{name}");
    }
    assert_eq!(seen.number("millrace_stream_ends_total", &[("group", "other"), ("outcome", "ok")]), 100.0);
    assert_eq!(seen.number("millrace_sink_queue_depth", &[("sink", "other")]), 50.0);
    let other = [("deployment", "other"), ("group", "other"), ("outcome", "ok")];
    assert_eq!(seen.number("millrace_upstream_attempts_total", &other), 100.0);
    let counted: f64 = seen.all("millrace_http_requests_total").map(|(_, n)| n).sum();
    assert_eq!(counted, 2.0 * all.len() as f64, "nothing is lost");
}

#[test]
fn a_caller_cannot_make_series() {
    let metrics = Metrics::default();
    let wild = deployment("w", "*");
    let routing = routing(std::slice::from_ref(&wild));
    for n in 0..500 {
        Case::ok(CHAT, &format!("m{n}"), Some(&wild)).settle(&metrics);
        let refused = Case { outcome: Outcome::Blocked, ..Case::ok(CHAT, &format!("m{n}"), None) };
        Case { routing: Arc::clone(&routing), ..refused }.settle(&metrics);
    }
    let seen = scrape(&metrics, &live(&[]));
    assert_eq!(seen.all("millrace_http_requests_total").count(), 1);
    assert_eq!(seen.number("millrace_exchange_outcomes_total", &[("outcome", "blocked")]), 500.0);
}

#[test]
fn reloads_neither_lose_counts_nor_make_series() {
    let metrics = Metrics::default();
    for _ in 0..100 {
        // a reload builds the same deployment anew, often at an address that was just freed
        let (d, e) = (deployment("d", "g"), deployment("e", "h"));
        Case::ok(CHAT, "g", Some(&d)).settle(&metrics);
        Case::ok(CHAT, "h", Some(&e)).settle(&metrics);
    }
    let seen = scrape(&metrics, &live(&[]));
    for group in ["g", "h"] {
        let labels = [("route", CHAT), ("group", group), ("code", "200")];
        assert_eq!(seen.number("millrace_http_requests_total", &labels), 100.0);
    }
}

/// The price of counting: run it under callgrind, at two values of `MILLRACE_METER_ROUNDS`, and divide the difference.
#[test]
#[ignore = "a measurement, see the test's words"]
fn what_a_settle_costs() {
    let rounds = std::env::var("MILLRACE_METER_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000_u64);
    let metrics = Metrics::default();
    let deployments: Vec<_> = (0..16).map(|n| deployment(&format!("d{n}"), "g")).collect();
    let cases: Vec<_> = deployments.iter().map(|d| Case::ok(CHAT, "g", Some(d))).collect();
    let began = Instant::now();
    for at in 0..rounds {
        cases[at as usize % 16].settle(&metrics);
    }
    let settled = began.elapsed();
    let began = Instant::now();
    for at in 0..rounds {
        metrics.attempt(&deployments[at as usize % 16], "ok");
    }
    let attempted = began.elapsed();
    println!("settled: {settled:?}, attempts: {attempted:?}, for {rounds} each");
    let seen = scrape(&metrics, &live(&[]));
    assert_eq!(seen.number("millrace_exchange_outcomes_total", &[("outcome", "ok")]), rounds as f64);
}
