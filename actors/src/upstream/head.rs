//! Reads one response head far enough to know what the guard must do with it: its lines, and of its headers the few that
//! tell how the body ends.
//!
//! What is read differently by different parsers is refused, and a test holds it to httparse: whatever httparse takes, this
//! reads the same or refuses. (Parsing with httparse cost four times as much.)

use std::ops::Range;

use memchr::memchr;

use super::framing::Framing;

pub(super) const MALFORMED: &str = "malformed head";
/// Headers in one head.
const MAX_HEADERS: usize = 96;
/// Headers that most heads do not exceed.
const USUAL: usize = 24;

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
    /// Where its headers are.
    pub(super) fields: Vec<Field>,
    /// 200 to 599.
    pub(super) status: u16,
    /// How the body ends.
    pub(super) framing: Framing,
    /// The connection may carry another exchange.
    pub(super) reusable: bool,
}

/// Where in a head a header is: its name, and its value without the space around it.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// Reads a head from the start of `bytes`.
pub(super) fn read(bytes: &[u8]) -> Result<Head, &'static str> {
    const START: &[u8] = b"HTTP/1.";
    let known = bytes.len().min(START.len());
    if bytes[..known] != START[..known] {
        return Err("not http/1");
    }
    let mut lines = Lines { bytes, start: 0, pos: 0 };
    let Some(first) = lines.next() else { return Ok(Head::Partial) };
    let (http11, code) = status(first)?;
    let (mut told, mut fields) = (Told::default(), Vec::with_capacity(USUAL));
    for _ in 0..=MAX_HEADERS {
        match lines.next() {
            None => return Ok(Head::Partial),
            Some([]) => {
                return match code {
                    101 => Err("101 switching protocols, which was not asked for"),
                    100..=199 => Ok(Head::Interim { len: lines.pos }),
                    200..=599 => Ok(Head::Final(judge(http11, code, &told, (lines.pos, fields)))),
                    _ => Err("status out of range"),
                };
            }
            Some(line) => {
                let start = lines.start;
                let colon = told.header(line, http11)?;
                let value = trimmed(line, colon + 1);
                fields.push(Field { name: start..start + colon, value: start + value.start..start + value.end });
            }
        }
    }
    Err("more than 96 headers")
}

/// The complete lines of a head, without their ends.
struct Lines<'a> {
    bytes: &'a [u8],
    /// Where the last one begins.
    start: usize,
    /// Where the next one begins.
    pos: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = &self.bytes[self.pos..];
        let end = memchr(b'\n', rest)?;
        self.start = self.pos;
        self.pos += end + 1;
        let line = &rest[..end];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// The version's minor number being 1, and the status code.
fn status(line: &[u8]) -> Result<(bool, u16), &'static str> {
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ (b'0' | b'1'), b' ', code @ ..] = line else {
        return Err(MALFORMED);
    };
    match code {
        [a, b, c] | [a, b, c, b' ', ..] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()) => {
            let code = [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(*digit - b'0'));
            Ok((*minor == b'1', code))
        }
        _ => Err(MALFORMED),
    }
}

/// What the headers tell of the body.
#[derive(Default)]
struct Told {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    /// The body is in a coding, and we ask for none: who does that is not asked twice on one connection.
    coded: bool,
}

