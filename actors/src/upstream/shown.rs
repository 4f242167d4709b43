//! The head that awc is shown in place of an answer's own: how the body ends, whether the connection may be kept, nothing else.

use super::framing::Framing;

/// Room for the longest: a chunked body behind which the connection is closed.
const ROOM: usize = 64;

/// A head for awc. It takes the place of the head it stands for, and is never longer: line feeds alone, no spaces, no reason,
/// and no header of which the other has not one as long.
pub(super) struct Shown {
    bytes: [u8; ROOM],
    len: usize,
}

impl Shown {
    /// A head with a body behind it that ends as told.
    pub(super) fn new(status: u16, framing: &Framing, reusable: bool) -> Self {
        match framing {
            // awc takes the body of HTTP/1.1 without a length for empty, and reads that of HTTP/1.0 to its end
            Framing::UntilClose => Self::start(status, false).line(b""),
            // to awc, HTTP/1.0 is not chunked
            Framing::Chunked { .. } => {
                let chunked = Self::start(status, true).line(b"transfer-encoding:chunked");
                if reusable { chunked.line(b"") } else { chunked.line(b"connection:close").line(b"") }
            }
            Framing::Length(length) => {
                let start = Self::start(status, reusable).with(b"content-length:");
                start.line(itoa::Buffer::new().format(*length).as_bytes()).line(b"")
            }
        }
    }

    /// A head behind which nothing comes.
    pub(super) fn without_body(status: u16, reusable: bool) -> Self {
        Self::start(status, reusable).line(b"")
    }

    /// Writes it over the start of `seen`, and returns how long it is.
    pub(super) fn put(&self, seen: &mut [u8]) -> usize {
        seen[..self.len].copy_from_slice(&self.bytes[..self.len]);
        self.len
    }

    /// To awc, HTTP/1.1 keeps its connection and HTTP/1.0 does not.
    fn start(status: u16, http11: bool) -> Self {
        let new = Self { bytes: [0; ROOM], len: 0 };
        let version: &[u8] = if http11 { b"HTTP/1.1 " } else { b"HTTP/1.0 " };
        new.with(version).line(itoa::Buffer::new().format(status).as_bytes())
    }

    fn with(mut self, text: &[u8]) -> Self {
        self.bytes[self.len..self.len + text.len()].copy_from_slice(text);
        self.len += text.len();
        self
    }

    fn line(self, text: &[u8]) -> Self {
        self.with(text).with(b"\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::head::{self, Head};
    use super::*;

    /// The shortest head of each kind, and what stands for it.
    #[test]
    fn it_tells_the_same_of_the_body_and_is_no_longer() {
        for (text, want) in [
            ("HTTP/1.1 200\n\n", "HTTP/1.0 200\n\n"),
            ("HTTP/1.0 200\n\n", "HTTP/1.0 200\n\n"),
            ("HTTP/1.1 204\n\n", "HTTP/1.1 204\ncontent-length:0\n\n"),
            ("HTTP/1.1 404\ncontent-length:05\n\n", "HTTP/1.1 404\ncontent-length:5\n\n"),
            ("HTTP/1.0 200\ncontent-length:5\n\n", "HTTP/1.0 200\ncontent-length:5\n\n"),
            ("HTTP/1.1 200\ncontent-length:5\nconnection:close\n\n", "HTTP/1.0 200\ncontent-length:5\n\n"),
            ("HTTP/1.1 200\ncontent-length:18446744073709551615\n\n", ""),
            ("HTTP/1.1 200\ntransfer-encoding:chunked\n\n", ""),
            ("HTTP/1.1 200\ntransfer-encoding:chunked\nconnection:close\n\n", ""),
            (
                "HTTP/1.1 200\ntransfer-encoding:chunked\ncontent-length:5\n\n",
                "HTTP/1.1 200\ntransfer-encoding:chunked\nconnection:close\n\n",
            ),
        ] {
            let Ok(Head::Final(head)) = head::read(text.as_bytes()) else { panic!("{text:?}") };
            let shown = Shown::new(head.status, &head.framing, head.reusable);
            let mut seen = text.as_bytes().to_vec();
            // a head without a body has another, see below
            if head.status != 204 {
                let len = shown.put(&mut seen);
                assert_eq!(std::str::from_utf8(&seen[..len]).unwrap(), if want.is_empty() { text } else { want });
            }
            assert_eq!(
                std::str::from_utf8(&shown.bytes[..shown.len]).unwrap(),
                if want.is_empty() { text } else { want }
            );
            let len = Shown::without_body(head.status, head.reusable).put(&mut seen);
            assert_eq!(&seen[..7], b"HTTP/1.");
            assert_eq!((seen[7] == b'1', &seen[8..len]), (head.reusable, format!(" {}\n\n", head.status).as_bytes()));
        }
    }
}
