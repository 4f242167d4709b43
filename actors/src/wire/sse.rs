//! Incremental reader of server-sent events, per the WHATWG event stream rules: any split, any of the three line ends.
//!
//! The path that matters is an event of exactly `data: ...\n\n` lying whole within a chunk: one search for the line end,
//! nothing copied. Everything else (other line ends, comments, several `data` lines, events over two chunks) takes the
//! slow path, which stitches at most one event in a buffer of bounded size.

use memchr::{memchr, memchr2};

/// The start of a canonical event.
const DATA: &[u8] = b"data: ";
/// The byte order mark, which may open a stream once.
const BOM: &[u8] = &[0xEF, 0xBB, 0xBF];
/// A stitching buffer above this many bytes is given back after use, so that one large event doesn't stay paid for.
const KEEP: usize = 64 * 1024;

/// One event with data, as lent to the caller of [`SseReader::feed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// The event as it came, with its blank line. Where a CR that ends it is the last byte of a chunk, the LF that may
    /// follow isn't part of it (and is dropped): the CR alone ends the line.
    pub raw: &'a [u8],
    /// The values of its `data` fields, joined by LF.
    pub data: &'a [u8],
    /// The value of its last `event` field, unless empty.
    pub name: Option<&'a [u8]>,
    /// `raw` is exactly `data: `, `data`, and two LF.
    pub canonical: bool,
}

/// Why a stream can't be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// An event is longer than the reader's bound. The reader stays failed: what follows can't be framed.
    #[error("an event of the stream is longer than {limit} bytes")]
    EventTooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// A binary frame is damaged. The reader stays failed likewise.
    #[error("a frame of the stream is damaged: {why}")]
    BadFrame {
        /// What is wrong with it.
        why: &'static str,
    },
}

/// Reads events from chunks. Between two chunks it holds the unfinished event and nothing else.
#[derive(Debug)]
pub struct SseReader {
    limit: usize,
    /// The unfinished event.
    carry: Vec<u8>,
    /// Scratch for `data` of several lines.
    joined: Vec<u8>,
    /// Bytes of a byte order mark seen at the start of the stream; 3 when that's settled.
    bom: usize,
    /// The unfinished event's last line has bytes already.
    in_line: bool,
    /// The last byte of the last chunk was a CR that ended a line: an LF that comes next belongs to it.
    after_cr: bool,
    whole_canonical: bool,
    comments: u64,
    failed: bool,
}

