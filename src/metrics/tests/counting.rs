//! Counters add up, over outcomes, threads and reloads.

use super::*;

const CHAT: &str = "/v1/chat/completions";

#[test]
fn an_exchange_shows_in_every_family_it_belongs_to() {
    let (metrics, d) = (Metrics::default(), deployment("d1", "gpt"));
    metrics.attempt(&d, "connect");
    metrics.attempt(&d, "ok");
    Case::ok(CHAT, "gpt", Some(&d)).settle(&metrics);
    Case { overhead: Duration::from_micros(50), ..Case::ok(CHAT, "gpt", Some(&d)) }.settle(&metrics);
    let seen = scrape(&metrics, &live(&[d]));
    let group = [("group", "gpt")];
    assert_eq!(seen.number("millrace_http_requests_total", &[("route", CHAT), ("group", "gpt"), ("code", "200")]), 2.0);
    for (kind, count) in [("input", 200.0), ("output", 40.0), ("cached", 80.0), ("reasoning", 10.0)] {
        assert_eq!(seen.number("millrace_tokens_total", &[("group", "gpt"), ("type", kind)]), count);
    }
    assert_eq!(seen.text("millrace_spend_usd_total", &group), Some("0.000045000002"));
    assert_eq!(seen.number("millrace_unpriced_exchanges_total", &group), 0.0);
    assert_eq!(seen.number("millrace_exchange_outcomes_total", &[("outcome", "ok")]), 2.0);
    assert_eq!(seen.number("millrace_stream_ends_total", &[("group", "gpt"), ("outcome", "ok")]), 2.0);
    assert_eq!(seen.number("millrace_budget_stage_total", &[("result", "checked")]), 2.0);
    for (outcome, count) in [("ok", 1.0), ("connect", 1.0)] {
        let labels = [("deployment", "d1"), ("group", "gpt"), ("outcome", outcome)];
        assert_eq!(seen.number("millrace_upstream_attempts_total", &labels), count);
    }
    assert_eq!(seen.number("millrace_overhead_seconds_bucket", &[("route", CHAT), ("le", "0.00005")]), 1.0);
    assert_eq!(seen.number("millrace_overhead_seconds_bucket", &[("route", CHAT), ("le", "0.00015")]), 2.0);
    assert_eq!(seen.text("millrace_overhead_seconds_sum", &[("route", CHAT)]), Some("0.00017"));
    assert_eq!(seen.text("millrace_ttft_seconds_sum", &group), Some("0.06"));
    let served = [("route", CHAT), ("group", "gpt")];
    assert_eq!(seen.text("millrace_request_duration_seconds_sum", &served), Some("0.16"));
    assert_eq!(seen.number("millrace_request_duration_seconds_count", &served), 2.0);
}

#[test]
fn spend_keeps_its_last_digit_where_a_float_would_not() {
    let (metrics, d) = (Metrics::default(), deployment("d", "g"));
    for pico in [9_007_199_254_740_993_i128, 40_000_000_000_000_000_000, 1] {
        let cost = Cost { total: Picodollars::from_pico(pico), ..Cost::default() };
        Case { cost: Some(cost), ..Case::ok(CHAT, "g", Some(&d)) }.settle(&metrics);
    }
    let seen = scrape(&metrics, &live(&[]));
    assert_eq!(seen.text("millrace_spend_usd_total", &[("group", "g")]), Some("40009007.199254740994"));
}

#[test]
fn every_outcome_has_its_place_and_its_status() {
    let (metrics, d) = (Metrics::default(), deployment("d", "g"));
    let fault = |outcome| match outcome {
        Outcome::UpstreamError => Some(Fault::Connect { cause: "x".into() }),
        Outcome::Truncated => Some(Fault::Truncated),
        Outcome::Timeout => Some(Fault::Timeout { phase: "head" }),
        Outcome::InternalError => Some(Fault::Internal),
        _ => None,
    };
    for outcome in lane::OUTCOMES {
        Case { outcome, fault: fault(outcome), cost: None, ..Case::ok(CHAT, "g", Some(&d)) }.settle(&metrics);
    }
    let mut free = Case::ok(CHAT, "g", Some(&d));
    free.progress.zero_cost = true;
    free.settle(&metrics);
    let seen = scrape(&metrics, &live(&[]));
    for outcome in lane::OUTCOMES {
        let expected = if outcome == Outcome::Ok { 2.0 } else { 1.0 };
        assert_eq!(seen.number("millrace_exchange_outcomes_total", &[("outcome", outcome.name())]), expected);
    }
    for (code, count) in [("200", 4.0), ("499", 1.0), ("502", 1.0), ("503", 1.0), ("504", 1.0), ("500", 1.0)] {
        let labels = [("route", CHAT), ("group", "g"), ("code", code)];
        assert_eq!(seen.number("millrace_http_requests_total", &labels), count, "{code}");
    }
    assert_eq!(seen.number("millrace_unpriced_exchanges_total", &[("group", "g")]), 8.0);
    assert_eq!(seen.number("millrace_budget_stage_total", &[("result", "skipped")]), 1.0);
}

#[test]
fn the_class_of_every_fault_that_ends_an_attempt_is_a_label() {
    let metrics = Metrics::default();
    let d = deployment("d", "g");
    let faults = [
        Fault::Provider { status: 500, error: Default::default(), retry_after: None },
        Fault::Credentials { status: 401, deployment: "d".into() },
        Fault::Connect { cause: String::new() },
        Fault::Timeout { phase: "head" },
        Fault::Truncated,
        Fault::InvalidAnswer { cause: String::new() },
        Fault::BadRequest { message: String::new(), param: None },
        Fault::ShuttingDown,
        Fault::Internal,
    ];
    faults.iter().for_each(|fault| metrics.attempt(&d, fault.class()));
    metrics.attempt(&d, "client_cancelled");
    metrics.attempt(&d, "a word of tomorrow");
    let seen = scrape(&metrics, &live(&[]));
    for class in faults.iter().map(Fault::class).chain(["client_cancelled", "other"]) {
        let labels = [("deployment", "d"), ("group", "g"), ("outcome", class)];
        assert_eq!(seen.number("millrace_upstream_attempts_total", &labels), 1.0, "{class}");
    }
}

