//! Reads one response head far enough to know what the guard must do with it. The same parser as awc's (httparse),
//! without its leniencies, so what passes here means the same there.

use std::mem::MaybeUninit;

use super::framing::Framing;

/// Headers in one head; awc's own bound, so that a larger head fails here with a name.
const MAX_HEADERS: usize = 96;

/// What the bytes so far are.
#[derive(Debug)]
pub(super) enum Head {
    /// Not complete.
    Partial,
    /// A complete 1xx head of `len` bytes: to be dropped.
    Interim { len: usize },
    /// The head of the answer.
    Final(FinalHead),
}

/// The head of the answer, as far as it concerns the wire.
#[derive(Debug)]
pub(super) struct FinalHead {
    /// Bytes up to and with the blank line.
    pub(super) len: usize,
    /// How the body ends.
    pub(super) framing: Framing,
    /// The connection may carry another exchange.
    pub(super) reusable: bool,
    /// awc would take the body for empty: show it HTTP/1.0, for which it reads to the end.
    pub(super) as_http10: bool,
}

/// Reads a head from the start of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Head, &'static str> {
    const START: &[u8] = b"HTTP/1.";
    let known = bytes.len().min(START.len());
    if bytes[..known] != START[..known] {
        return Err("not http/1");
    }
    let mut space = [const { MaybeUninit::<httparse::Header<'_>>::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let config = httparse::ParserConfig::default();
    let len = match config.parse_response_with_uninit_headers(&mut response, bytes, &mut space) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(Head::Partial),
        Err(httparse::Error::TooManyHeaders) => return Err("more than 96 headers"),
        Err(_) => return Err("malformed head"),
    };
    match response.code.unwrap_or_default() {
        101 => Err("101 switching protocols, which was not asked for"),
        100..=199 => Ok(Head::Interim { len }),
        200..=599 => judge(&response, len).map(Head::Final),
        _ => Err("status out of range"),
    }
}

/// Where `bytes[from..]` may end a head: a blank line, with or without carriage returns.
pub(super) fn may_end(bytes: &[u8], from: usize) -> bool {
    let tail = &bytes[from.saturating_sub(3).min(bytes.len())..];
    memchr::memchr_iter(b'\n', tail).any(|at| matches!(tail[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]))
}

fn judge(response: &httparse::Response<'_, '_>, len: usize) -> Result<FinalHead, &'static str> {
    let http11 = response.version == Some(1);
    let mut length = None;
    let mut chunked = false;
    let mut close = !http11;
    for header in response.headers.iter() {
        let value = header.value.trim_ascii();
        if header.name.eq_ignore_ascii_case("content-length") {
            if length.replace(parse_length(value)?).is_some() {
                return Err("more than one content-length");
            }
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            // Any other coding, or chunked twice, is read differently by different parsers.
            if chunked || !http11 || !value.eq_ignore_ascii_case(b"chunked") {
                return Err("transfer-encoding other than one chunked");
            }
            chunked = true;
        } else if header.name.eq_ignore_ascii_case("connection") {
            close |= value.split(|byte| *byte == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"));
        } else if header.name.eq_ignore_ascii_case("upgrade") && value.eq_ignore_ascii_case(b"websocket") {
            // awc takes such a head for the start of a tunnel and drops its body.
            return Err("upgrade to websocket, which was not asked for");
        }
    }
    let bodyless = matches!(response.code, Some(204 | 304));
    // A bodyless status that announces a body, or two ways to tell the end: believed once, never for a second exchange.
    let odd = (bodyless && (chunked || length.is_some_and(|n| n > 0))) || (chunked && length.is_some());
    let framing = match length {
        _ if bodyless => Framing::Length(0),
        _ if chunked => Framing::chunked(),
        Some(length) => Framing::Length(length),
        None => Framing::UntilClose,
    };
    let until_close = matches!(framing, Framing::UntilClose);
    Ok(FinalHead { len, framing, reusable: !close && !odd && !until_close, as_http10: http11 && until_close })
}

fn parse_length(value: &[u8]) -> Result<u64, &'static str> {
    const BAD: &str = "content-length is not a number";
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(BAD);
    }
    std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or(BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn final_head(text: &str) -> FinalHead {
        match read(text.as_bytes()) {
            Ok(Head::Final(head)) => head,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn framing_is_told_from_the_head() {
        let head = final_head("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        assert!(matches!(head, FinalHead { len: 38, framing: Framing::Length(5), reusable: true, as_http10: false }));
        let head = final_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::Chunked { .. }, reusable: false, .. }));
        let head = final_head("HTTP/1.1 200 OK\r\nx: y\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::UntilClose, reusable: false, as_http10: true, .. }));
        let head = final_head("HTTP/1.0 200 OK\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::UntilClose, reusable: false, as_http10: false, .. }));
        let head = final_head("HTTP/1.1 204 No Content\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::Length(0), reusable: true, as_http10: false, .. }));
        let head = final_head("HTTP/1.1 200 OK\r\nconnection: keep-alive, Close\r\ncontent-length: 0\r\n\r\n");
        assert!(!head.reusable);
    }

    #[test]
    fn interim_heads_are_told_apart() {
        assert!(matches!(read(b"HTTP/1.1 103 Early Hints\r\na: b\r\n\r\n"), Ok(Head::Interim { len: 34 })));
        assert!(read(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").is_err());
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_refused() {
        for bad in [
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length : 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\nupgrade: websocket\r\ncontent-length: 5\r\n\r\n",
            "HTTP/1.1 099 Odd\r\n\r\n",
            "HTTP/2 200\r\n\r\n",
            "SSH-2.0-OpenSSH_9.6\r\n",
            "\u{15}\u{3}\u{3}",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_possible_end_is_found_wherever_the_cut_is() {
        let head = b"HTTP/1.1 200 OK\r\na: b\r\n\r\n";
        for cut in 0..head.len() {
            assert!(!may_end(&head[..cut], 0), "{cut}");
            assert!(may_end(head, cut), "{cut}");
        }
        assert!(may_end(b"a\n\n", 2));
    }
}
