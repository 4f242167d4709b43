//! The result as JSON: the script's keys at the top, ours beside them.

use serde_json::{Value, json};

use super::script::ScriptReport;
use super::summary::PhaseSummary;
use crate::bench::rounds::Cell;

/// The document for `--output-json`: the script's keys for `first` (the gateway), and in extra keys all targets'
/// reports in the same shape (`targets`), the summary (`phases`), the `reference`, and each round (`rounds`).
pub fn document(first: Option<&ScriptReport>, all: &[ScriptReport], extra: Extra<'_>) -> Value {
    let mut document = first.map_or_else(|| json!({}), |report| json!(report));
    document["label"] = json!(extra.label);
    document["revision"] = json!(extra.revision);
    document["targets"] = json!(all);
    document["phases"] = json!(extra.phases);
    document["reference"] = json!(extra.reference);
    document["rounds"] = Value::Array(extra.cells.iter().map(cell).collect());
    document
}

/// What stands beside the script's keys.
#[derive(Debug, Clone, Copy)]
pub struct Extra<'a> {
    /// The run's name.
    pub label: &'a str,
    /// The revision of what was measured.
    pub revision: &'a str,
    /// The summary.
    pub phases: &'a [PhaseSummary],
    /// The target to which ratios refer.
    pub reference: &'a str,
    /// Each round.
    pub cells: &'a [Cell],
}

/// One cell, with quantiles instead of single latencies.
fn cell(cell: &Cell) -> Value {
    let (measured, load) = (&cell.measured, &cell.measured.load);
    let figures: serde_json::Map<String, Value> =
        cell.figures.iter().map(|figure| (figure.key.to_owned(), json!(figure.value))).collect();
    json!({
        "round": cell.round,
        "phase": cell.phase.name(),
        "target": cell.target,
        "requests": measured.planned,
        "concurrency": measured.concurrency,
        "successes": load.successes,
        "failures": load.failures,
        "content_chunks": load.content_chunks,
        "wall_s": load.wall.as_secs_f64(),
        "cpu_ns": measured.cpu_nanos,
        "memory_bytes": measured.memory,
        "latency_us": load.latency.table_us(),
        "first_token_us": load.first_token.table_us(),
        "send_lag_us": load.send_lag.table_us(),
        "figures": figures,
    })
}

#[cfg(test)]
mod tests {
    use super::super::script::tests::cells;
    use super::*;

    #[test]
    fn the_scripts_keys_are_at_the_top() {
        let cells = cells();
        let report = ScriptReport::of(&cells, "self", "now".to_owned(), "abc".to_owned()).expect("measured");
        let extra = Extra { label: "now", revision: "abc", phases: &[], reference: "self", cells: &cells };
        let document = document(Some(&report), std::slice::from_ref(&report), extra);
        for key in [
            "label",
            "revision",
            "direct_non_streaming",
            "proxy_non_streaming",
            "proxy_streaming_ttft",
            "proxy_streaming_full",
            "client_observed_overhead_p50_ms",
            "client_observed_overhead_p95_ms",
            "proxy_log_path",
        ] {
            assert!(document.get(key).is_some(), "{key}");
        }
        for key in ["requests", "failures", "rps", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "overhead_header_mean_ms"] {
            assert!(document["proxy_streaming_full"].get(key).is_some(), "{key}");
        }
        assert_eq!(document["rounds"].as_array().map(Vec::len), Some(cells.len()));
        assert_eq!(document["rounds"][1]["figures"]["p50_ms"], json!(9.0));
    }
}
