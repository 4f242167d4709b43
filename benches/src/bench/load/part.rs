//! What one worker of the load has seen, and what all have seen together.

use std::time::{Duration, Instant};

use super::exchange::Outcome;
use crate::bench::check::{Failures, Fault};
use crate::bench::latency::Latencies;

/// What came of the measured requests of one load, or of a worker's share of it.
#[derive(Debug, Clone, Default)]
pub struct LoadReport {
    /// Answers that were right.
    pub successes: u64,
    /// Answers that were not, also those of the warm-up.
    pub failures: Failures,
    /// From the start of the first request to the end of the last answer.
    pub wall: Duration,
    /// From the (intended) start to the end of each right answer, or to its first token where it was left there.
    pub latency: Latencies,
    /// From the (intended) start to the first token of each right stream.
    pub first_token: Latencies,
    /// Open loop: how much later than intended each request was sent. Large values say that the load generator, and not
    /// the target, was too slow, or that all connections were busy.
    pub send_lag: Latencies,
    /// The gateway's own account of its overhead, in milliseconds, where it gave one.
    pub header_overhead_ms: Vec<f64>,
    /// Chunks with text, in all right streams.
    pub content_chunks: u64,
    /// End of the last answer.
    pub last: Option<Instant>,
}

impl LoadReport {
    /// Takes up one measured answer that was asked for at `since`.
    pub fn record(&mut self, since: Instant, outcome: Result<Outcome, Fault>) {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(fault) => return self.failures.add(&fault),
        };
        self.successes += 1;
        self.content_chunks += outcome.content_chunks;
        self.latency.add(outcome.measured_end.saturating_duration_since(since));
        if let Some(first) = outcome.first_token {
            self.first_token.add(first.saturating_duration_since(since));
        }
        self.header_overhead_ms.extend(outcome.overhead_ms);
        self.last = self.last.max(Some(outcome.measured_end));
    }

    /// Adds another worker's part.
    pub fn merge(&mut self, mut other: Self) {
        self.successes += other.successes;
        self.content_chunks += other.content_chunks;
        self.failures.merge(&other.failures);
        self.latency.merge(&mut other.latency);
        self.first_token.merge(&mut other.first_token);
        self.send_lag.merge(&mut other.send_lag);
        self.header_overhead_ms.append(&mut other.header_overhead_ms);
        self.last = self.last.max(other.last);
    }

    /// Right answers a second.
    pub fn rps(&self) -> Option<f64> {
        let wall = self.wall.as_secs_f64();
        if self.successes > 0 && wall > 0.0 { Some(self.successes as f64 / wall) } else { None }
    }
}
