//! An answer as it goes over the wire, prepared once and played many times: bytes, pauses between them, and an end.

use super::job::NUMBER_MARK;
use std::time::Duration;

/// A prepared answer.
#[derive(Debug, Default)]
pub struct Wire {
    /// Every byte, heads and framing included.
    pub bytes: Vec<u8>,
    /// How many of the bytes are the head (interim heads included).
    pub head_len: usize,
    /// Where to wait, by byte offset, ascending.
    pub pauses: Vec<(usize, Duration)>,
    /// Where each event starts, framing included, and where its own bytes start and end.
    pub events: Vec<Span>,
    /// Where the answer's number is to be written.
    pub numbers: Vec<usize>,
    /// What happens after the last byte.
    pub end: End,
    /// Whether it is a stream (counted as such).
    pub stream: bool,
    /// Whether the answer is whole when its bytes are out: it then counts as finished, otherwise as cut.
    pub complete: bool,
}

/// Offsets of one event in the wire bytes.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// First byte of its framing.
    pub outer: usize,
    /// First byte of its own.
    pub start: usize,
    /// One past its own last byte.
    pub end: usize,
}

/// What happens after the last byte.
#[derive(Debug, Default)]
pub enum End {
    /// The connection waits for the next request.
    #[default]
    Keep,
    /// FIN.
    Close,
    /// FIN, but what the client still sends is read for a while, so that the answer is not lost in a reset.
    Linger,
    /// RST.
    Reset,
    /// Nothing, for ever.
    Hang,
    /// More bytes, again and again.
    Flood(Flood),
}

/// Bytes that are repeated.
#[derive(Debug)]
pub struct Flood {
    /// What is repeated.
    pub filler: Vec<u8>,
    /// How often; `u64::MAX` is for ever.
    pub times: u64,
    /// Pause before each.
    pub pause: Duration,
    /// What comes after the last.
    pub tail: Vec<u8>,
}

impl Wire {
    /// Bytes that are no HTTP answer of ours, and an end.
    pub fn raw(bytes: Vec<u8>, end: End) -> Self {
        Self { head_len: 0, bytes, end, ..Self::default() }
    }

    /// Drops every byte from `at` on and ends the connection there.
    pub fn cut(&mut self, at: usize, end: End) {
        self.bytes.truncate(at);
        self.pauses.retain(|(offset, _)| *offset < at);
        self.events.retain(|span| span.outer < at);
        self.head_len = self.head_len.min(at);
        self.end = end;
        self.complete = false;
    }

    /// Finds where numbers must be written. Last step of preparing.
    pub fn find_numbers(&mut self) {
        self.numbers = memchr::memmem::find_iter(&self.bytes, NUMBER_MARK.as_bytes()).collect();
    }

    /// The bytes with the answer's number in place, into `out`.
    pub fn numbered(&self, number: u64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.bytes);
        let mut digits = [b'0'; NUMBER_MARK.len()];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        for &at in &self.numbers {
            out[at..at + digits.len()].copy_from_slice(&digits);
        }
    }
}
