//! Where a response body ends. awc decodes the body; this only follows its framing over the same bytes, so that the
//! guard knows a cut body from a complete one and sees bytes that belong to no answer. Stricter than awc's decoder
//! everywhere (CRLF only, bounded extensions and trailers), so the two can never disagree about the end.

/// Bytes of chunk extensions and trailers taken in one body; nobody we call sends any that matter.
const MAX_EXTRA: u32 = 16 * 1024;

/// How a body is delimited, and how far into it we are.
#[derive(Debug)]
pub(super) enum Framing {
    /// Bytes still to come; 0 is an empty or finished body.
    Length(u64),
    /// `transfer-encoding: chunked`.
    Chunked {
        /// Position within the chunk grammar.
        at: Chunk,
        /// Extension and trailer bytes seen.
        extra: u32,
    },
    /// Ended by closing the connection.
    UntilClose,
}

/// Position within `size [;ext] CRLF data CRLF ... 0 CRLF [trailers] CRLF`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chunk {
    Size { value: u64, digits: u8 },
    Extension { value: u64 },
    SizeLf { value: u64 },
    Data { left: u64 },
    DataCr,
    DataLf,
    LineStart,
    Trailer,
    TrailerLf,
    EndLf,
}

impl Framing {
    /// The start of a chunked body.
    pub(super) fn chunked() -> Self {
        Self::Chunked { at: Chunk::START, extra: 0 }
    }

    /// Follows the framing over `data`. `Some(n)`: the body ended after `n` bytes of it. `None`: all of it is body.
    pub(super) fn feed(&mut self, data: &[u8]) -> Result<Option<usize>, &'static str> {
        match self {
            Self::UntilClose => Ok(None),
            Self::Length(left) => {
                let here = (*left).min(data.len() as u64);
                *left -= here;
                Ok((*left == 0).then_some(here as usize))
            }
            Self::Chunked { at, extra } => feed_chunked(at, extra, data),
        }
    }
}

fn feed_chunked(at: &mut Chunk, extra: &mut u32, data: &[u8]) -> Result<Option<usize>, &'static str> {
    let mut pos = 0;
    while let Some(&byte) = data.get(pos) {
        if let Chunk::Data { left } = *at {
            let here = left.min((data.len() - pos) as u64);
            pos += here as usize;
            *at = match left == here {
                true if data[pos..].starts_with(b"\r\n") => {
                    pos += 2;
                    Chunk::START
                }
                true => Chunk::DataCr,
                false => Chunk::Data { left: left - here },
            };
            continue;
        }
        if let (Chunk::START, Some((size, length))) = (*at, size_line(&data[pos..])) {
            *at = if size == 0 { Chunk::LineStart } else { Chunk::Data { left: size } };
            pos += length;
            continue;
        }
        pos += 1;
        if matches!((*at, byte), (Chunk::EndLf, b'\n')) {
            return Ok(Some(pos));
        }
        if matches!(at, Chunk::Extension { .. } | Chunk::Trailer) {
            *extra += 1;
            if *extra > MAX_EXTRA {
                return Err("chunk extensions or trailers too long");
            }
        }
        *at = at.step(byte)?;
    }
    Ok(None)
}

