//! `jsonl`: appends every record as a line of JSON to a file, which is rotated by size.

mod file;
mod line;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use millrace_actors::ports::ParamError;
use serde_json::Value;

use super::params::Reader;
use super::sink::{Bounds, Cause, Gauge, Held, Job, Queue, Sink};
use super::sink_callback::SinkCallback;
use super::sink_params::{self, Events};
use file::RotatingFile;

/// Lines are collected up to so many bytes; half a file at most, so that `max_bytes` holds.
const BATCH_BYTES: u64 = 64 << 10;
/// And for so long, while more keep coming.
const BATCH_TIME: Duration = Duration::from_secs(1);
/// Default of `max_bytes`.
const MAX_BYTES: u64 = 100 << 20;
/// Default of `keep`.
const KEEP: u32 = 5;

/// Checked parameters.
#[derive(Debug)]
pub(super) struct Params {
    path: PathBuf,
    max_bytes: u64,
    keep: u32,
    events: Events,
    bounds: Bounds,
}

/// Checks `path`, `max_bytes`, `keep` and what every sink takes. Nothing is opened.
pub(super) fn read(params: &Value, data_dir: Option<&Path>) -> Result<Params, Vec<ParamError>> {
    let mut reader = Reader::new(params);
    let path = reader.need::<PathBuf>("path", "the file to append to");
    let max_bytes = reader.within("max_bytes", 4096..=1 << 40, MAX_BYTES);
    let keep = reader.within("keep", 0..=1000, KEEP);
    let (events, bounds) = sink_params::read(&mut reader);
    let path = match (path, data_dir) {
        (Some(path), _) if path.file_name().is_none() => {
            reader.complain("/path", "must name a file");
            None
        }
        (Some(path), _) if path.is_absolute() => Some(path),
        (Some(path), Some(dir)) => Some(dir.join(path)),
        (Some(path), None) => {
            // relative to the working directory would be `/` under systemd and anything under a shell
            let message = format!("`{}` is relative: set millrace.data_dir, or write the whole path", path.display());
            reader.complain("/path", message);
            None
        }
        (None, _) => None,
    };
    reader.finish(path.map(|path| Params { path, max_bytes, keep, events, bounds }))
}

/// Opens the file and starts the thread.
pub(super) fn start(name: &str, params: Params) -> Result<SinkCallback, Vec<ParamError>> {
    let Params { path, max_bytes, keep, events, bounds } = params;
    let complaint = |message: String| vec![ParamError { pointer: "/path".to_owned(), message }];
    let mut file = RotatingFile::new(path, max_bytes, keep);
    file.open().map_err(|error| complaint(format!("cannot append to `{}`: {error}", file.path().display())))?;
    let sink = Sink::start(name, bounds, move |queue| run(queue, &mut file, BATCH_BYTES.min(max_bytes / 2)))
        .map_err(|error| complaint(format!("no thread for it: {error}")))?;
    Ok(SinkCallback { kind: "jsonl", events, sink })
}

/// Lines on their way to the file.
struct Batch<'a> {
    file: &'a mut RotatingFile,
    lines: Vec<u8>,
    held: Vec<Held>,
    since: Instant,
    limit: usize,
    gauge: Arc<Gauge>,
}

/// How long the thread lets records gather once the first has come: one wake-up and one write for all of them. Woken for
/// each, a busy gateway spent as much on waking its sink as on serving. Not longer either: what has gathered is memory that
/// the worker's own work is driven out of the cache by (with 10 ms whole answers took 2 % more time).
const GATHER: Duration = Duration::from_millis(4);

/// The thread. What is collected is written as soon as nothing more waits, so a quiet gateway's records are on disk within
/// [`GATHER`].
fn run(queue: &mut Queue, file: &mut RotatingFile, limit: u64) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (lines, held) = (Vec::with_capacity(limit), Vec::new());
    let mut batch = Batch { file, lines, held, since: Instant::now(), limit, gauge: queue.gauge() };
    loop {
        let job = queue.try_next().or_else(|_| {
            batch.write();
            let first = queue.blocking_next().ok_or(())?;
            std::thread::sleep(GATHER);
            Ok(first)
        });
        match job {
            Ok(Job::Record(held)) => batch.add(held),
            Ok(Job::Flush(ack)) => {
                batch.write();
                ack.send(()).ok();
            }
            Err(()) => return,
        }
    }
}

impl Batch<'_> {
    fn add(&mut self, held: Held) {
        if self.held.is_empty() {
            self.since = Instant::now();
        }
        let start = self.lines.len();
        if let Err(error) = line::write(&held.record, &mut self.lines) {
            self.lines.truncate(start);
            self.gauge.complain(Cause::Unwritten, &error.to_string());
            held.dropped(Cause::Unwritten);
            return;
        }
        self.lines.push(b'\n');
        self.held.push(held);
        if self.lines.len() >= self.limit || self.since.elapsed() >= BATCH_TIME {
            self.write();
        }
    }

    /// Writes what is collected, or drops it: keeping it would only put off the choice until the queue is full.
    fn write(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let written = self.file.append(&self.lines);
        self.lines.clear();
        match written {
            Ok(()) => self.held.drain(..).for_each(Held::delivered),
            Err(error) => {
                self.gauge.complain(Cause::Unwritten, &error.to_string());
                self.held.drain(..).for_each(|held| held.dropped(Cause::Unwritten));
            }
        }
    }
}

#[cfg(test)]
mod tests;
