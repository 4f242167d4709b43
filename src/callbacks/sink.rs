//! The bounded queue between the `log_*` hooks and a sink's own thread.
//!
//! Pushing never blocks and never waits: a full queue drops the record and counts it. What is bounded is what is *held*,
//! so a batch that the sink is still trying to deliver counts as much as one that waits (FAULTS K1).
//!
//! A queue ends when its last handle goes: the thread is left to deliver what is queued, for at most the sink's deadline.
//! Nobody joins it, since the handle may go on a worker, which must not block.
//!
//! A panic costs the records at hand, which are counted; the thread begins anew with what waits.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use millrace_actors::ports::SinkHealth;
use millrace_actors::record::LogRecord;
use parking_lot::Mutex;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::{mpsc, oneshot, watch};

use super::redact::redacted;

/// A retry that would wait longer waits only so long once somebody waits for the queue to empty.
const HURRIED: Duration = Duration::from_millis(100);
/// The wait after a panic: what panics at once, each time, must not keep a core busy.
const AFTER_PANIC: Duration = Duration::from_millis(500);
/// How often one sink may complain in the log.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// What a sink may hold, and how long it may take to empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Records at most.
    pub(super) records: u64,
    /// Bytes at most, as records take them in memory.
    pub(super) bytes: u64,
    /// Longest wait of [`Sink::flush`], and longest life of the thread after the last handle went.
    pub(super) deadline: Duration,
}

/// Why a record was dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// The queue held as much as it may.
    QueueFull,
    /// Every try failed.
    GaveUp,
    /// The other side will not have it, however often it is sent.
    Refused,
    /// It is too large for the other side, alone.
    TooLarge,
    /// It could not be written.
    Unwritten,
    /// The deadline passed, or the thread ended.
    Abandoned,
}

impl Cause {
    const ALL: [(Cause, &str); 6] = [
        (Cause::QueueFull, "queue_full"),
        (Cause::GaveUp, "gave_up"),
        (Cause::Refused, "refused"),
        (Cause::TooLarge, "too_large"),
        (Cause::Unwritten, "unwritten"),
        (Cause::Abandoned, "abandoned"),
    ];
}

/// A sink's numbers, shared by all that touch its queue.
pub(super) struct Gauge {
    name: String,
    held: AtomicU64,
    held_bytes: AtomicU64,
    delivered: AtomicU64,
    dropped: [AtomicU64; Cause::ALL.len()],
    complained: Mutex<Option<Instant>>,
}

/// The handle: what a callback holds.
pub(super) struct Sink {
    jobs: mpsc::UnboundedSender<Job>,
    /// Until when somebody waits for the queue to empty. Its end tells the thread that the last handle went.
    pace: watch::Sender<Option<Instant>>,
    gauge: Arc<Gauge>,
    bounds: Bounds,
}

/// The thread's end.
pub(super) struct Queue {
    jobs: mpsc::UnboundedReceiver<Job>,
    pace: watch::Receiver<Option<Instant>>,
    gauge: Arc<Gauge>,
    deadline: Duration,
}

/// What the thread is told.
pub(super) enum Job {
    /// Deliver this.
    Record(Held),
    /// Say when all that came before is delivered or dropped.
    Flush(oneshot::Sender<()>),
}

/// A record that counts as held until it is delivered or dropped.
pub(super) struct Held {
    /// The record, without credentials.
    pub(super) record: Arc<LogRecord>,
    bytes: u64,
    gauge: Arc<Gauge>,
    fate: Result<(), Cause>,
}

impl Sink {
    /// Starts the thread, which runs `run` until the queue ends, and again if it panics.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn start(
        name: &str,
        bounds: Bounds,
        mut run: impl FnMut(&mut Queue) + Send + 'static,
    ) -> io::Result<Sink> {
        let (jobs, taken) = mpsc::unbounded_channel();
        let (pace, paced) = watch::channel(None);
        let gauge = Arc::new(Gauge::new(name));
        let mut queue = Queue { jobs: taken, pace: paced, gauge: Arc::clone(&gauge), deadline: bounds.deadline };
        // 15 bytes is what Linux shows of a thread's name
        let thread = std::thread::Builder::new().name(format!("sink-{name}").chars().take(15).collect());
        thread.spawn(move || {
            while catch_unwind(AssertUnwindSafe(|| run(&mut queue))).is_err() {
                log::error!("sink panicked and begins anew callback={}", queue.gauge.name);
                std::thread::sleep(AFTER_PANIC);
            }
        })?;
        Ok(Sink { jobs, pace, gauge, bounds })
    }

    /// Queues a record, credentials struck out; or drops it, if the queue is full.
    pub(super) fn push(&self, record: &Arc<LogRecord>) {
        let record = redacted(record);
        let bytes = size(&record);
        let Gauge { held, held_bytes, .. } = &*self.gauge;
        // added first and looked at after, so that two workers cannot both take the last place
        let full = held.fetch_add(1, Relaxed) >= self.bounds.records
            || held_bytes.load(Relaxed).saturating_add(bytes) > self.bounds.bytes;
        held_bytes.fetch_add(bytes, Relaxed);
        let fate = Err(if full { Cause::QueueFull } else { Cause::Abandoned });
        let item = Held { record, bytes, gauge: Arc::clone(&self.gauge), fate };
        if !full {
            // a queue whose thread has ended gives the record back, and its drop counts it
            self.jobs.send(Job::Record(item)).ok();
        }
    }

    /// The numbers now.
    pub(super) fn health(&self) -> SinkHealth {
        SinkHealth {
            depth: self.gauge.held.load(Relaxed),
            delivered: self.gauge.delivered.load(Relaxed),
            dropped: Cause::ALL.iter().map(|(cause, _)| self.gauge.dropped(*cause)).sum(),
        }
    }

    /// The numbers of records dropped, by cause.
    #[cfg(test)]
    pub(super) fn gauge(&self) -> &Arc<Gauge> {
        &self.gauge
    }

    /// Waits until all that was queued before is delivered or dropped, or the deadline has passed.
    pub(super) async fn flush(&self) {
        let (ack, acked) = oneshot::channel();
        self.pace.send_replace(Some(Instant::now() + self.bounds.deadline));
        if self.jobs.send(Job::Flush(ack)).is_err() {
            return;
        }
        if tokio::time::timeout(self.bounds.deadline, acked).await.is_err() {
            let waiting = self.gauge.held.load(Relaxed);
            log::warn!("sink not emptied in time callback={} waiting={waiting}", self.gauge.name);
        }
    }
}

