//! Server-sent events as LLM providers use them, read strictly: one `data:` line an event, at most one `event:` line,
//! comments, nothing else.

use std::ops::Range;

use crate::bench::check::Fault;

/// Largest event kept while its end has not come, in bytes.
const MAX_EVENT: usize = 1024 * 1024;

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its name, if it has one.
    pub name: Option<&'a [u8]>,
    /// Its data.
    pub data: &'a [u8],
}

/// Splits a body into its events.
#[derive(Debug, Default)]
pub struct Events {
    buf: Vec<u8>,
    /// Start of the first event not yet handed out.
    start: usize,
    /// No event ends before here.
    scanned: usize,
}

impl Events {
    /// The buffer to which decoded body bytes are appended.
    pub fn input(&mut self) -> &mut Vec<u8> {
        if self.start > 0 {
            self.buf.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        &mut self.buf
    }

    /// Whether every byte belonged to an event that ended.
    pub fn is_drained(&self) -> bool {
        self.start == self.buf.len()
    }

    /// The next whole event, or nothing until more bytes come. Comments are passed over.
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>, Fault> {
        while let Some(end) = self.event_end() {
            let event = self.start..end;
            self.start = end;
            if let Some(places) = places(&self.buf[event.clone()])? {
                let slice = |range: Range<usize>| &self.buf[event.start + range.start..event.start + range.end];
                return Ok(Some(Event { name: places.name.map(slice), data: slice(places.data) }));
            }
        }
        if self.buf.len() - self.start > MAX_EVENT {
            return Err(Fault::Sse("an event longer than 1 MiB".to_owned()));
        }
        Ok(None)
    }

    /// Index after the blank line that ends the first event.
    fn event_end(&mut self) -> Option<usize> {
        let from = self.scanned.max(self.start);
        for offset in memchr::memchr_iter(b'\n', &self.buf[from..]) {
            let after = from + offset + 1;
            match &self.buf[after..] {
                [b'\n', ..] => return Some(self.found(after + 1)),
                [b'\r', b'\n', ..] => return Some(self.found(after + 2)),
                _ => {}
            }
        }
        // The last two bytes may be the first part of an ending that is still on its way.
        self.scanned = self.buf.len().saturating_sub(2).max(self.start);
        None
    }

    fn found(&mut self, end: usize) -> usize {
        self.scanned = end;
        end
    }
}

/// Where name and data stand within one event.
struct Places {
    name: Option<Range<usize>>,
    data: Range<usize>,
}

/// The places within one event, or nothing if the event is only a comment.
fn places(event: &[u8]) -> Result<Option<Places>, Fault> {
    let (mut name, mut data, mut at) = (None, None, 0);
    for line in event.split(|byte| *byte == b'\n') {
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        let value = |field: &[u8]| {
            let value = text.strip_prefix(field)?;
            Some(at + field.len() + usize::from(value.first() == Some(&b' '))..at + text.len())
        };
        if let Some(range) = value(b"data:") {
            if data.replace(range).is_some() {
                return Err(Fault::Sse("two data lines in one event".to_owned()));
            }
        } else if let Some(range) = value(b"event:") {
            if name.replace(range).is_some() {
                return Err(Fault::Sse("two names of one event".to_owned()));
            }
        } else if !text.is_empty() && text[0] != b':' {
            let shown = String::from_utf8_lossy(&text[..text.len().min(60)]).into_owned();
            return Err(Fault::Sse(format!("a line that is neither data, name nor comment: {shown:?}")));
        }
        at += line.len() + 1;
    }
    match (name, data) {
        (Some(_), None) => Err(Fault::Sse("a name and no data".to_owned())),
        (name, data) => Ok(data.map(|data| Places { name, data })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(wire: &[u8], step: usize) -> Result<(Vec<String>, bool), Fault> {
        let (mut events, mut found) = (Events::default(), Vec::new());
        for piece in wire.chunks(step) {
            events.input().extend_from_slice(piece);
            while let Some(event) = events.next_event()? {
                let name = event.name.map(|name| format!("{}|", String::from_utf8_lossy(name))).unwrap_or_default();
                found.push(format!("{name}{}", String::from_utf8_lossy(event.data)));
            }
        }
        Ok((found, events.is_drained()))
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events(step in 1_usize..40, crlf in any::<bool>(), words in "[a-z]{0,9}") {
            let wire = format!(": ping\n\ndata: {words}\n\nevent: n\ndata:two\n\n: a\n: b\n\ndata: [DONE]\n\n");
            let wire = if crlf { wire.replace('\n', "\r\n") } else { wire };
            let (found, drained) = all(wire.as_bytes(), step).expect("valid");
            prop_assert_eq!(found, vec![words, "n|two".to_owned(), "[DONE]".to_owned()]);
            prop_assert!(drained);
        }
    }

    #[test]
    fn an_unfinished_event_is_not_drained() {
        assert_eq!(all(b"data: a\n\ndata: b\n", 3).expect("valid"), (vec!["a".to_owned()], false));
    }

    #[test]
    fn other_fields_are_refused() {
        for wire in
            ["id: x\ndata: a\n\n", "event: a\n\n", "event: a\nevent: b\ndata: c\n\n", "data: a\ndata: b\n\n", "{}\n\n"]
        {
            assert_eq!(all(wire.as_bytes(), 100).expect_err(wire).kind(), "sse");
        }
    }
}
