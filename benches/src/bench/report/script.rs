//! The script's own report: its statistics, its choice of the median run, its row.
//!
//! Deviations from LiteLLM's script, beside those that `--help` names:
//! - an answer is right only if all of it is: status, content type, JSON shape, text, model, one `[DONE]` and nothing
//!   after it. The script looks at the status, and in streams for text and `[DONE]`. A stream left at its first token is
//!   judged up to there;
//! - wrong answers of the warm-up count as failures, and any failure makes the exit code 1;
//! - the mock provider is a process of its own, not a coroutine in the client's: it cannot slow the client down, nor the
//!   client it. Its whole answers are as long as its streams;
//! - the gateway also has a wildcard deployment, is started with LITELLM_LOCAL_MODEL_COST_MAP (no price list is fetched),
//!   and has two seconds to stop instead of ten;
//! - the log of a gateway that was started outlives the run only with --output-json, which names it;
//! - in JSON there are further keys: `targets`, `phases`, `reference`, `rounds`.

use crate::bench::phases::Measured;
use crate::bench::rounds::Cell;
use crate::bench::stats::{mean, script_median_run, script_percentile};
use crate::bench::target::DIRECT;

/// The script's statistics of one load; field names are its JSON keys. Where there is no sample it says 0.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Stats {
    /// Requests sent, without the warm-up.
    pub requests: u64,
    /// Wrong answers. Deviation: those of the warm-up count as well, and more is wrong here than in the script.
    pub failures: u64,
    /// Right answers a second.
    pub rps: f64,
    /// Mean latency in milliseconds.
    pub mean_ms: f64,
    /// Median latency.
    pub p50_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
    /// Mean of the gateway's own account of its overhead, where it gives one.
    pub overhead_header_mean_ms: Option<f64>,
    /// Its median.
    pub overhead_header_p50_ms: Option<f64>,
    /// Its 95th percentile.
    pub overhead_header_p95_ms: Option<f64>,
}

impl Stats {
    fn of(measured: &Measured) -> Self {
        let load = &measured.load;
        let latency = load.latency.sorted_ms();
        let mut header = load.header_overhead_ms.clone();
        header.sort_by(f64::total_cmp);
        let percentile = |percent| script_percentile(&latency, percent).unwrap_or(0.0);
        Self {
            requests: measured.planned,
            failures: load.failures.total(),
            rps: load.rps().unwrap_or(0.0),
            mean_ms: mean(&latency).unwrap_or(0.0),
            p50_ms: percentile(50),
            p95_ms: percentile(95),
            p99_ms: percentile(99),
            overhead_header_mean_ms: mean(&header),
            overhead_header_p50_ms: script_percentile(&header, 50),
            overhead_header_p95_ms: script_percentile(&header, 95),
        }
    }
}

/// The script's report on one target; field names are its JSON keys.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct ScriptReport {
    /// The run's name.
    pub label: String,
    /// The revision of what was measured.
    pub revision: String,
    /// Whole answers of the provider itself.
    pub direct_non_streaming: Stats,
    /// Whole answers through the target.
    pub proxy_non_streaming: Stats,
    /// Streams to the first token.
    pub proxy_streaming_ttft: Option<Stats>,
    /// Streams to the end.
    pub proxy_streaming_full: Option<Stats>,
    /// Median through the target less median of the provider itself.
    pub client_observed_overhead_p50_ms: f64,
    /// The same of the 95th percentiles.
    pub client_observed_overhead_p95_ms: f64,
    /// Where the gateway's log is.
    pub proxy_log_path: Option<String>,
}

/// The head of the table, as the pull request shows it.
pub const HEADER: &str = "| label | revision | TTFT p50 ms | TTFT p95 ms | non-stream RPS | client overhead p50 ms | \
     client overhead p95 ms | header overhead p50 ms | full stream p50 ms | full stream RPS |\n\
     |---|---|---|---|---|---|---|---|---|---|";

