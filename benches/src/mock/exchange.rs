//! One request in the books: opened when its head is read, closed exactly once, however it ends.

use super::{
    player::Outcome,
    request::Head,
    shared::Shared,
    socket::Socket,
    stats::{Recorded, add},
};
use bytes::Bytes;
use std::sync::Arc;

/// One request in the books. Dropped without [`Exchange::close`] it counts as cut: the server was stopped meanwhile.
pub struct Exchange {
    shared: Arc<Shared>,
    stream: bool,
    closed: bool,
}

impl Exchange {
    /// Counts a request whose head has been read.
    pub fn open(shared: &Arc<Shared>, path: &str, socket: &mut Socket) -> Self {
        let path = path.split('?').next().unwrap_or(path);
        let bytes_in = std::mem::take(&mut socket.bytes_in);
        shared.board.count(|stats| {
            stats.requests += 1;
            stats.requests_open += 1;
            stats.bytes_in += bytes_in;
            add(&mut stats.requests_by_path, path);
        });
        Self { shared: Arc::clone(shared), stream: false, closed: false }
    }

    /// Keeps the request, if requests are kept.
    pub fn record(&self, head: &Head, body: Bytes, connection: u64) {
        if !self.shared.board.records() {
            return;
        }
        let Head { method, path, headers, .. } = head;
        let (method, path, headers) = (method.clone(), path.clone(), headers.clone());
        self.shared.board.record(Recorded { method, path, headers, body, connection });
    }

    /// Counts that the answer begins, and its faults.
    pub fn start(&mut self, stream: bool, faults: &[String]) {
        self.stream = stream;
        if !stream && faults.is_empty() {
            return;
        }
        self.shared.board.count(|stats| {
            stats.streams_started += u64::from(stream);
            stats.faults_played += u64::from(!faults.is_empty());
            faults.iter().for_each(|fault| add(&mut stats.faults, fault));
        });
    }

    /// Counts how it ended.
    pub fn close(mut self, outcome: Outcome, socket: &mut Socket) {
        let bytes = (std::mem::take(&mut socket.bytes_in), std::mem::take(&mut socket.bytes_out));
        self.settle(outcome, bytes);
    }

    fn settle(&mut self, outcome: Outcome, (bytes_in, bytes_out): (u64, u64)) {
        self.closed = true;
        let stream = self.stream;
        self.shared.board.count(|stats| {
            stats.requests_open -= 1;
            stats.bytes_in += bytes_in;
            stats.bytes_out += bytes_out;
            let counter = match (stream, outcome) {
                (true, Outcome::Finished) => &mut stats.streams_finished,
                (true, Outcome::Cancelled) => &mut stats.streams_cancelled,
                (true, Outcome::Cut) => &mut stats.streams_cut,
                (false, Outcome::Finished) => &mut stats.answers_finished,
                (false, Outcome::Cancelled) => &mut stats.answers_cancelled,
                (false, Outcome::Cut) => &mut stats.answers_cut,
            };
            *counter += 1;
        });
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.closed {
            self.settle(Outcome::Cut, (0, 0));
        }
    }
}
