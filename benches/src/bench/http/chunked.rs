//! The decoder of `transfer-encoding: chunked`, one byte state at a time, so that any split of the input will do.

use crate::bench::check::Fault;

/// Longest chunk extension or trailer section that is skipped, in bytes; our own bound against an endless one.
const MAX_SKIPPED: u32 = 8 * 1024;

/// Where the decoder stands between two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the hexadecimal size; the flag says whether a digit was seen.
    Size(bool),
    /// In an extension, up to the end of the line.
    Extension,
    /// After the carriage return of the size line.
    SizeLf,
    /// In the data; so many bytes are still to come.
    Data(u64),
    /// After the data: carriage return.
    DataCr,
    /// After the data: line feed.
    DataLf,
    /// At the start of a trailer line.
    TrailerStart,
    /// Inside a trailer line.
    Trailer,
    /// After a carriage return that opened a trailer line: the very end.
    EndLf,
    /// The body is over.
    Done,
}

/// An incremental decoder of one chunked body.
#[derive(Debug)]
pub struct Chunked {
    state: State,
    size: u64,
    skipped: u32,
}

impl Default for Chunked {
    fn default() -> Self {
        Self { state: State::Size(false), size: 0, skipped: 0 }
    }
}

impl Chunked {
    /// Whether the last chunk and the trailers have been read.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Decodes from `input` onto the end of `out` and returns how many bytes of `input` were used: all of them, unless the
    /// body ended before.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize, Fault> {
        let mut at = 0;
        while at < input.len() && !self.is_done() {
            if let State::Data(left) = self.state {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len() - at);
                out.extend_from_slice(&input[at..at + take]);
                at += take;
                let left = left - take as u64;
                self.state = if left == 0 { State::DataCr } else { State::Data(left) };
                continue;
            }
            self.state = self.step(input[at])?;
            at += 1;
        }
        Ok(at)
    }

    /// One byte outside the data.
    fn step(&mut self, byte: u8) -> Result<State, Fault> {
        match (self.state, byte) {
            (State::Size(_), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte),
            (State::Size(true), b'\r') => Ok(State::SizeLf),
            (State::Size(true), b';' | b' ' | b'\t') => Ok(State::Extension),
            (State::Extension, b'\r') => Ok(State::SizeLf),
            (State::Extension, other) if other != b'\n' => self.skip(State::Extension),
            (State::SizeLf, b'\n') if self.size == 0 => Ok(State::TrailerStart),
            (State::SizeLf, b'\n') => Ok(State::Data(std::mem::take(&mut self.size))),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::Size(false)),
            (State::TrailerStart, b'\r') => Ok(State::EndLf),
            (State::TrailerStart | State::Trailer, b'\n') => Ok(State::TrailerStart),
            (State::TrailerStart | State::Trailer, _) => self.skip(State::Trailer),
            (State::EndLf, b'\n') => Ok(State::Done),
            (State::Size(_), _) => Err(Fault::Framing("a chunk size that is not hexadecimal")),
            (State::DataCr | State::DataLf, _) => Err(Fault::Framing("a chunk longer than its size")),
            _ => Err(Fault::Framing("a bare carriage return or line feed")),
        }
    }

    fn digit(&mut self, byte: u8) -> Result<State, Fault> {
        let value = (byte as char).to_digit(16).map_or(0, u64::from);
        let size = self.size.checked_mul(16).and_then(|size| size.checked_add(value));
        self.size = size.ok_or(Fault::Framing("a chunk size above 64 bits"))?;
        Ok(State::Size(true))
    }

    fn skip(&mut self, next: State) -> Result<State, Fault> {
        self.skipped += 1;
        if self.skipped > MAX_SKIPPED { Err(Fault::Framing("endless extensions or trailers")) } else { Ok(next) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode_in_pieces(wire: &[u8], cuts: &[usize]) -> Result<(Vec<u8>, usize, bool), Fault> {
        let (mut decoder, mut out, mut used, mut from) = (Chunked::default(), Vec::new(), 0, 0);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (wire.len() + 1)).collect();
        cuts.push(wire.len());
        cuts.sort_unstable();
        for cut in cuts {
            used += decoder.decode(&wire[from..cut], &mut out)?;
            from = cut;
        }
        Ok((out, used, decoder.is_done()))
    }

    fn encode(pieces: &[Vec<u8>], extension: bool) -> Vec<u8> {
        let mut wire = Vec::new();
        for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
            let tail = if extension { ";name=value" } else { "" };
            wire.extend_from_slice(format!("{:X}{tail}\r\n", piece.len()).as_bytes());
            wire.extend_from_slice(piece);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(if extension { b"0\r\nx-trailer: 1\r\n\r\n" } else { b"0\r\n\r\n" });
        wire
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_body(
            pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..70), 0..8),
            cuts in proptest::collection::vec(any::<usize>(), 0..12),
            extension in any::<bool>(),
        ) {
            let mut wire = encode(&pieces, extension);
            let body_ends = wire.len();
            wire.extend_from_slice(b"HTTP/1.1 next");
            let (out, used, done) = decode_in_pieces(&wire, &cuts).expect("a valid body");
            prop_assert!(done);
            prop_assert_eq!(out, pieces.concat());
            prop_assert_eq!(used, body_ends, "not a byte of the next answer may be taken");
        }

        #[test]
        fn no_prefix_of_a_body_is_a_whole_body(len in 1_usize..40, cut in any::<usize>()) {
            let wire = encode(&[vec![b'x'; len]], false);
            let cut = cut % wire.len();
            let (_, _, done) = decode_in_pieces(&wire[..cut], &[]).expect("a valid prefix");
            prop_assert!(!done);
        }

        #[test]
        fn garbage_never_panics(wire in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_in_pieces(&wire, &[]);
        }
    }

    #[test]
    fn faulty_framing_is_named() {
        for wire in ["\r\nabc", "5\r\nhello!\r\n", "zz\r\n", "fffffffffffffffff\r\n", "5\nhello", "5\r\nhelloXX"] {
            let fault = decode_in_pieces(wire.as_bytes(), &[]).expect_err(wire);
            assert_eq!(fault.kind(), "framing", "{wire:?}");
        }
    }
}