impl ScriptReport {
    /// The report on `target`: its median run. Nothing if the script's first phase was not among those measured.
    pub fn of(cells: &[Cell], target: &str, label: String, revision: String) -> Option<Self> {
        let stats = |phase: &str, target: &str, round: usize| {
            let mut all = cells.iter().filter(|cell| cell.phase.name() == phase && cell.target == target);
            all.find(|cell| cell.round == round).map(|cell| Stats::of(&cell.measured))
        };
        let rounds = cells.iter().map(|cell| cell.round + 1).max()?;
        let whole: Option<Vec<Stats>> = (0..rounds).map(|round| stats("script-whole", target, round)).collect();
        let whole = whole?;
        let p50s: Vec<f64> = whole.iter().map(|stats| stats.p50_ms).collect();
        let round = script_median_run(&p50s)?;
        let (direct, proxy) = (stats("script-whole", DIRECT, round)?, whole.into_iter().nth(round)?);
        Some(Self {
            label,
            revision,
            client_observed_overhead_p50_ms: proxy.p50_ms - direct.p50_ms,
            client_observed_overhead_p95_ms: proxy.p95_ms - direct.p95_ms,
            direct_non_streaming: direct,
            proxy_non_streaming: proxy,
            proxy_streaming_ttft: stats("script-ttft", target, round),
            proxy_streaming_full: stats("script-full", target, round),
            proxy_log_path: None,
        })
    }

    /// The row of the table.
    pub fn row(&self) -> String {
        let of = |stats: &Option<Stats>, value: fn(&Stats) -> f64| shown(stats.as_ref().map(value));
        let (ttft, full) = (&self.proxy_streaming_ttft, &self.proxy_streaming_full);
        let columns = [
            self.label.clone(),
            self.revision.clone(),
            of(ttft, |stats| stats.p50_ms),
            of(ttft, |stats| stats.p95_ms),
            shown(Some(self.proxy_non_streaming.rps)),
            shown(Some(self.client_observed_overhead_p50_ms)),
            shown(Some(self.client_observed_overhead_p95_ms)),
            shown(self.proxy_non_streaming.overhead_header_p50_ms),
            of(full, |stats| stats.p50_ms),
            of(full, |stats| stats.rps),
        ];
        format!("| {} |", columns.join(" | "))
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "n/a".to_owned(), |value| format!("{value:.2}"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bench::check::Fault;
    use crate::bench::phases::SCRIPT;
    use std::time::Duration;

    /// One cell of the script's phase number `phase`, with latencies of `millis` each.
    pub fn cell(round: usize, phase: usize, target: &str, millis: u64) -> Cell {
        let mut measured = Measured { planned: 10, cpu_nanos: Some(millis * 1_000_000), ..Measured::default() };
        for _ in 0..10 {
            measured.load.latency.add(Duration::from_millis(millis));
        }
        measured.load.successes = 10;
        measured.load.wall = Duration::from_secs(1);
        let figures = SCRIPT[phase].figures(&measured, None);
        Cell { round, phase: SCRIPT[phase], target: target.to_owned(), measured, figures }
    }

    /// Three rounds; the second is the median one.
    pub fn cells() -> Vec<Cell> {
        let round = |round: usize, millis: u64| {
            [
                cell(round, 0, DIRECT, 1),
                cell(round, 0, "self", millis),
                cell(round, 1, "self", millis + 100),
                cell(round, 2, "self", millis + 200),
            ]
        };
        [round(0, 9), round(1, 5), round(2, 3)].concat()
    }

    #[test]
    fn the_median_run_is_reported_as_a_whole() {
        let report = ScriptReport::of(&cells(), "self", "now".to_owned(), "abc".to_owned()).expect("measured");
        assert_eq!(report.proxy_non_streaming.p50_ms, 5.0);
        assert_eq!(report.proxy_streaming_ttft.as_ref().map(|stats| stats.p50_ms), Some(105.0));
        assert_eq!(report.row(), "| now | abc | 105.00 | 105.00 | 10.00 | 4.00 | 4.00 | n/a | 205.00 | 10.00 |");
        let columns = |line: &str| line.matches('|').count();
        assert_eq!(HEADER.lines().map(columns).collect::<Vec<_>>(), [11, 11]);
        assert_eq!(columns(&report.row()), 11);
    }

    #[test]
    fn what_was_not_measured_is_not_there() {
        let mut cells = cells();
        cells.retain(|cell| cell.phase.name() != "script-full");
        let report = ScriptReport::of(&cells, "self", String::new(), String::new()).expect("measured");
        assert!(report.row().ends_with("| n/a | n/a |"));
        assert!(ScriptReport::of(&cells, "other", String::new(), String::new()).is_none());
    }

    #[test]
    fn failures_and_headers_are_in_the_statistics() {
        let mut cell = cell(0, 0, "self", 1);
        cell.measured.load.failures.add(&Fault::Timeout);
        cell.measured.load.header_overhead_ms = vec![3.0, 1.0, 2.0];
        let stats = Stats::of(&cell.measured);
        assert_eq!(
            (stats.failures, stats.overhead_header_mean_ms, stats.overhead_header_p50_ms),
            (1, Some(2.0), Some(2.0))
        );
        assert_eq!(Stats::of(&Measured::default()).p99_ms, 0.0);
    }
}
