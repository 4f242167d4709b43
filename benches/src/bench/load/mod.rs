//! The load generator: so many requests, closed or open loop, on threads of its own, every answer judged.

pub mod drive;
pub mod exchange;
pub mod pace;
pub mod part;
pub mod stop;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::time::Duration;

use super::check::Expect;
use super::protocol::Protocol;

/// How far an answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// A whole answer.
    Whole,
    /// A stream, to its end.
    Full,
    /// A stream, to its first text. It is then left, and its connection closed, or read to its end unmeasured.
    FirstToken {
        /// Whether it is read to its end.
        drain: bool,
    },
}

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each of the connections sends its next request when the answer to its last one has ended.
    Closed,
    /// At a fixed rate, whatever the target does: latency counts from the intended time, so that a target that stalls is
    /// charged for all who would have come meanwhile (no coordinated omission).
    Open {
        /// Requests a second.
        rate: f64,
    },
}

/// A load on one target.
#[derive(Debug, Clone)]
pub struct Job {
    /// The target's address.
    pub addr: SocketAddr,
    /// The protocol of request and answers.
    pub protocol: Protocol,
    /// The request, ready to be written.
    pub request: Vec<u8>,
    /// What every answer must be.
    pub expect: Expect,
    /// How far answers are read.
    pub read: Read,
    /// Requests before the measured ones.
    pub warmup: u64,
    /// Measured requests.
    pub requests: u64,
    /// Connections: requests in flight at most.
    pub concurrency: usize,
    /// When requests are sent.
    pub pace: Pace,
    /// Time after which a request has failed.
    pub timeout: Duration,
    /// Threads of the load generator.
    pub threads: usize,
}
