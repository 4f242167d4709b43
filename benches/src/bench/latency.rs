//! Latencies of one load: kept raw for the script's percentiles, and as an HDR histogram for everything else.

use hdrhistogram::Histogram;
use std::time::Duration;

/// Longest latency told apart, in nanoseconds: one hour, above any timeout.
const LONGEST: u64 = 3_600_000_000_000;
/// Significant decimal digits kept by the histogram.
const DIGITS: u8 = 3;
/// The quantiles written to the raw data.
const QUANTILES: [f64; 9] = [0.0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0];

/// Latencies in nanoseconds, in the order in which answers ended.
#[derive(Debug, Clone, Default)]
pub struct Latencies(Vec<u64>);

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, latency: Duration) {
        self.0.push(u64::try_from(latency.as_nanos()).unwrap_or(LONGEST).min(LONGEST));
    }

    /// Adds those of another part of the load.
    pub fn merge(&mut self, other: &mut Self) {
        self.0.append(&mut other.0);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them in milliseconds, sorted: what the script's percentiles are taken from.
    pub fn sorted_ms(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.into_iter().map(|nanos| nanos as f64 / 1e6).collect()
    }

    /// As a histogram; an hour's bounds and three digits always make a valid one.
    pub fn histogram(&self) -> Option<Histogram<u64>> {
        let mut histogram = Histogram::new_with_bounds(1, LONGEST, DIGITS).ok()?;
        for latency in &self.0 {
            histogram.saturating_record(*latency);
        }
        Some(histogram)
    }

    /// A quantile (0 to 1) in microseconds.
    pub fn quantile_us(&self, quantile: f64) -> Option<f64> {
        let histogram = if self.is_empty() { None } else { self.histogram() };
        histogram.map(|histogram| histogram.value_at_quantile(quantile) as f64 / 1e3)
    }

    /// The table of quantiles for the raw data: pairs of quantile and microseconds.
    pub fn table_us(&self) -> Vec<(f64, f64)> {
        let histogram = if self.is_empty() { None } else { self.histogram() };
        let value = |histogram: &Histogram<u64>, quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        histogram.map_or_else(Vec::new, |histogram| QUANTILES.iter().map(|q| (*q, value(&histogram, *q))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_the_digits_kept() {
        let mut latencies = Latencies::default();
        assert_eq!((latencies.quantile_us(0.5), latencies.table_us().len()), (None, 0));
        for micros in 1..=1000 {
            latencies.add(Duration::from_micros(micros));
        }
        let p50 = latencies.quantile_us(0.5).expect("values");
        let p99 = latencies.quantile_us(0.99).expect("values");
        assert!((p50 - 500.0).abs() <= 0.5 + 500.0 * 0.001, "{p50}");
        assert!((p99 - 990.0).abs() <= 0.5 + 990.0 * 0.001, "{p99}");
        assert_eq!(latencies.table_us().len(), QUANTILES.len());
    }

    #[test]
    fn merging_keeps_all() {
        let (mut one, mut two) = (Latencies::default(), Latencies::default());
        one.add(Duration::from_millis(2));
        two.add(Duration::from_millis(1));
        two.add(Duration::from_secs(36_000));
        one.merge(&mut two);
        assert_eq!(one.sorted_ms(), [1.0, 2.0, 3_600_000.0], "an hour at most");
    }
}
