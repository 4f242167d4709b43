//! One kept connection: write a request, read a head, read a body.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::head::{self, Framing, Head};
use crate::bench::check::Fault;

/// Largest head read, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Room made before each read, in bytes: a burst of twenty small chunks fits.
const READ_ROOM: usize = 16 * 1024;
/// Age at which an idle connection is given up for a new one. Servers close idle connections after 5 s or more; to meet
/// that moment would be the meter's fault, not the target's.
const MAX_IDLE: Duration = Duration::from_secs(2);

/// A connection to a target.
#[derive(Debug)]
pub struct Connection {
    io: TcpStream,
    buf: Vec<u8>,
    /// Start of the bytes not used yet.
    start: usize,
    last_used: Instant,
}

impl Connection {
    /// Connects, without Nagle's delay.
    pub async fn open(addr: SocketAddr) -> Result<Self, Fault> {
        let io = TcpStream::connect(addr).await.map_err(|problem| Fault::Connect(problem.to_string()))?;
        io.set_nodelay(true).map_err(|problem| Fault::Connect(problem.to_string()))?;
        Ok(Self { io, buf: Vec::with_capacity(READ_ROOM), start: 0, last_used: Instant::now() })
    }

    /// Whether it is old enough that the target may be closing it just now.
    pub fn is_stale(&self) -> bool {
        self.last_used.elapsed() > MAX_IDLE
    }

    /// Writes a whole request. A target that answers and closes before it has read everything is no failure of the write:
    /// the answer says what it disliked, so the write's error is kept back until the head cannot be read either.
    pub async fn send(&mut self, request: &[u8]) -> Result<Head, Fault> {
        let written = self.io.write_all(request).await;
        match (self.read_head().await, written) {
            (Ok(head), _) => Ok(head),
            (Err(_), Err(problem)) => Err(Fault::Send(problem.to_string())),
            (Err(fault), Ok(())) => Err(fault),
        }
    }

    async fn read_head(&mut self) -> Result<Head, Fault> {
        loop {
            if let Some((head, length)) = head::parse(&self.buf[self.start..])? {
                self.start += length;
                return Ok(head);
            }
            if self.buf.len() - self.start > MAX_HEAD {
                return Err(Fault::Head("longer than 64 KiB".to_owned()));
            }
            if self.fill().await? == 0 {
                return Err(Fault::ClosedEarly("before the head was complete"));
            }
        }
    }

    /// Appends what is at hand of the body to `out`, reading once if nothing is. False at the body's end.
    pub async fn read_body(&mut self, framing: &mut Framing, out: &mut Vec<u8>) -> Result<bool, Fault> {
        loop {
            let before = out.len();
            if self.take_body(framing, out)? {
                return Ok(false);
            }
            if out.len() > before {
                return Ok(true);
            }
            if self.fill().await? == 0 {
                return match framing {
                    Framing::Close => Ok(false),
                    _ => Err(Fault::ClosedEarly("before the body was complete")),
                };
            }
        }
    }

    /// Decodes buffered bytes; true at the body's end.
    fn take_body(&mut self, framing: &mut Framing, out: &mut Vec<u8>) -> Result<bool, Fault> {
        let input = &self.buf[self.start..];
        let (used, over) = match framing {
            Framing::Chunked(decoder) => (decoder.decode(input, out)?, decoder.is_done()),
            Framing::Length(left) => {
                let take = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                out.extend_from_slice(&input[..take]);
                *left -= take as u64;
                (take, *left == 0)
            }
            Framing::Close => {
                out.extend_from_slice(input);
                (input.len(), false)
            }
        };
        self.start += used;
        Ok(over)
    }

    /// After a body: no byte may be left, or the target said more than it announced.
    pub fn finish(&mut self) -> Result<(), Fault> {
        self.last_used = Instant::now();
        if self.start == self.buf.len() { Ok(()) } else { Err(Fault::Framing("bytes after the body's end")) }
    }

    async fn fill(&mut self) -> Result<usize, Fault> {
        if self.start == self.buf.len() {
            self.buf.clear();
            self.start = 0;
        }
        self.buf.reserve(READ_ROOM);
        self.io.read_buf(&mut self.buf).await.map_err(|problem| Fault::Read(problem.to_string()))
    }
}