impl Told {
    /// Returns where the colon is.
    fn header(&mut self, line: &[u8], http11: bool) -> Result<usize, &'static str> {
        let Some(colon) = memchr(b':', line) else { return Err(MALFORMED) };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        // a fold has space before its name, if it has a name; space behind one is read by some and not by others
        if name.is_empty() || name[0] <= b' ' || name[colon - 1] <= b' ' {
            return Err(MALFORMED);
        }
        // nearly none is one of the five
        if !matches!(name[0], b'c' | b'C' | b't' | b'T' | b'u' | b'U') {
            return Ok(colon);
        }
        let value = value.trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.replace(parse_length(value)?).is_some() {
                return Err("more than one content-length");
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            // Any other coding, or chunked twice, is read differently by different parsers.
            if self.chunked || !http11 || !value.eq_ignore_ascii_case(b"chunked") {
                return Err("transfer-encoding other than one chunked");
            }
            self.chunked = true;
        } else if name.eq_ignore_ascii_case(b"connection") {
            self.close |=
                value.split(|byte| *byte == b',').any(|word| word.trim_ascii().eq_ignore_ascii_case(b"close"));
        } else if name.eq_ignore_ascii_case(b"content-encoding") {
            self.coded |= !value.eq_ignore_ascii_case(b"identity");
        } else if name.eq_ignore_ascii_case(b"upgrade") && value.eq_ignore_ascii_case(b"websocket") {
            // the start of a tunnel to some, who drop the body
            return Err("upgrade to websocket, which was not asked for");
        }
        Ok(colon)
    }
}

/// What of `line[from..]` is not space or tab around it, which is not the value's (RFC 9110, 5.5).
fn trimmed(line: &[u8], from: usize) -> Range<usize> {
    let (mut start, mut end) = (from, line.len());
    while start < end && matches!(line[start], b' ' | b'\t') {
        start += 1;
    }
    while start < end && matches!(line[end - 1], b' ' | b'\t') {
        end -= 1;
    }
    start..end
}

/// Where `bytes[from..]` may end a head: a blank line, with or without carriage returns.
pub(super) fn may_end(bytes: &[u8], from: usize) -> bool {
    let tail = &bytes[from.saturating_sub(3).min(bytes.len())..];
    memchr::memchr_iter(b'\n', tail).any(|at| matches!(tail[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]))
}

