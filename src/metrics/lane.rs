//! What one thread counts for one route and model group, and for one deployment; and the sums of several threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::Relaxed};

use millrace_actors::account::Settled;
use millrace_actors::record::Outcome;
use millrace_actors::wire::endpoint::Billed;

use super::cell::{Cell, DURATION, Histogram, OVERHEAD, Observed, TTFT};

/// Every way an exchange may end, at the place of its number.
pub const OUTCOMES: [Outcome; 8] = [
    Outcome::Ok,
    Outcome::Cached,
    Outcome::ClientCancelled,
    Outcome::UpstreamError,
    Outcome::Truncated,
    Outcome::Timeout,
    Outcome::Blocked,
    Outcome::InternalError,
];

/// Values of `type` of the token counter, at their places.
pub const TOKEN_TYPES: [&str; 4] = ["input", "output", "cached", "reasoning"];

/// Every `outcome` of an attempt: `ok`, `client_cancelled`, and the classes of faults; what is not among them counts as the
/// last.
pub const ATTEMPT_OUTCOMES: [&str; 21] = [
    "ok",
    "client_cancelled",
    "provider",
    "connect",
    "timeout",
    "truncated",
    "invalid_answer",
    "credentials",
    "upstream_auth",
    "refused",
    "bad_request",
    "all_cooling",
    "shutting_down",
    "overloaded",
    "internal",
    "auth",
    "model_not_found",
    "route",
    "body",
    "admin",
    "other",
];

/// Statuses told apart in one lane; a gateway answers with fewer, but a provider may pass on what it likes.
const CODES: usize = 16;

/// Picodollars in a microdollar.
const MICRO: u128 = 1_000_000;

/// One thread's count of the exchanges of one route and group.
#[derive(Debug)]
pub struct Lane {
    /// The matched route's name.
    pub route: &'static str,
    /// The model group as configured; empty where no group was found, or looked for.
    pub group: Arc<str>,
    codes: [(AtomicU16, Cell); CODES],
    other_codes: Cell,
    duration: Histogram,
    overhead: Histogram,
    ttft: Histogram,
    tokens: [Cell; 4],
    // an amount needs more than 64 bits, and two halves with a carry could be read in between. Whole microdollars and
    // the rest below one are two sums that each only grow, so any moment's reading is at most a microdollar short
    microdollars: Cell,
    rest: Cell,
    unpriced: Cell,
    estimated: Cell,
    outcomes: [Cell; OUTCOMES.len()],
    stream_ends: [Cell; OUTCOMES.len()],
    checked: Cell,
    skipped: Cell,
}

/// One thread's count of the attempts at one deployment.
#[derive(Debug)]
pub struct Attempts {
    /// The deployment's id.
    pub deployment: Arc<str>,
    /// The group it serves.
    pub group: Arc<str>,
    outcomes: [Cell; ATTEMPT_OUTCOMES.len()],
}

/// The sum of lanes.
#[derive(Clone, Debug, Default)]
pub struct LaneSum {
    /// By status; 0 stands for `other`.
    pub codes: BTreeMap<u16, u64>,
    /// Whole exchanges.
    pub duration: Observed,
    /// The gateway's share.
    pub overhead: Observed,
    /// First events of streams.
    pub ttft: Observed,
    /// By [`TOKEN_TYPES`].
    pub tokens: [u64; 4],
    /// Picodollars.
    pub spend: u128,
    /// Exchanges that used tokens of a model without a known price.
    pub unpriced: u64,
    /// Exchanges whose tokens are an estimate.
    pub estimated: u64,
    /// By [`OUTCOMES`].
    pub outcomes: [u64; OUTCOMES.len()],
    /// Of these, streams.
    pub stream_ends: [u64; OUTCOMES.len()],
    /// Exchanges whose budgets were checked.
    pub checked: u64,
    /// Exchanges whose budgets were not, since they cannot cost anything.
    pub skipped: u64,
}

/// The sum of attempts, by [`ATTEMPT_OUTCOMES`].
pub type AttemptSum = [u64; ATTEMPT_OUTCOMES.len()];

impl Lane {
    /// Nothing counted yet.
    pub fn new(route: &'static str, group: Arc<str>) -> Self {
        Lane {
            route,
            group,
            codes: Default::default(),
            other_codes: Cell::default(),
            duration: Histogram::new(DURATION),
            overhead: Histogram::new(OVERHEAD),
            ttft: Histogram::new(TTFT),
            tokens: Default::default(),
            microdollars: Cell::default(),
            rest: Cell::default(),
            unpriced: Cell::default(),
            estimated: Cell::default(),
            outcomes: Default::default(),
            stream_ends: Default::default(),
            checked: Cell::default(),
            skipped: Cell::default(),
        }
    }

    /// Counts an exchange, but for its status.
    pub fn settled(&self, s: &Settled<'_>) {
        self.duration.observe(s.total);
        self.overhead.observe(s.overhead);
        let outcome = s.outcome as usize;
        if let Some(cell) = self.outcomes.get(outcome) {
            cell.add(1);
        }
        if s.asked.envelope.stream() {
            if let Some(cell) = self.stream_ends.get(outcome) {
                cell.add(1);
            }
            if let Some(first) = s.progress.first_event {
                self.ttft.observe(first.saturating_duration_since(s.asked.started));
            }
        }
        if s.progress.zero_cost { &self.skipped } else { &self.checked }.add(1);
        let usage = s.usage;
        let counts = [usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens, usage.reasoning_tokens];
        for (cell, count) in self.tokens.iter().zip(counts) {
            cell.add(count);
        }
        // a count of tokens that was asked for is the answer, and no estimate of what an exchange used
        let uses = s.asked.endpoint.facts().billed != Billed::Nothing;
        if usage.estimated && uses && s.progress.deployment.is_some() {
            self.estimated.add(1);
        }
        match s.cost {
            Some(cost) => self.spend(cost.total.as_pico()),
            None if s.progress.deployment.is_some() && usage.total_tokens > 0 => self.unpriced.add(1),
            None => {}
        }
    }

