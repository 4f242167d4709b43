//! Drives one job: warm-up, a moment to take readings, the measured requests, readings again.

use std::sync::{Arc, Barrier, OnceLock};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::exchange::{Outcome, exchange};
use super::pace::Slots;
use super::part::LoadReport;
use super::stop::Stop;
use super::{Job, Pace};
use crate::bench::check::Fault;
use crate::bench::error::Error;
use crate::bench::http::conn::Connection;

/// How often readings are taken while the load runs.
const READING_EVERY: Duration = Duration::from_millis(20);

/// When a reading is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After the warm-up, before the first measured request.
    Start,
    /// While the load runs.
    During,
    /// After the last answer.
    End,
}

/// What the threads of one job share.
struct Shared {
    job: Job,
    warmup: Slots,
    measured: Slots,
    /// Met twice: when all are warm, and when the measurement begins.
    barrier: Barrier,
    start: OnceLock<Instant>,
    stop: Stop,
}

/// Runs the job to its end and calls `reading` at each moment.
pub fn drive(job: &Job, stop: &Stop, mut reading: impl FnMut(Moment)) -> Result<LoadReport, Error> {
    let threads = job.threads.clamp(1, job.concurrency.max(1));
    let runtimes: Vec<Runtime> = (0..threads).map(|_| runtime()).collect::<Result<_, _>>()?;
    let shared = Arc::new(Shared {
        warmup: Slots::new(Pace::Closed, job.warmup),
        measured: Slots::new(job.pace, job.requests),
        barrier: Barrier::new(threads + 1),
        start: OnceLock::new(),
        stop: stop.clone(),
        job: job.clone(),
    });
    let mut handles = Vec::with_capacity(threads);
    for (number, runtime) in runtimes.into_iter().enumerate() {
        let workers = job.concurrency / threads + usize::from(number < job.concurrency % threads);
        let shared = Arc::clone(&shared);
        handles.push(std::thread::spawn(move || load_thread(&runtime, &shared, workers)));
    }
    shared.barrier.wait();
    reading(Moment::Start);
    let start = *shared.start.get_or_init(Instant::now);
    let pacer = pacer(&shared, start);
    shared.barrier.wait();
    while handles.iter().any(|handle| !handle.is_finished()) {
        std::thread::sleep(READING_EVERY);
        reading(Moment::During);
    }
    let mut report = LoadReport::default();
    for handle in handles {
        report.merge(handle.join().map_err(|_| Error::LoadThread)?);
    }
    if let Some(pacer) = pacer {
        pacer.join().map_err(|_| Error::LoadThread)?;
    }
    reading(Moment::End);
    report.wall = report.last.map_or(Duration::ZERO, |last| last.saturating_duration_since(start));
    if stop.is_set() { Err(Error::Interrupted) } else { Ok(report) }
}

/// Sends the job's request once and returns the text of the answer, by chunk.
pub fn ask_once(job: &Job) -> Result<Result<Vec<String>, Fault>, Error> {
    Ok(runtime()?.block_on(async {
        let mut conn = Connection::open(job.addr).await?;
        let answer = tokio::time::timeout(job.timeout, exchange(&mut conn, job, true)).await;
        answer.map_err(|_| Fault::Timeout)?.map(|outcome| outcome.text)
    }))
}

/// A runtime on one thread.
pub fn runtime() -> Result<Runtime, Error> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|source| Error::System { action: "start an async runtime", source })
}

fn pacer(shared: &Arc<Shared>, start: Instant) -> Option<std::thread::JoinHandle<()>> {
    let Pace::Open { .. } = shared.job.pace else { return None };
    let shared = Arc::clone(shared);
    let workers = shared.job.concurrency;
    Some(std::thread::spawn(move || shared.measured.keep_pace(start, workers, &shared.stop)))
}

fn load_thread(runtime: &Runtime, shared: &Arc<Shared>, workers: usize) -> LoadReport {
    let idle = (0..workers).map(|_| None).collect();
    let (warm, connections) = runtime.block_on(stage(shared, idle, true));
    shared.barrier.wait();
    shared.barrier.wait();
    let (mut report, _) = runtime.block_on(stage(shared, connections, false));
    report.failures.merge(&warm.failures);
    report
}

/// One stage of a thread's share: each worker takes up the connection it had.
async fn stage(
    shared: &Arc<Shared>,
    connections: Vec<Option<Connection>>,
    warmup: bool,
) -> (LoadReport, Vec<Option<Connection>>) {
    let mut workers = JoinSet::new();
    for connection in connections {
        workers.spawn(worker(Arc::clone(shared), connection, warmup));
    }
    let (mut report, mut kept) = (LoadReport::default(), Vec::new());
    loop {
        let ended = tokio::select! {
            ended = workers.join_next() => ended,
            () = shared.stop.wait() => None,
        };
        // A worker that panicked is missed in the sum, which the caller sees as missing answers.
        let Some(ended) = ended else { break };
        if let Ok((part, connection)) = ended {
            report.merge(part);
            kept.push(connection);
        }
    }
    (report, kept)
}

async fn worker(
    shared: Arc<Shared>,
    mut connection: Option<Connection>,
    warmup: bool,
) -> (LoadReport, Option<Connection>) {
    let mut report = LoadReport::default();
    let slots = if warmup { &shared.warmup } else { &shared.measured };
    let start = shared.start.get().copied().unwrap_or_else(Instant::now);
    while let Some(slot) = slots.next(start).await {
        let sent = Instant::now();
        let since = slot.intended.unwrap_or(sent);
        if slot.intended.is_some() {
            report.send_lag.add(sent.saturating_duration_since(since));
        }
        let answer = tokio::time::timeout(shared.job.timeout, once(&shared.job, &mut connection)).await;
        let answer = answer.unwrap_or(Err(Fault::Timeout));
        if !answer.as_ref().is_ok_and(|outcome| outcome.keep) {
            connection = None;
        }
        report.record(since, answer);
    }
    (report, connection)
}

async fn once(job: &Job, connection: &mut Option<Connection>) -> Result<Outcome, Fault> {
    let mut conn = match connection.take() {
        Some(conn) if !conn.is_stale() => conn,
        _ => Connection::open(job.addr).await?,
    };
    let outcome = exchange(&mut conn, job, false).await;
    *connection = Some(conn);
    outcome
}