fn judge(http11: bool, code: u16, told: &Told, (len, fields): (usize, Vec<Field>)) -> FinalHead {
    let &Told { length, chunked, close, coded } = told;
    let close = close || coded || !http11;
    let bodyless = matches!(code, 204 | 304);
    // A bodyless status that announces a body, or two ways to tell the end: believed once, never for a second exchange.
    let odd = (bodyless && (chunked || length.is_some_and(|n| n > 0))) || (chunked && length.is_some());
    let framing = match length {
        _ if bodyless => Framing::Length(0),
        _ if chunked => Framing::chunked(),
        Some(length) => Framing::Length(length),
        None => Framing::UntilClose,
    };
    let until_close = matches!(framing, Framing::UntilClose);
    FinalHead { len, fields, status: code, framing, reusable: !close && !odd && !until_close }
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
        assert!(matches!(head, FinalHead { len: 38, status: 200, framing: Framing::Length(5), reusable: true, .. }));
        let head = final_head("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::Chunked { .. }, reusable: false, .. }));
        let head = final_head("HTTP/1.1 200 OK\r\nx: y\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::UntilClose, reusable: false, .. }));
        let head = final_head("HTTP/1.0 200 OK\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::UntilClose, reusable: false, .. }));
        let head = final_head("HTTP/1.1 204 No Content\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::Length(0), reusable: true, .. }));
        // a body is announced where none can be: whoever sends it would be read as the next answer
        let head = final_head("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
        assert!(matches!(head, FinalHead { framing: Framing::Length(0), reusable: false, .. }));
        let head = final_head("HTTP/1.1 200 OK\r\nconnection: keep-alive, Close\r\ncontent-length: 0\r\n\r\n");
        assert!(!head.reusable);
        for (coding, reusable) in [("gzip", false), ("identity", true), ("", false)] {
            let head =
                final_head(&format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\ncontent-length: 0\r\n\r\n"));
            assert_eq!(head.reusable, reusable, "{coding}");
        }
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
            "HTTP/1.1 200 OK\r\na: b\r\n content-length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\na: b\r\n\tfolded\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n",
            "HTTP/1.1 2000\r\n\r\n",
            "HTTP/1.2 200 OK\r\n\r\n",
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

    type Headers = Vec<(String, Vec<u8>)>;

    /// As httparse reads it: the length of the head, and the headers that tell of the body, lower-case.
    fn as_httparse(bytes: &[u8]) -> Option<(usize, bool, u16, Headers)> {
        let mut space = [const { std::mem::MaybeUninit::<httparse::Header<'_>>::uninit() }; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut []);
        let mut config = httparse::ParserConfig::default();
        config.allow_spaces_after_header_name_in_responses(true);
        match config.parse_response_with_uninit_headers(&mut response, bytes, &mut space) {
            Ok(httparse::Status::Complete(len)) => {
                let told = response.headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.to_vec()));
                let of_body = ["content-length", "transfer-encoding", "connection", "upgrade"];
                let told = told.filter(|(name, _)| of_body.contains(&name.as_str())).collect();
                Some((len, response.version == Some(1), response.code.unwrap(), told))
            }
            _ => None,
        }
    }

    #[test]
    fn what_httparse_takes_is_read_the_same_or_refused() {
        let names = ["content-length", "Transfer-Encoding", "connection", "Upgrade", "x", "x-a", "c", "t\u{e9}"];
        let values =
            ["5", " 5 ", "chunked", "close", "keep-alive, Close", "websocket", "", "a:b", "\t7", "5\r", "\u{e9}"];
        let seps = [": ", ":", " : ", "", ":\t"];
        let ends = ["\r\n", "\n", "\r\n", "\r\n ", "\r", "\n\n", "\0\r\n"];
        let starts = [
            "HTTP/1.1 200 OK",
            "HTTP/1.0 200 OK",
            "HTTP/1.1 204",
            "HTTP/1.1 100 Continue",
            "HTTP/1.1 200 ",
            "HTTP/1.1 20x",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        let (mut taken, mut agreed) = (0, 0);
        for _ in 0..40_000 {
            let mut text = format!("{}\r\n", random.choice(starts).unwrap());
            for _ in 0..random.usize(..4) {
                // mostly well-formed, so that the odd part is the only one
                let odd = random.u8(..4) == 0;
                let sep = if odd { *random.choice(&seps).unwrap() } else { ": " };
                let end = if odd { *random.choice(&ends).unwrap() } else { "\r\n" };
                text += &format!("{}{sep}{}{end}", random.choice(names).unwrap(), random.choice(values).unwrap());
            }
            text += "\r\n";
            let Some((len, http11, code, told)) = as_httparse(text.as_bytes()) else { continue };
            taken += 1;
            let read = match read(text.as_bytes()) {
                Err(_) => continue,
                Ok(Head::Partial) => panic!("httparse has a head, and the guard waits: {text:?}"),
                Ok(Head::Interim { len: read }) => {
                    assert_eq!((read, code), (len, 100), "{text:?}");
                    continue;
                }
                Ok(Head::Final(head)) => head,
            };
            agreed += 1;
            let all = |name: &str| -> Vec<&[u8]> {
                told.iter().filter(|(told, _)| told == name).map(|(_, value)| value.trim_ascii()).collect()
            };
            let length = all("content-length").first().map(|v| std::str::from_utf8(v).unwrap().parse::<u64>().unwrap());
            let chunked = !all("transfer-encoding").is_empty();
            assert_eq!(read.len, len, "{text:?}");
            match read.framing {
                Framing::Length(0) if code == 204 => {}
                Framing::Length(n) => assert_eq!((Some(n), chunked), (length, false), "{text:?}"),
                Framing::UntilClose => assert_eq!((length, chunked), (None, false), "{text:?}"),
                _ => assert!(chunked, "{text:?}"),
            }
            let closes = all("connection").iter().any(|v| v.to_ascii_lowercase().ends_with(b"close"));
            assert!(!(read.reusable && (closes || !http11)), "{text:?}");
        }
        assert!(taken > 5_000 && agreed > 3_000, "{taken} {agreed}");
    }
}