    fn spend(&self, pico: i128) {
        // a cost is never negative; a counter that shrank would be read as a restart
        let pico = u128::try_from(pico).unwrap_or(0);
        self.microdollars.add(u64::try_from(pico / MICRO).unwrap_or(u64::MAX));
        self.rest.add((pico % MICRO) as u64);
    }

    /// Counts a status. One not seen in this lane takes a slot, if one is left and `admit` lets it.
    pub fn code(&self, code: u16, admit: impl FnOnce() -> bool) {
        let slot = self.codes.iter().find(|(claimed, _)| matches!(claimed.load(Relaxed), c if c == code || c == 0));
        match slot {
            Some((claimed, count)) if claimed.load(Relaxed) == code => count.add(1),
            Some((claimed, count)) if admit() => {
                claimed.store(code, Relaxed);
                count.add(1);
            }
            _ => self.other_codes.add(1),
        }
    }

    /// The numbers of this moment, added to `sum`.
    pub fn add_to(&self, sum: &mut LaneSum) {
        for (code, count) in &self.codes {
            let (code, count) = (code.load(Relaxed), count.get());
            if count > 0 {
                *sum.codes.entry(code).or_default() += count;
            }
        }
        if self.other_codes.get() > 0 {
            *sum.codes.entry(0).or_default() += self.other_codes.get();
        }
        self.duration.add_to(&mut sum.duration);
        self.overhead.add_to(&mut sum.overhead);
        self.ttft.add_to(&mut sum.ttft);
        add(&mut sum.tokens, &self.tokens);
        add(&mut sum.outcomes, &self.outcomes);
        add(&mut sum.stream_ends, &self.stream_ends);
        sum.spend += u128::from(self.microdollars.get()) * MICRO + u128::from(self.rest.get());
        sum.unpriced += self.unpriced.get();
        sum.estimated += self.estimated.get();
        sum.checked += self.checked.get();
        sum.skipped += self.skipped.get();
    }
}

impl Attempts {
    /// Nothing counted yet.
    pub fn new(deployment: Arc<str>, group: Arc<str>) -> Self {
        Attempts { deployment, group, outcomes: Default::default() }
    }

    /// Counts an attempt.
    pub fn ended(&self, outcome: &str) {
        let at = ATTEMPT_OUTCOMES.iter().position(|known| *known == outcome).unwrap_or(ATTEMPT_OUTCOMES.len() - 1);
        if let Some(cell) = self.outcomes.get(at) {
            cell.add(1);
        }
    }

    /// The numbers of this moment, added to `sum`.
    pub fn add_to(&self, sum: &mut AttemptSum) {
        add(sum, &self.outcomes);
    }
}

impl LaneSum {
    /// Adds another sum.
    pub fn add(&mut self, other: &LaneSum) {
        for (code, count) in &other.codes {
            *self.codes.entry(*code).or_default() += count;
        }
        self.duration.add(&other.duration);
        self.overhead.add(&other.overhead);
        self.ttft.add(&other.ttft);
        plus(&mut self.tokens, &other.tokens);
        plus(&mut self.outcomes, &other.outcomes);
        plus(&mut self.stream_ends, &other.stream_ends);
        self.spend += other.spend;
        self.unpriced += other.unpriced;
        self.estimated += other.estimated;
        self.checked += other.checked;
        self.skipped += other.skipped;
    }
}

fn add(sums: &mut [u64], cells: &[Cell]) {
    sums.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell.get());
}

fn plus(sums: &mut [u64], others: &[u64]) {
    sums.iter_mut().zip(others).for_each(|(sum, other)| *sum += other);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_stands_at_the_place_of_its_number() {
        for (at, outcome) in OUTCOMES.iter().enumerate() {
            assert_eq!(*outcome as usize, at, "{}", outcome.name());
        }
    }

    #[test]
    fn codes_past_the_slots_are_other() {
        let lane = Lane::new("/r", "g".into());
        for code in 400..450 {
            lane.code(code, || true);
        }
        lane.code(400, || unreachable!("known by now"));
        let mut sum = LaneSum::default();
        lane.add_to(&mut sum);
        assert_eq!(sum.codes.len(), CODES + 1);
        assert_eq!((sum.codes[&400], sum.codes[&0]), (2, 50 - CODES as u64));
    }

    #[test]
    fn money_adds_up_to_the_last_digit() {
        let lane = Lane::new("/r", "g".into());
        let amounts = [1, 999_999, 1_000_000, 22_500_000, 123_456_789_012_345_678, 0, -5];
        amounts.iter().for_each(|pico| lane.spend(*pico));
        let mut sum = LaneSum::default();
        lane.add_to(&mut sum);
        assert_eq!(sum.spend, amounts.iter().filter(|a| **a > 0).sum::<i128>() as u128);
    }
}
