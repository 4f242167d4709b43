//! Incremental reader of JSON lines (NDJSON): one event a line, any split, LF or CR LF. A line that lies whole within a chunk
//! is lent without a copy.

use memchr::memchr;

use super::sse::{Event, SseError};

/// Reads events from chunks. Between two chunks it holds the unfinished line and nothing else.
#[derive(Debug)]
pub struct LineReader {
    limit: usize,
    carry: Vec<u8>,
    failed: bool,
}

impl LineReader {
    /// A reader for one stream that refuses lines of more than `max_event_bytes` bytes.
    pub fn new(max_event_bytes: usize) -> Self {
        LineReader { limit: max_event_bytes, carry: Vec::new(), failed: false }
    }

    /// Calls `on_event` for each line that `chunk` completes. Empty lines are nothing.
    ///
    /// # Errors
    /// A line longer than the bound, and every call after that. The lines before it have been reported.
    pub fn feed(&mut self, chunk: &[u8], mut on_event: impl FnMut(Event<'_>)) -> Result<(), SseError> {
        let mut rest = chunk;
        while let Some(at) = memchr(b'\n', rest).filter(|_| !self.failed) {
            let (line, after) = rest.split_at(at + 1);
            rest = after;
            self.bounded(line.len())?;
            if self.carry.is_empty() {
                lend(line, &mut on_event);
            } else {
                let mut whole = std::mem::take(&mut self.carry);
                whole.extend_from_slice(line);
                lend(&whole, &mut on_event);
            }
        }
        self.bounded(rest.len())?;
        self.carry.extend_from_slice(rest);
        Ok(())
    }

    /// Whether what is held is a whole JSON text: the last line of a stream need not be ended.
    pub fn holds_json(&self) -> bool {
        !self.carry.is_empty() && serde_json::from_slice::<serde::de::IgnoredAny>(&self.carry).is_ok()
    }

    fn bounded(&mut self, more: usize) -> Result<(), SseError> {
        self.failed |= self.carry.len() + more > self.limit;
        if self.failed { Err(SseError::EventTooLarge { limit: self.limit }) } else { Ok(()) }
    }
}

fn lend(line: &[u8], on_event: &mut impl FnMut(Event<'_>)) {
    let data = line.trim_ascii();
    if !data.is_empty() {
        on_event(Event { raw: line, data, name: None, canonical: false });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(chunks: &[&[u8]], limit: usize) -> (Vec<String>, bool) {
        let (mut reader, mut lines) = (LineReader::new(limit), vec![]);
        let fed = chunks.iter().try_for_each(|chunk| {
            reader.feed(chunk, |event| lines.push(String::from_utf8_lossy(event.data).into_owned()))
        });
        (lines, fed.is_ok())
    }

    #[test]
    fn lines_are_read_whatever_ends_them() {
        let (lines, good) = read(&[b"{\"a\":1}\r\n\n  \n{\"b\":\"\\n\"}\n{\"c\""], 64);
        assert_eq!((lines, good), (vec!["{\"a\":1}".to_owned(), "{\"b\":\"\\n\"}".to_owned()], true));
    }

    #[test]
    fn a_line_beyond_the_bound_fails_however_it_is_split_and_for_good() {
        let line = [b"\"", "x".repeat(40).as_bytes(), b"\"\n"].concat();
        assert!(read(&[&line], line.len()).1);
        for cut in 0..line.len() {
            let (lines, good) = read(&[b"1\n", &line[..cut], &line[cut..], b"2\n"], line.len() - 1);
            assert_eq!((lines, good), (vec!["1".to_owned()], false), "{cut}");
        }
    }

    #[test]
    fn a_last_line_without_its_end_counts_when_it_is_whole() {
        let mut reader = LineReader::new(64);
        for (piece, whole) in [("{\"a\"", false), (":1}", true), ("x", false)] {
            reader.feed(piece.as_bytes(), |_| panic!("no line has ended")).unwrap();
            assert_eq!(reader.holds_json(), whole, "{piece}");
        }
    }

    proptest! {
        #[test]
        fn any_split_reads_the_same(text in "[a-z{}\"\n\r é]{0,60}", cuts in proptest::collection::vec(0usize..80, 0..6)) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(read(&chunks, 1 << 10), read(&[bytes], 1 << 10));
        }
    }
}