#[test]
fn threads_add_up_and_what_they_counted_outlives_them() {
    let (metrics, d) = (Arc::new(Metrics::default()), deployment("d", "g"));
    let workers: Vec<_> = (0..4)
        .map(|n| {
            let (metrics, d) = (Arc::clone(&metrics), Arc::clone(&d));
            std::thread::spawn(move || {
                for _ in 0..100 {
                    metrics.attempt(&d, "ok");
                    Case::ok(CHAT, "g", Some(&d)).settle(&metrics);
                    metrics.refused(CHAT, 401);
                }
                metrics.stale_retries(n);
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    for _ in 0..2 {
        let seen = scrape(&metrics, &live(&[]));
        assert_eq!(seen.number("millrace_exchange_outcomes_total", &[("outcome", "ok")]), 400.0);
        assert_eq!(seen.text("millrace_spend_usd_total", &[("group", "g")]), Some("0.0090000004"));
        assert_eq!(seen.number("millrace_upstream_stale_retries_total", &[]), 6.0);
        let refused = [("route", CHAT), ("group", ""), ("code", "401")];
        assert_eq!(seen.number("millrace_http_requests_total", &refused), 400.0);
        assert_eq!(seen.all("millrace_request_duration_seconds_count").count(), 1, "no exchange, no duration");
    }
}

#[test]
fn an_exchange_that_met_no_deployment_is_counted_under_the_configured_name() {
    let metrics = Metrics::default();
    let wild = deployment("w", "openai/*");
    let routing = routing(&[wild, deployment("d", "g")]);
    let refused = || Case {
        outcome: Outcome::Blocked,
        cost: None,
        routing: Arc::clone(&routing),
        ..Case::ok(CHAT, "openai/gpt-4o", None)
    };
    refused().settle(&metrics);
    Case { asked: Admitted { model: "who?".into(), ..refused().asked }, ..refused() }.settle(&metrics);
    let seen = scrape(&metrics, &live(&[]));
    for group in ["openai/*", ""] {
        let labels = [("group", group), ("outcome", "blocked")];
        assert_eq!(seen.number("millrace_stream_ends_total", &labels), 1.0, "{group}");
        assert_eq!(seen.number("millrace_unpriced_exchanges_total", &[("group", group)]), 0.0);
    }
}

#[test]
fn the_state_of_the_cast_is_shown() {
    let (metrics, d) = (Metrics::default(), deployment("d\"1\\\n", "g"));
    d.health.failed(&d.cooldown, None);
    metrics.config_reloaded(true);
    metrics.config_reloaded(false);
    let mut live = live(&[Arc::clone(&d), deployment("up", "h")]);
    live.sinks = vec![("jsonl".into(), SinkHealth { depth: 1, delivered: 2, dropped: 3 })];
    let text = metrics.render(&live);
    assert!(!text.contains("canary"), "no key is a label");
    let seen = parse(&text).unwrap();
    for (deployment, cooling) in [("d\"1\\\n", 1.0), ("up", 0.0)] {
        assert_eq!(seen.number("millrace_deployment_cooling", &[("deployment", deployment)]), cooling);
        assert_eq!(seen.number("millrace_deployment_cooldowns_total", &[("deployment", deployment)]), cooling);
    }
    let sink = [("sink", "jsonl")];
    assert_eq!(seen.number("millrace_sink_queue_depth", &sink), 1.0);
    assert_eq!(seen.number("millrace_sink_delivered_total", &sink), 2.0);
    assert_eq!(seen.number("millrace_sink_dropped_total", &sink), 3.0);
    assert_eq!(seen.number("millrace_inflight", &[]), 3.0);
    assert_eq!(seen.number("millrace_snapshot_generation", &[("kind", "callbacks")]), 11.0);
    assert_eq!(seen.number("millrace_snapshot_generation", &[("kind", "routing")]), 7.0);
    assert_eq!(seen.number("millrace_config_last_reload_success", &[]), 0.0);
    for result in ["success", "failure"] {
        assert_eq!(seen.number("millrace_config_reloads_total", &[("result", result)]), 1.0);
    }
    assert_eq!(seen.number("millrace_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    if cfg!(target_os = "linux") {
        for name in
            ["process_resident_memory_bytes", "process_open_fds", "process_threads", "process_start_time_seconds"]
        {
            assert!(seen.number(name, &[]) > 0.0, "{name}");
        }
    }
}

#[test]
fn the_dashboard_asks_only_for_what_there_is() {
    let (metrics, d) = (Metrics::default(), deployment("d", "g"));
    Case::ok(CHAT, "g", Some(&d)).settle(&metrics);
    let text = metrics.render(&live(&[d]));
    let seen = parse(&text).unwrap();
    let board = include_str!("../../../deploy/grafana-dashboard.json");
    assert!(serde_json::from_str::<serde_json::Value>(board).is_ok());
    let word = |c: char| !(c.is_ascii_lowercase() || c == '_');
    let asked: Vec<_> = board.split(word).filter(|w| w.starts_with("millrace_")).collect();
    assert!(asked.len() > 10);
    for name in asked {
        let family = name.strip_suffix("_bucket").unwrap_or(name);
        assert!(seen.families().any(|(known, _)| known == family), "{name}");
    }
}
