//! What the mock has seen and done: counters, recorded requests, and waiting for either to change.

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use serde::Serialize;
use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Different paths and faults that are counted apart; whatever comes later counts as `other`.
const MAX_NAMES: usize = 256;

/// Bytes of recorded bodies that are kept in all; the newest request is kept whatever its size.
const MAX_RECORDED: usize = 512 << 20;

/// The counters, all since the start or the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Connections accepted.
    pub connections_accepted: u64,
    /// Connections open now; a reset leaves it.
    pub connections_open: u64,
    /// Connections that the mock closed in its half and then wholly, as the client did not close them in its time.
    pub connections_left_open: u64,
    /// Requests whose head was read.
    pub requests: u64,
    /// Requests being read or answered now; a reset leaves it.
    pub requests_open: u64,
    /// Requests by path, without query.
    pub requests_by_path: BTreeMap<String, u64>,
    /// Bytes of requests read, heads included.
    pub bytes_in: u64,
    /// Bytes of answers written.
    pub bytes_out: u64,
    /// Streams of which the first byte was written, or was about to be.
    pub streams_started: u64,
    /// Streams played to their proper end.
    pub streams_finished: u64,
    /// Streams whose client left before the mock was done with them.
    pub streams_cancelled: u64,
    /// Streams the mock itself cut.
    pub streams_cut: u64,
    /// Other answers written in full.
    pub answers_finished: u64,
    /// Other requests whose client left before the mock was done with them, body upload and hanging included.
    pub answers_cancelled: u64,
    /// Other answers the mock itself cut.
    pub answers_cut: u64,
    /// Requests answered with at least one fault.
    pub faults_played: u64,
    /// Faults by name: the kind, `status-429`, or `key=value`.
    pub faults: BTreeMap<String, u64>,
}

/// One request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Header names in lower case and values, in order; bytes that are not UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// The body, unchunked.
    pub body: Bytes,
    /// Which connection it came on, counted from 1.
    pub connection: u64,
}

impl Recorded {
    /// The first value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Counters under a lock, and those who wait for them.
pub struct Board {
    state: Mutex<State>,
    changed: Condvar,
    changed_async: Notify,
    record: usize,
}

#[derive(Default)]
struct State {
    stats: Stats,
    recorded: VecDeque<Recorded>,
    recorded_bytes: usize,
}

impl Board {
    /// A board that keeps the last `record` requests.
    pub fn new(record: usize) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), changed_async: Notify::new(), record }
    }

    /// Whether requests are recorded at all.
    pub fn records(&self) -> bool {
        self.record > 0
    }

    /// Changes the counters and wakes whoever waits for that.
    pub fn count(&self, change: impl FnOnce(&mut Stats)) {
        change(&mut self.state.lock().stats);
        self.wake();
    }

    fn wake(&self) {
        self.changed.notify_all();
        self.changed_async.notify_waiters();
    }

    /// Keeps a request, dropping the oldest if there are too many, or too many bytes of them.
    pub fn record(&self, request: Recorded) {
        let mut state = self.state.lock();
        state.recorded_bytes += request.body.len();
        state.recorded.push_back(request);
        while state.recorded.len() > self.record.max(1)
            || (state.recorded_bytes > MAX_RECORDED && state.recorded.len() > 1)
        {
            state.recorded_bytes -= state.recorded.pop_front().map_or(0, |oldest| oldest.body.len());
        }
        drop(state);
        self.wake();
    }

    /// The counters now.
    pub fn stats(&self) -> Stats {
        self.state.lock().stats.clone()
    }

    /// The recorded requests, oldest first.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.state.lock().recorded.iter().cloned().collect()
    }

    /// Sets all counters but those of what is open to zero, and forgets the recorded requests.
    pub fn reset(&self) {
        let mut state = self.state.lock();
        let Stats { connections_open, requests_open, .. } = state.stats;
        *state = State { stats: Stats { connections_open, requests_open, ..Stats::default() }, ..State::default() };
        drop(state);
        self.wake();
    }

    /// Blocks until the counters satisfy the test; false if they do not within the time.
    pub fn wait(&self, mut test: impl FnMut(&Stats) -> bool, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        let mut state = self.state.lock();
        while !test(&state.stats) {
            if self.changed.wait_until(&mut state, end).timed_out() {
                return test(&state.stats);
            }
        }
        true
    }

    /// As [`Board::wait`], without blocking the thread.
    pub async fn wait_async(&self, mut test: impl FnMut(&Stats) -> bool, timeout: Duration) -> bool {
        let until = async {
            loop {
                let mut changed = std::pin::pin!(self.changed_async.notified());
                // Listen before looking: a change between the two would otherwise be missed.
                changed.as_mut().enable();
                if test(&self.state.lock().stats) {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(timeout, until).await.is_ok()
    }
}

/// Adds one to a named counter.
pub fn add(map: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = map.get_mut(name) {
        *count += 1;
        return;
    }
    let name = if map.len() < MAX_NAMES { name } else { "other" };
    *map.entry(name.to_owned()).or_default() += 1;
}
