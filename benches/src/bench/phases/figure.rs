//! What a load left behind, and the figures that are drawn from it.

use crate::bench::latency::Latencies;
use crate::bench::load::part::LoadReport;
use crate::bench::system::memory::Memory;

/// Bytes in a megabyte as shown.
const MEGA: f64 = 1024.0 * 1024.0;

/// One load on one target, measured.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    /// What the load generator saw.
    pub load: LoadReport,
    /// Requests that were planned.
    pub planned: u64,
    /// Requests in flight.
    pub concurrency: usize,
    /// Nanoseconds of processor time the target spent, where its process is known.
    pub cpu_nanos: Option<u64>,
    /// The target's memory, where its process is known.
    pub memory: Option<Memory>,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Figure {
    /// Its name, with its unit, as in the output.
    pub key: &'static str,
    /// Its value; nothing where it could not be had.
    pub value: Option<f64>,
}

impl Figure {
    /// A figure.
    pub fn new(key: &'static str, value: Option<f64>) -> Self {
        Self { key, value }
    }
}

impl Measured {
    /// Microseconds of processor time for each right answer.
    pub fn cpu_us_per_request(&self) -> Option<f64> {
        per(self.cpu_nanos? as f64 / 1e3, self.load.successes as f64)
    }

    /// Microseconds of processor time for each chunk with text.
    pub fn cpu_us_per_chunk(&self) -> Option<f64> {
        per(self.cpu_nanos? as f64 / 1e3, self.load.content_chunks as f64)
    }

    /// Resident memory before the load, in MB.
    pub fn before_mb(&self) -> Option<f64> {
        self.memory.map(|memory| memory.before as f64 / MEGA)
    }

    /// Greatest resident memory, in MB.
    pub fn peak_mb(&self) -> Option<f64> {
        self.memory.map(|memory| memory.peak as f64 / MEGA)
    }

    /// How far memory grew above where it began, in MB.
    pub fn growth_mb(&self) -> Option<f64> {
        self.memory.map(|memory| memory.peak.saturating_sub(memory.before) as f64 / MEGA)
    }

    /// The figures that every load phase has: rate, latency, processor time, memory; for an open loop also how late the
    /// load generator itself was.
    pub fn common(&self) -> Vec<Figure> {
        let latency = &self.load.latency;
        let mut figures = vec![
            Figure::new("cpu_us_per_request", self.cpu_us_per_request()),
            Figure::new("rps", self.load.rps()),
            Figure::new("p50_us", latency.quantile_us(0.5)),
            Figure::new("p99_us", latency.quantile_us(0.99)),
            Figure::new("peak_mb", self.peak_mb()),
        ];
        if !self.load.send_lag.is_empty() {
            figures.push(Figure::new("send_lag_p99_us", self.load.send_lag.quantile_us(0.99)));
        }
        figures
    }
}

/// A quantile of one minus the same quantile of another, in microseconds.
pub fn quantile_over(own: &Latencies, direct: Option<&Latencies>, quantile: f64) -> Option<f64> {
    Some(own.quantile_us(quantile)? - direct?.quantile_us(quantile)?)
}

fn per(sum: f64, count: f64) -> Option<f64> {
    if count > 0.0 { Some(sum / count) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_per_right_answer() {
        let mut measured = Measured { cpu_nanos: Some(6_000_000), ..Measured::default() };
        assert_eq!(measured.cpu_us_per_request(), None, "no answer, no figure");
        measured.load.successes = 30;
        measured.load.content_chunks = 600;
        assert_eq!(measured.cpu_us_per_request(), Some(200.0));
        assert_eq!(measured.cpu_us_per_chunk(), Some(10.0));
        measured.memory = Some(Memory { before: 1 << 20, peak: 5 << 20, after: 2 << 20 });
        assert_eq!((measured.before_mb(), measured.peak_mb(), measured.growth_mb()), (Some(1.0), Some(5.0), Some(4.0)));
    }
}
