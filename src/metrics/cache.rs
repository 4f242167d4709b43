//! The lanes of one thread, found without a lock: by the address of the deployment's id, which the entry keeps alive so
//! that no other deployment can come to have it.
//!
//! Refused: handles resolved into the routing snapshot, since `actors` would have to know of them; and one table behind
//! a lock that all workers read, since even a read lock is a write to a cache line that they share.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use millrace_actors::deployment::Deployment;

use super::book::{Book, OTHER};
use super::cell::Cell;
use super::lane::{Attempts, Lane};

/// Ids remembered; each reload brings new ones. Forgetting them costs a look by name.
const KNOWN: usize = 4096;

thread_local! {
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// By deployment and group.
type AttemptsByLabels = HashMap<(Arc<str>, Arc<str>), Arc<Attempts>>;

/// One thread's lanes.
#[derive(Default)]
pub struct Cache {
    owner: u64,
    known: HashMap<usize, Known, BuildHasherDefault<AddressHasher>>,
    lanes: HashMap<&'static str, HashMap<Arc<str>, Arc<Lane>>>,
    attempts: AttemptsByLabels,
    stale: Option<Arc<Cell>>,
}

/// What is known of one deployment.
struct Known {
    _id: Arc<str>,
    group: Arc<str>,
    attempts: Arc<Attempts>,
    lanes: Vec<(&'static str, Arc<Lane>)>,
}

/// Runs `f` on this thread's cache for the metrics numbered `owner`. While the thread ends, or if a panic struck in here,
/// there is none: then a fresh one serves, and its lanes are folded into the book.
pub fn with(owner: u64, f: impl Fn(&mut Cache)) {
    let done = CACHE.try_with(|cache| {
        let Ok(mut cache) = cache.try_borrow_mut() else { return false };
        if cache.owner != owner {
            *cache = Cache { owner, ..Cache::default() };
        }
        f(&mut cache);
        true
    });
    if done != Ok(true) {
        f(&mut Cache { owner, ..Cache::default() });
    }
}

impl Cache {
    /// The attempts at `deployment`.
    pub fn attempts(&mut self, book: &Book, deployment: &Deployment) -> &Attempts {
        &self.known(book, deployment).attempts
    }

    /// Counts on the lane of an exchange that `deployment` served.
    pub fn on_lane_of(&mut self, book: &Book, route: &'static str, deployment: &Deployment, count: impl FnOnce(&Lane)) {
        let known = self.known(book, deployment);
        if let Some((_, lane)) = known.lanes.iter().find(|(of, _)| *of == route) {
            return count(lane);
        }
        let group = Arc::clone(&known.group);
        let lane = Arc::clone(self.lane(book, route, &group));
        count(&lane);
        self.known(book, deployment).lanes.push((route, lane));
    }

    /// The lane of a route and a group.
    pub fn lane(&mut self, book: &Book, route: &'static str, group: &Arc<str>) -> &Arc<Lane> {
        let lanes = self.lanes.entry(route).or_default();
        let mut label = group;
        let other: Arc<str>;
        if !lanes.contains_key(label) {
            if !book.admits_lane(route, label) {
                other = OTHER.into();
                label = &other;
            }
            if !lanes.contains_key(label) {
                lanes.insert(Arc::clone(label), book.open_lane(route, Arc::clone(label)));
            }
        }
        &lanes[label]
    }

    /// This thread's count of stale connections.
    pub fn stale(&mut self, book: &Book) -> &Cell {
        self.stale.get_or_insert_with(|| book.open_stale())
    }

    fn known(&mut self, book: &Book, deployment: &Deployment) -> &mut Known {
        let at = Arc::as_ptr(&deployment.id).cast::<u8>() as usize;
        if self.known.len() >= KNOWN && !self.known.contains_key(&at) {
            self.known.clear();
        }
        match self.known.entry(at) {
            Entry::Vacant(entry) => entry.insert(Known::learn(&mut self.attempts, book, deployment)),
            Entry::Occupied(entry) => {
                let known = entry.into_mut();
                // an id may be carried over a reload that renames its group
                if !Arc::ptr_eq(&known.group, &deployment.group) {
                    *known = Known::learn(&mut self.attempts, book, deployment);
                }
                known
            }
        }
    }
}

impl Known {
    fn learn(all: &mut AttemptsByLabels, book: &Book, deployment: &Deployment) -> Self {
        let (mut id, mut group) = (Arc::clone(&deployment.id), Arc::clone(&deployment.group));
        if !book.admits_attempts(&id, &group) {
            (id, group) = (OTHER.into(), OTHER.into());
        }
        let attempts = all
            .entry((id, group))
            .or_insert_with_key(|(id, group)| book.open_attempts(Arc::clone(id), Arc::clone(group)));
        Known {
            _id: Arc::clone(&deployment.id),
            group: Arc::clone(&deployment.group),
            attempts: Arc::clone(attempts),
            lanes: Vec::new(),
        }
    }
}

/// Spreads addresses: SipHash would cost more than all the counting.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, n: usize) {
        // Fibonacci hashing; the table takes its index from the low bits and its tag from the high ones
        self.0 = (self.0 ^ n as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