/// A line that is a size and nothing else, and its length: what all but the odd chunk begin with. Any other, and what isn't
/// all here, goes byte by byte.
fn size_line(data: &[u8]) -> Option<(u64, usize)> {
    let (mut size, mut pos) = (0, 0);
    // eight digits are four gigabytes
    while pos <= 8 {
        match *data.get(pos)? {
            b'\r' if pos > 0 && data.get(pos + 1) == Some(&b'\n') => return Some((size, pos + 2)),
            digit if digit.is_ascii_hexdigit() => size = size << 4 | u64::from(hex(digit)),
            _ => return None,
        }
        pos += 1;
    }
    None
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> u8 {
    if digit.is_ascii_digit() { digit - b'0' } else { (digit | 0x20) - b'a' + 10 }
}

impl Chunk {
    /// Before a chunk.
    const START: Self = Self::Size { value: 0, digits: 0 };

    fn step(self, byte: u8) -> Result<Self, &'static str> {
        Ok(match (self, byte) {
            (Self::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                if digits == 16 {
                    return Err("chunk size too large");
                }
                Self::Size { value: value << 4 | u64::from(hex(byte)), digits: digits + 1 }
            }
            (Self::Size { digits: 0, .. }, _) => return Err("chunk size missing"),
            (Self::Size { value, .. }, b'\r') => Self::SizeLf { value },
            (Self::Size { value, .. }, b';' | b' ' | b'\t') => Self::Extension { value },
            (Self::Extension { value }, b'\r') => Self::SizeLf { value },
            (Self::Extension { value }, byte) if byte != b'\n' => Self::Extension { value },
            (Self::SizeLf { value: 0 }, b'\n') => Self::LineStart,
            (Self::SizeLf { value }, b'\n') => Self::Data { left: value },
            (Self::DataCr, b'\r') => Self::DataLf,
            (Self::DataLf, b'\n') => Self::START,
            (Self::LineStart, b'\r') => Self::EndLf,
            (Self::LineStart | Self::Trailer, byte) if byte != b'\r' && byte != b'\n' => Self::Trailer,
            (Self::Trailer, b'\r') => Self::TrailerLf,
            (Self::TrailerLf, b'\n') => Self::LineStart,
            _ => return Err("malformed chunked framing"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_of(framing: fn() -> Framing, data: &[u8]) -> Result<Option<usize>, &'static str> {
        let whole = framing().feed(data);
        for cut in 0..=data.len() {
            let mut framing = framing();
            let split = match framing.feed(&data[..cut]) {
                Ok(None) => framing.feed(&data[cut..]).map(|end| end.map(|n| n + cut)),
                other => other,
            };
            assert_eq!(split, whole, "cut at {cut} of {:?}", String::from_utf8_lossy(data));
        }
        whole
    }

    #[test]
    fn the_end_of_a_chunked_body_is_found() {
        assert_eq!(end_of(Framing::chunked, b"5\r\nhello\r\n0\r\n\r\nHTTP"), Ok(Some(15)));
        assert_eq!(end_of(Framing::chunked, b"A;x=1\r\n0123456789\r\n000\r\na: b\r\nc: d\r\n\r\n"), Ok(Some(38)));
        assert_eq!(end_of(Framing::chunked, b"5\r\nhello\r\n0\r\n"), Ok(None));
        assert_eq!(end_of(Framing::chunked, b"5\r\nhel"), Ok(None));
    }

    #[test]
    fn loose_framing_is_refused() {
        for bad in [
            &b"5\nhello"[..],
            b"\r\n",
            b"x\r\n",
            b"-1\r\n",
            b"5\r\nhelloX\r\n",
            b"5\r\nhello\n0\r\n\r\n",
            b"0\r\na: b\n\r\n",
            b"11111111111111111\r\n",
            b"0\r\n\n",
        ] {
            assert!(end_of(Framing::chunked, bad).is_err(), "{:?}", String::from_utf8_lossy(bad));
        }
        let long = [&b"1;"[..], &vec![b'x'; MAX_EXTRA as usize + 1]].concat();
        assert!(Framing::chunked().feed(&long).is_err());
    }

    #[test]
    fn a_length_is_counted() {
        assert_eq!(end_of(|| Framing::Length(3), b"abcd"), Ok(Some(3)));
        assert_eq!(end_of(|| Framing::Length(3), b"ab"), Ok(None));
        assert_eq!(Framing::Length(0).feed(b"x"), Ok(Some(0)));
        assert_eq!(end_of(|| Framing::UntilClose, b"abcd"), Ok(None));
    }
}
