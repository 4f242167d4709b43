//! The two things that count: a cell and a histogram of durations, each written by one thread and read by any.
//!
//! One writer means an ordinary load, add and store: no locked instruction, and no cache line that wanders between the
//! workers. A scrape reads while the owner writes; each number it sees is one that the cell really held.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Most buckets of any histogram here.
pub const MAX_BUCKETS: usize = 24;

/// A sum that only grows.
#[derive(Debug, Default)]
pub struct Cell(AtomicU64);

impl Cell {
    /// Adds; only for the one thread that owns the cell, since two would lose each other's additions.
    #[inline]
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// Puts a sum that was kept elsewhere; by the owner only.
    pub fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }

    /// The sum.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Upper bounds of buckets in nanoseconds, growing.
pub type Bounds = &'static [u64];

const US: u64 = 1_000;
const MS: u64 = 1_000_000;
const S: u64 = 1_000_000_000;

/// The gateway's own share: a design aim is a few hundred microseconds, so steps of 50 up to there.
pub const OVERHEAD: Bounds = &[
    10 * US,
    25 * US,
    50 * US,
    100 * US,
    150 * US,
    200 * US,
    250 * US,
    300 * US,
    350 * US,
    400 * US,
    500 * US,
    750 * US,
    MS,
    2 * MS,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    S,
    10 * S,
];

/// First tokens: a local model answers in milliseconds, a reasoning model after minutes.
pub const TTFT: Bounds = &[
    MS,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    750 * MS,
    S,
    1500 * MS,
    2 * S,
    3 * S,
    5 * S,
    10 * S,
    20 * S,
    30 * S,
    60 * S,
    120 * S,
    300 * S,
    600 * S,
];

/// Whole exchanges: from a refusal's fraction of a millisecond to the longest stream.
pub const DURATION: Bounds = &[
    250 * US,
    MS,
    5 * MS,
    10 * MS,
    25 * MS,
    50 * MS,
    100 * MS,
    250 * MS,
    500 * MS,
    S,
    2500 * MS,
    5 * S,
    10 * S,
    30 * S,
    60 * S,
    120 * S,
    300 * S,
    600 * S,
];

/// A histogram of durations. prometheus-client's own takes a mutex to observe and adds floats, so its sum drifts.
#[derive(Debug)]
pub struct Histogram {
    bounds: Bounds,
    // not cumulative, the last is beyond all bounds; summed up when read
    buckets: [Cell; MAX_BUCKETS + 1],
    nanos: Cell,
}

/// A histogram's numbers, summed over threads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Per bucket, not cumulative.
    pub buckets: [u64; MAX_BUCKETS + 1],
    /// The sum of all durations in nanoseconds; wide, since the workers' sums add up.
    pub nanos: u128,
}

impl Histogram {
    /// Nothing observed yet.
    pub fn new(bounds: Bounds) -> Self {
        Histogram { bounds, buckets: Default::default(), nanos: Cell::default() }
    }

    /// Observes; only for the owner.
    #[inline]
    pub fn observe(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        // Prometheus bounds include their value
        let at = self.bounds.partition_point(|bound| *bound < nanos);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.add(1);
        }
        self.nanos.add(nanos);
    }

    /// The numbers of this moment, added to `sum`.
    pub fn add_to(&self, sum: &mut Observed) {
        for (total, bucket) in sum.buckets.iter_mut().zip(&self.buckets) {
            *total += bucket.get();
        }
        sum.nanos += u128::from(self.nanos.get());
    }
}

impl Observed {
    /// How many were observed.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Adds another.
    pub fn add(&mut self, other: &Observed) {
        self.buckets.iter_mut().zip(&other.buckets).for_each(|(sum, n)| *sum += n);
        self.nanos += other.nanos;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_takes_what_is_up_to_its_bound() {
        for bounds in [OVERHEAD, TTFT, DURATION] {
            assert!(bounds.len() <= MAX_BUCKETS && bounds.is_sorted_by(|a, b| a < b));
            let histogram = Histogram::new(bounds);
            for bound in bounds {
                histogram.observe(Duration::from_nanos(*bound));
                histogram.observe(Duration::from_nanos(*bound + 1));
            }
            let mut seen = Observed::default();
            histogram.add_to(&mut seen);
            assert_eq!(seen.buckets[0], 1);
            assert!(seen.buckets[1..bounds.len()].iter().all(|n| *n == 2), "{seen:?}");
            assert_eq!(seen.buckets[bounds.len()], 1, "beyond the last bound");
            assert_eq!(seen.count(), 2 * bounds.len() as u64);
            assert_eq!(seen.nanos, bounds.iter().map(|b| u128::from(2 * b + 1)).sum::<u128>());
        }
    }
}
