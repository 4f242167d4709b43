//! Every lane of every thread, and the bound on how many there may be (FAULTS K9).
//!
//! A thread comes here once for each new pair of labels, and a scrape comes here; an exchange never does. What a thread
//! counted outlives it: a counter that fell when a worker stopped would be read as a restart.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use parking_lot::Mutex;

use super::cell::Cell;
use super::lane::{AttemptSum, Attempts, Lane, LaneSum};

/// Label sets of one family; what comes later counts as `other`. A configuration has tens; wildcards add none, since
/// the label is the pattern. The bound is for reloads that rename groups without end.
pub const MAX_SERIES: usize = 1000;

/// The label value of whatever is over the bound.
pub const OTHER: &str = "other";

/// Sums by route and group.
pub type Lanes = BTreeMap<(&'static str, Arc<str>), LaneSum>;
/// Sums by deployment and group.
pub type AllAttempts = BTreeMap<(Arc<str>, Arc<str>), AttemptSum>;

/// The book.
#[derive(Debug, Default)]
pub struct Book(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    lanes: Vec<Arc<Lane>>,
    attempts: Vec<Arc<Attempts>>,
    stale: Vec<Arc<Cell>>,
    // what threads that are gone have counted
    past_lanes: Lanes,
    past_attempts: AllAttempts,
    past_stale: u64,
    lane_labels: HashSet<(&'static str, Arc<str>)>,
    attempt_labels: HashSet<(Arc<str>, Arc<str>)>,
    code_labels: HashSet<(&'static str, Arc<str>, u16)>,
}

/// The sums of this moment.
#[derive(Debug, Default)]
pub struct Sums {
    /// By route and group.
    pub lanes: Lanes,
    /// By deployment and group.
    pub attempts: AllAttempts,
    /// Requests sent again because their connection was stale.
    pub stale: u64,
}

impl Book {
    /// Whether there may be series with these labels.
    pub fn admits_lane(&self, route: &'static str, group: &Arc<str>) -> bool {
        admit(&mut self.0.lock().lane_labels, (route, Arc::clone(group)))
    }

    /// Whether there may be series with these labels.
    pub fn admits_attempts(&self, deployment: &Arc<str>, group: &Arc<str>) -> bool {
        admit(&mut self.0.lock().attempt_labels, (Arc::clone(deployment), Arc::clone(group)))
    }

    /// Whether there may be a series with this status.
    pub fn admits_code(&self, lane: &Lane, code: u16) -> bool {
        admit(&mut self.0.lock().code_labels, (lane.route, Arc::clone(&lane.group), code))
    }

    /// A lane for the calling thread alone.
    pub fn open_lane(&self, route: &'static str, group: Arc<str>) -> Arc<Lane> {
        let lane = Arc::new(Lane::new(route, group));
        let mut pages = self.0.lock();
        pages.close_what_is_left();
        pages.lanes.push(Arc::clone(&lane));
        lane
    }

    /// A count of attempts for the calling thread alone.
    pub fn open_attempts(&self, deployment: Arc<str>, group: Arc<str>) -> Arc<Attempts> {
        let attempts = Arc::new(Attempts::new(deployment, group));
        let mut pages = self.0.lock();
        pages.close_what_is_left();
        pages.attempts.push(Arc::clone(&attempts));
        attempts
    }

    /// A count of stale connections for the calling thread alone.
    pub fn open_stale(&self) -> Arc<Cell> {
        let cell = Arc::new(Cell::default());
        self.0.lock().stale.push(Arc::clone(&cell));
        cell
    }

    /// Adds up.
    pub fn sums(&self) -> Sums {
        let mut pages = self.0.lock();
        pages.close_what_is_left();
        let mut sums =
            Sums { lanes: pages.past_lanes.clone(), attempts: pages.past_attempts.clone(), stale: pages.past_stale };
        for lane in &pages.lanes {
            lane.add_to(sums.lanes.entry((lane.route, Arc::clone(&lane.group))).or_default());
        }
        for attempts in &pages.attempts {
            let key = (Arc::clone(&attempts.deployment), Arc::clone(&attempts.group));
            attempts.add_to(sums.attempts.entry(key).or_default());
        }
        sums.stale += pages.stale.iter().map(|cell| cell.get()).sum::<u64>();
        sums
    }
}

impl Pages {
    /// Folds in what only the book still holds: its thread is gone. Unwrapping the `Arc` also makes the thread's last
    /// writes visible, which a look at its count would not.
    fn close_what_is_left(&mut self) {
        for lane in std::mem::take(&mut self.lanes) {
            match Arc::try_unwrap(lane) {
                Ok(lane) => lane.add_to(self.past_lanes.entry((lane.route, Arc::clone(&lane.group))).or_default()),
                Err(lane) => self.lanes.push(lane),
            }
        }
        for attempts in std::mem::take(&mut self.attempts) {
            match Arc::try_unwrap(attempts) {
                Ok(a) => {
                    a.add_to(self.past_attempts.entry((Arc::clone(&a.deployment), Arc::clone(&a.group))).or_default())
                }
                Err(attempts) => self.attempts.push(attempts),
            }
        }
        for cell in std::mem::take(&mut self.stale) {
            match Arc::try_unwrap(cell) {
                Ok(cell) => self.past_stale += cell.get(),
                Err(cell) => self.stale.push(cell),
            }
        }
    }
}

fn admit<K: std::hash::Hash + Eq>(known: &mut HashSet<K>, key: K) -> bool {
    if known.len() < MAX_SERIES {
        known.insert(key);
        return true;
    }
    known.contains(&key)
}
