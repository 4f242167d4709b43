//! Who sends when: a counter shared by all workers, and for the open loop a thread that opens a gate at each intended time.
//!
//! A thread and not a timer of the runtime: the runtime's timers tick once a millisecond, which is ten times the latency
//! to be measured. A sleeping thread is woken within some 60 microseconds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use super::Pace;
use super::stop::Stop;

/// The longest the pacing thread sleeps, so that it sees a stop.
const LONGEST_SLEEP: Duration = Duration::from_millis(50);

/// The requests of one stage of a load, handed out one by one.
#[derive(Debug)]
pub struct Slots {
    pace: Pace,
    total: u64,
    next: AtomicU64,
    gate: Semaphore,
}

/// One request to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When it should have been sent, for the open loop.
    pub intended: Option<Instant>,
}

impl Slots {
    /// A stage of `total` requests.
    pub fn new(pace: Pace, total: u64) -> Self {
        Self { pace, total, next: AtomicU64::new(0), gate: Semaphore::new(0) }
    }

    /// The next request, at its time; nothing when all have been handed out. `start` is the start of the stage.
    pub async fn next(&self, start: Instant) -> Option<Slot> {
        if let Pace::Open { .. } = self.pace {
            self.gate.acquire().await.ok()?.forget();
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.total).then(|| Slot { intended: self.intended(start, number) })
    }

    fn intended(&self, start: Instant, number: u64) -> Option<Instant> {
        match self.pace {
            Pace::Closed => None,
            Pace::Open { rate } => Some(start + Duration::from_secs_f64(number as f64 / rate)),
        }
    }

    /// How many requests are due `elapsed` after the start of an open loop: number n is due at n / rate.
    fn due(&self, elapsed: Duration, rate: f64) -> u64 {
        ((elapsed.as_secs_f64() * rate).floor() as u64 + 1).min(self.total)
    }

    /// Opens the gate at each intended time; at the end once more for each worker, so that each sees that it is over.
    pub fn keep_pace(&self, start: Instant, workers: usize, stop: &Stop) {
        let Pace::Open { rate } = self.pace else { return };
        let mut opened = 0;
        while opened < self.total && !stop.is_set() {
            let due = self.due(start.elapsed(), rate);
            self.gate.add_permits(usize::try_from(due - opened).unwrap_or(Semaphore::MAX_PERMITS));
            opened = due;
            let next = start + Duration::from_secs_f64(opened as f64 / rate);
            std::thread::sleep(next.saturating_duration_since(Instant::now()).min(LONGEST_SLEEP));
        }
        self.gate.add_permits(workers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_due_at_their_number_over_the_rate() {
        let slots = Slots::new(Pace::Open { rate: 100.0 }, 5);
        let due = |millis| slots.due(Duration::from_millis(millis), 100.0);
        assert_eq!([due(0), due(9), due(11), due(35), due(1000)], [1, 1, 2, 4, 5]);
        let start = Instant::now();
        assert_eq!(slots.intended(start, 3), Some(start + Duration::from_millis(30)));
    }

    #[tokio::test]
    async fn an_open_loop_ends_for_every_worker_and_keeps_intended_times() {
        let slots = Slots::new(Pace::Open { rate: 10_000.0 }, 20);
        let start = Instant::now();
        slots.keep_pace(start, 3, &Stop::default());
        let mut intended = Vec::new();
        let mut over = 0;
        while over < 3 {
            match slots.next(start).await {
                Some(slot) => intended.push(slot.intended.expect("open loop")),
                None => over += 1,
            }
        }
        // All were taken late, in one go: their times are still those of the schedule.
        let expected: Vec<_> = (0..20).map(|n| start + Duration::from_secs_f64(f64::from(n) / 10_000.0)).collect();
        assert_eq!(intended, expected);
    }

    #[tokio::test]
    async fn a_closed_loop_hands_out_each_request_once() {
        let slots = Slots::new(Pace::Closed, 3);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(slots.next(start).await, Some(Slot { intended: None }));
        }
        assert_eq!(slots.next(start).await, None);
    }
}
