//! The head of an answer, reduced to what a measurement needs.

use super::chunked::Chunked;
use crate::bench::check::Fault;

/// Headers read at most; gateways of the LiteLLM kind send some forty.
const MAX_HEADERS: usize = 128;
/// Content type of a whole answer.
const JSON: &[u8] = b"application/json";
/// Content type of a streamed answer.
const EVENT_STREAM: &[u8] = b"text/event-stream";
/// LiteLLM's own account of its overhead, in milliseconds.
const OVERHEAD_HEADER: &str = "x-litellm-overhead-duration-ms";

/// What the body claims to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// `application/json`, with or without parameters.
    Json,
    /// `text/event-stream`, with or without parameters.
    EventStream,
    /// Anything else, or nothing.
    Other,
}

/// How the body ends.
#[derive(Debug)]
pub enum Framing {
    /// By the chunked coding.
    Chunked(Chunked),
    /// After so many more bytes.
    Length(u64),
    /// When the connection closes.
    Close,
}

/// The head of one answer.
#[derive(Debug)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The kind of body.
    pub content_type: ContentType,
    /// How the body ends.
    pub framing: Framing,
    /// Whether the connection may carry another request after this body.
    pub keep_alive: bool,
    /// The gateway's own account of its overhead, in milliseconds, where it gives one.
    pub overhead_ms: Option<f64>,
}

/// Reads a head at the start of `buf`: the head and its length in bytes, or nothing while it is incomplete.
pub fn parse(buf: &[u8]) -> Result<Option<(Head, usize)>, Fault> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(buf) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(problem) => return Err(Fault::Head(problem.to_string())),
    };
    let mut head = Head {
        status: response.code.unwrap_or(0),
        content_type: ContentType::Other,
        framing: Framing::Close,
        keep_alive: response.version == Some(1),
        overhead_ms: None,
    };
    for header in response.headers.iter() {
        note(&mut head, header)?;
    }
    if matches!(head.status, 100..=199 | 204 | 304) {
        head.framing = Framing::Length(0);
    }
    head.keep_alive &= !matches!(head.framing, Framing::Close);
    Ok(Some((head, length)))
}

/// Takes from one header what matters.
fn note(head: &mut Head, header: &httparse::Header<'_>) -> Result<(), Fault> {
    let (name, value) = (header.name, header.value);
    if name.eq_ignore_ascii_case("content-type") {
        head.content_type = content_type(value);
    } else if name.eq_ignore_ascii_case("transfer-encoding") {
        if !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Fault::Framing("a transfer coding other than chunked"));
        }
        head.framing = Framing::Chunked(Chunked::default());
    } else if name.eq_ignore_ascii_case("content-length") {
        let length = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
        let length = length.ok_or(Fault::Framing("a content-length that is not a number"))?;
        if !matches!(head.framing, Framing::Close) {
            return Err(Fault::Framing("two statements of the body's length"));
        }
        head.framing = Framing::Length(length);
    } else if name.eq_ignore_ascii_case("connection") {
        head.keep_alive &= !value.eq_ignore_ascii_case(b"close");
    } else if name.eq_ignore_ascii_case(OVERHEAD_HEADER) {
        head.overhead_ms = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
    }
    Ok(())
}

fn content_type(value: &[u8]) -> ContentType {
    let end = memchr::memchr(b';', value).unwrap_or(value.len());
    let essence = value[..end].trim_ascii();
    if essence.eq_ignore_ascii_case(JSON) {
        ContentType::Json
    } else if essence.eq_ignore_ascii_case(EVENT_STREAM) {
        ContentType::EventStream
    } else {
        ContentType::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_matters() {
        let wire =
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\
            x-litellm-overhead-duration-ms: 1.25\r\n\r\nrest";
        let (head, length) = parse(wire).expect("valid").expect("complete");
        assert_eq!((head.status, head.content_type, head.keep_alive), (200, ContentType::EventStream, true));
        assert!(matches!(head.framing, Framing::Chunked(_)));
        assert_eq!(head.overhead_ms, Some(1.25));
        assert_eq!(&wire[length..], b"rest");
        assert!(parse(&wire[..length - 1]).expect("valid").is_none());
    }

    #[test]
    fn a_connection_that_cannot_be_kept_is_seen() {
        let keep = |wire: &[u8]| parse(wire).expect("valid").expect("complete").0.keep_alive;
        assert!(keep(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"));
        assert!(!keep(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: close\r\n\r\n"));
        assert!(!keep(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\n"));
        assert!(!keep(b"HTTP/1.1 200 OK\r\n\r\n"));
    }

    #[test]
    fn two_lengths_are_refused() {
        let wire = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n";
        assert_eq!(parse(wire).expect_err("smuggling").kind(), "framing");
    }
}
