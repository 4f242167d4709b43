//! How the events of a provider's stream are told apart: the dialect says which framing, and one reader hides the difference.

use bytes::{BufMut, BytesMut};

use super::frames::{self, FrameReader};
use super::lines::LineReader;
use super::protocol::Protocol;
use super::sse::{Event, SseError, SseReader};

/// A framing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// Server-sent events (WHATWG).
    #[default]
    Events,
    /// A JSON text a line (NDJSON).
    Lines,
    /// Binary frames with checksums (Smithy's event streams).
    Frames,
}

impl Framing {
    /// Whether a body of this media type (without parameters) is framed so.
    pub fn is(self, media_type: &str) -> bool {
        let types: &[&str] = match self {
            Framing::Events => &["text/event-stream"],
            Framing::Lines => &["application/x-ndjson", "application/ndjson", "application/jsonl"],
            Framing::Frames => &["application/vnd.amazon.eventstream"],
        };
        types.iter().any(|known| known.eq_ignore_ascii_case(media_type))
    }

    /// Writes an event of `protocol` as a provider frames it, for a stream made of a whole answer.
    pub fn write(self, protocol: Protocol, out: &mut BytesMut, name: Option<&[u8]>, data: &[u8]) {
        match self {
            Framing::Events => protocol.frame(out, name, |out| out.extend_from_slice(data)),
            Framing::Lines => {
                // a line feed stands between members only: within a string JSON has none
                data.split(|byte| *byte == b'\n').for_each(|line| out.extend_from_slice(line));
                out.put_u8(b'\n');
            }
            Framing::Frames => frames::write(out, name, data),
        }
    }
}

/// Reads events in any framing.
#[derive(Debug)]
pub enum StreamReader {
    /// See [`Framing::Events`].
    Events(SseReader),
    /// See [`Framing::Lines`].
    Lines(LineReader),
    /// See [`Framing::Frames`].
    Frames(FrameReader),
}

impl StreamReader {
    /// A reader for one stream that refuses events of more than `max_event_bytes` bytes.
    pub fn new(framing: Framing, max_event_bytes: usize) -> Self {
        match framing {
            Framing::Events => Self::Events(SseReader::new(max_event_bytes)),
            Framing::Lines => Self::Lines(LineReader::new(max_event_bytes)),
            Framing::Frames => Self::Frames(FrameReader::new(max_event_bytes)),
        }
    }

    /// Calls `on_event` for each event that `chunk` completes.
    ///
    /// # Errors
    /// An event longer than the bound, or a damaged frame, and every call after that. The events before it have been reported.
    #[inline]
    pub fn feed(&mut self, chunk: &[u8], on_event: impl FnMut(Event<'_>)) -> Result<(), SseError> {
        match self {
            Self::Events(reader) => reader.feed(chunk, on_event),
            Self::Lines(reader) => reader.feed(chunk, on_event),
            Self::Frames(reader) => reader.feed(chunk, on_event),
        }
    }

    /// The last chunk was nothing but whole canonical events, so the caller may pass it on as it came.
    pub fn whole_canonical(&self) -> bool {
        matches!(self, Self::Events(reader) if reader.whole_canonical())
    }

    /// What would complete the event that is held at the end of a stream, where its end may be left out.
    pub fn missing_end(&self) -> Option<&'static [u8]> {
        match self {
            Self::Lines(reader) if reader.holds_json() => Some(b"\n"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Either ends a line of an event; between the members of an object, both are space.
    #[test]
    fn no_byte_between_members_ends_an_event() {
        let mut out = BytesMut::new();
        Framing::Events.write(Protocol::Own, &mut out, None, b"{\r\"a\":\r\n1,\n\"b\":2}");
        let (mut reader, mut read) = (StreamReader::new(Framing::Events, 128), vec![]);
        reader.feed(&out, |event| read.push(String::from_utf8_lossy(event.data).into_owned())).unwrap();
        assert_eq!(read, ["{\n\"a\":\n\n1,\n\"b\":2}"]);
    }

    #[test]
    fn what_is_written_is_read() {
        for (framing, data) in
            [(Framing::Events, "{\"a\":1}"), (Framing::Lines, "{\n\"a\":\n1}\n"), (Framing::Frames, "{\"a\":1}")]
        {
            let mut out = BytesMut::new();
            framing.write(Protocol::Own, &mut out, None, data.as_bytes());
            let (mut reader, mut read) = (StreamReader::new(framing, 128), vec![]);
            reader.feed(&out, |event| read.push(String::from_utf8_lossy(event.data).into_owned())).unwrap();
            assert_eq!(read, ["{\"a\":1}"]);
            assert_eq!(reader.missing_end(), None);
        }
    }
}