impl SseReader {
    /// A reader for one stream that refuses events of more than `max_event_bytes` bytes.
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            limit: max_event_bytes,
            carry: Vec::new(),
            joined: Vec::new(),
            bom: 0,
            in_line: false,
            after_cr: false,
            whole_canonical: false,
            comments: 0,
            failed: false,
        }
    }

    /// Calls `on_event` for each event that `chunk` completes. Blocks without data aren't events: they are only counted,
    /// in [`Self::comments`].
    ///
    /// # Errors
    /// An event longer than the bound, and every call after that. The events before it have been reported.
    pub fn feed(&mut self, chunk: &[u8], mut on_event: impl FnMut(Event<'_>)) -> Result<(), SseError> {
        if self.failed {
            return Err(self.too_large());
        }
        self.whole_canonical = true;
        let mut pos = 0;
        if self.bom < BOM.len() || self.after_cr || !self.carry.is_empty() {
            pos = self.resume(chunk, &mut on_event)?;
        }
        while let Some(rest) = chunk.get(pos..).filter(|rest| !rest.is_empty()) {
            pos += match canonical(rest) {
                Some(event) if event.raw.len() <= self.limit => {
                    on_event(event);
                    event.raw.len()
                }
                _ => self.step(rest, &mut on_event)?,
            };
        }
        Ok(())
    }

    /// Bytes of an unfinished event. Not 0 at the end of a stream: the stream was cut, and that event doesn't count.
    pub fn held(&self) -> usize {
        let mark = if self.bom < BOM.len() { self.bom } else { 0 };
        self.carry.len() + mark
    }

    /// The last chunk was nothing but whole canonical events, so the caller may pass it on as it came.
    pub fn whole_canonical(&self) -> bool {
        self.whole_canonical
    }

    /// Blocks seen so far that had lines but no data: comments, as sent to keep a connection alive, or an `event` alone.
    pub fn comments(&self) -> u64 {
        self.comments
    }

    /// Takes up what the last chunk left open; returns how much of `chunk` that took.
    #[cold]
    fn resume(&mut self, chunk: &[u8], on_event: &mut impl FnMut(Event<'_>)) -> Result<usize, SseError> {
        let mut pos = 0;
        while let (Some(want), Some(got)) = (BOM.get(self.bom), chunk.get(pos)) {
            if want != got {
                // Not a mark after all: its bytes open the first line.
                self.carry.extend_from_slice(&BOM[..self.bom]);
                self.in_line = self.bom > 0;
                self.bom = BOM.len();
                break;
            }
            self.bom += 1;
            pos += 1;
            self.whole_canonical = false;
        }
        if self.carry.is_empty() {
            // The LF of a CRLF whose CR ended the last event reads as an empty block, which is nothing.
            self.after_cr &= chunk.is_empty();
            return Ok(pos);
        }
        self.whole_canonical = false;
        if pos < chunk.len() {
            pos += self.step(&chunk[pos..], on_event)?;
        }
        Ok(pos)
    }

    /// Finishes the event at the start of `rest`, or holds all of `rest`; returns how much it took.
    fn step(&mut self, rest: &[u8], on_event: &mut impl FnMut(Event<'_>)) -> Result<usize, SseError> {
        let end = self.event_end(rest);
        let taken = end.unwrap_or(rest.len());
        // The LF of a final CRLF doesn't count, so that the bound falls alike however the stream is split.
        let slack = usize::from(end.is_some() && rest[..taken].ends_with(b"\r\n"));
        if self.carry.len() + taken - slack > self.limit {
            self.failed = true;
            self.carry = Vec::new();
            return Err(self.too_large());
        }
        if end.is_none() {
            self.whole_canonical = false;
            self.carry.extend_from_slice(rest);
        } else if self.carry.is_empty() {
            self.dispatch(&rest[..taken], on_event);
        } else {
            let mut carry = std::mem::take(&mut self.carry);
            carry.extend_from_slice(&rest[..taken]);
            self.dispatch(&carry, on_event);
            carry.clear();
            carry.shrink_to(KEEP);
            self.carry = carry;
        }
        Ok(taken)
    }

    /// Where the event that is open ends in `rest`, keeping where we are in the line for the next chunk.
    fn event_end(&mut self, rest: &[u8]) -> Option<usize> {
        let mut pos = usize::from(self.after_cr && rest.first() == Some(&b'\n'));
        self.after_cr = false;
        while pos < rest.len() {
            let at = memchr2(b'\n', b'\r', &rest[pos..]).map(|found| pos + found);
            let Some(at) = at else {
                self.in_line = true;
                return None;
            };
            let blank = at == pos && !self.in_line;
            self.in_line = false;
            pos = at + 1;
            if rest[at] == b'\r' {
                match rest.get(pos) {
                    Some(b'\n') => pos += 1,
                    Some(_) => {}
                    None => self.after_cr = true,
                }
            }
            if blank {
                return Some(pos);
            }
        }
        None
    }

    /// Reports one block, if it is an event.
    fn dispatch(&mut self, raw: &[u8], on_event: &mut impl FnMut(Event<'_>)) {
        if let Some(event) = canonical(raw) {
            return on_event(event);
        }
        self.whole_canonical = false;
        let mut joined = std::mem::take(&mut self.joined);
        joined.clear();
        let (mut first, mut count, mut name) = (&raw[..0], 0_usize, None);
        let mut rest = raw;
        let mut lines = 0_u64;
        while let Some(line) = next_line(&mut rest).filter(|line| !line.is_empty()) {
            lines += 1;
            match field(line) {
                (b"data", value) => {
                    if count == 0 {
                        first = value;
                    } else {
                        if count == 1 {
                            joined.extend_from_slice(first);
                        }
                        joined.push(b'\n');
                        joined.extend_from_slice(value);
                    }
                    count += 1;
                }
                (b"event", value) => name = Some(value).filter(|name| !name.is_empty()),
                _ => {}
            }
        }
        if count > 0 {
            let data = if count == 1 { first } else { joined.as_slice() };
            on_event(Event { raw, data, name, canonical: false });
        } else {
            self.comments += lines.min(1);
        }
        joined.shrink_to(KEEP);
        self.joined = joined;
    }

    fn too_large(&self) -> SseError {
        SseError::EventTooLarge { limit: self.limit }
    }
}

/// The canonical event at the start of `rest`, if there's a whole one.
#[inline]
fn canonical(rest: &[u8]) -> Option<Event<'_>> {
    let body = rest.strip_prefix(DATA)?;
    let end = memchr2(b'\n', b'\r', body)?;
    if body.get(end..end + 2) != Some(b"\n\n") {
        return None;
    }
    Some(Event { raw: &rest[..DATA.len() + end + 2], data: &body[..end], name: None, canonical: true })
}

/// Takes the next line off `rest`, without its end.
fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let at = memchr2(b'\n', b'\r', rest)?;
    let line = &rest[..at];
    let crlf = rest[at] == b'\r' && rest.get(at + 1) == Some(&b'\n');
    *rest = &rest[at + 1 + usize::from(crlf)..];
    Some(line)
}

/// Name and value of a line; a comment has the empty name.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b':', line) {
        Some(colon) => {
            let value = &line[colon + 1..];
            (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
        }
        None => (line, &[]),
    }
}

#[cfg(test)]
#[path = "sse_tests.rs"]
mod tests;