impl Queue {
    /// The next job, if there is one now. `Err(true)`: there will be none any more.
    pub(super) fn try_next(&mut self) -> Result<Job, bool> {
        self.jobs.try_recv().map_err(|error| error == TryRecvError::Disconnected)
    }

    /// The next job; blocks the thread. `None`: there will be none any more.
    pub(super) fn blocking_next(&mut self) -> Option<Job> {
        self.jobs.blocking_recv()
    }

    /// The next job. `None`: there will be none any more.
    pub(super) async fn next(&mut self) -> Option<Job> {
        self.jobs.recv().await
    }

    /// The numbers.
    pub(super) fn gauge(&self) -> Arc<Gauge> {
        Arc::clone(&self.gauge)
    }

    /// Waits before the next try; cut short when somebody waits for the queue to empty.
    pub(super) fn pacer(&self) -> Pacer {
        Pacer { pace: self.pace.clone(), deadline: self.deadline }
    }
}

/// How fast a sink must go.
#[derive(Clone)]
pub(super) struct Pacer {
    pace: watch::Receiver<Option<Instant>>,
    deadline: Duration,
}

impl Pacer {
    /// Waits for `wait`, or less when somebody waits for the queue to empty.
    pub(super) async fn pause(&self, wait: Duration) {
        let mut pace = self.pace.clone();
        let hurry = async {
            // an error means that the last handle went, which is a hurry too
            pace.wait_for(|until| until.is_some_and(|until| Instant::now() < until)).await.ok();
        };
        if tokio::time::timeout(wait, hurry).await.is_ok() {
            tokio::time::sleep(wait.min(HURRIED)).await;
        }
    }

    /// Resolves when the last handle has been gone for the deadline.
    pub(super) async fn overdue(mut self) {
        while self.pace.changed().await.is_ok() {}
        tokio::time::sleep(self.deadline).await;
    }
}

impl Held {
    /// It arrived.
    pub(super) fn delivered(mut self) {
        self.fate = Ok(());
    }

    /// It will not arrive.
    pub(super) fn dropped(mut self, cause: Cause) {
        self.fate = Err(cause);
    }
}

// The place in the queue is given back here and nowhere else, so no path can forget it (I5).
impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.held.fetch_sub(1, Relaxed);
        self.gauge.held_bytes.fetch_sub(self.bytes, Relaxed);
        match self.fate {
            Ok(()) => {
                self.gauge.delivered.fetch_add(1, Relaxed);
            }
            Err(cause) => {
                self.gauge.dropped[cause as usize].fetch_add(1, Relaxed);
                self.gauge.complain(cause, "");
            }
        }
    }
}

impl Gauge {
    fn new(name: &str) -> Self {
        Gauge {
            name: name.to_owned(),
            held: AtomicU64::new(0),
            held_bytes: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            dropped: Default::default(),
            complained: Mutex::new(None),
        }
    }

    /// Records dropped for this cause.
    pub(super) fn dropped(&self, cause: Cause) -> u64 {
        self.dropped[cause as usize].load(Relaxed)
    }

    /// Logs that records are being dropped, at most once a minute: a dead sink must not become a full disk of log.
    pub(super) fn complain(&self, cause: Cause, detail: &str) {
        let Some(mut last) = self.complained.try_lock() else { return };
        if last.is_some_and(|last| last.elapsed() < COMPLAIN_EVERY) {
            return;
        }
        *last = Some(Instant::now());
        let counts: Vec<_> = Cause::ALL.iter().map(|(c, name)| format!("{name}={}", self.dropped(*c))).collect();
        let (name, cause) = (&self.name, Cause::ALL[cause as usize].1);
        log::warn!("sink drops records callback={name} cause={cause} detail={detail:?} {}", counts.join(" "));
    }
}

/// What a record takes in memory: an estimate, since serializing it here would cost the worker more than the bound is worth.
fn size(record: &LogRecord) -> u64 {
    let texts = [
        &record.id,
        &record.request_id,
        &record.model,
        &record.model_group,
        &record.model_id,
        &record.upstream_model,
        &record.api_base,
        &record.user_api_key_alias,
    ];
    let optional = [&record.response_cost, &record.error_message];
    let texts: usize = texts.iter().map(|t| t.len()).sum();
    let optional: usize = optional.iter().filter_map(|t| t.as_ref()).map(String::len).sum();
    (size_of::<LogRecord>() + texts + optional) as u64
}

#[cfg(test)]
#[path = "sink_tests.rs"]
mod tests;
