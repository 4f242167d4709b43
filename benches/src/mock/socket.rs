//! One connection's socket: reads into a buffer, writes, waits, and always notices when the client leaves.

use bytes::{Buf, BufMut, BytesMut};
use std::{io, time::Duration};
use tokio::{net::TcpStream, time::sleep};

/// Bytes of a next request that are read while an answer is still being given; then reading stops.
const AHEAD: usize = 64 << 10;
/// How much room a read is given at least.
const READ_ROOM: usize = 16 << 10;

/// The client has closed the connection or it broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone;

/// A connection to a client.
pub struct Socket {
    stream: TcpStream,
    /// What was read and not yet used.
    pub buf: BytesMut,
    /// Bytes read since this was last taken.
    pub bytes_in: u64,
    /// Bytes written since this was last taken.
    pub bytes_out: u64,
}

impl Socket {
    /// Takes an accepted connection.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, buf: BytesMut::new(), bytes_in: 0, bytes_out: 0 }
    }

    /// Reads what is there, at most `limit` bytes, into the buffer; waits if nothing is there.
    ///
    /// # Errors
    /// The client has left.
    pub async fn fill(&mut self, limit: usize) -> Result<(), Gone> {
        loop {
            self.stream.readable().await.map_err(|_| Gone)?;
            self.buf.reserve(limit.min(READ_ROOM));
            match self.stream.try_read_buf(&mut (&mut self.buf).limit(limit)) {
                Ok(0) => return Err(Gone),
                Ok(read) => {
                    self.bytes_in += read as u64;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(Gone),
            }
        }
    }

    /// Reads at most `most` bytes; with a rate (bytes a second, 0: none) in steps of a hundredth of a second.
    ///
    /// # Errors
    /// The client has left.
    pub async fn fill_paced(&mut self, most: usize, rate: u32) -> Result<(), Gone> {
        if rate == 0 {
            return self.fill(most.max(1)).await;
        }
        let step = (rate as usize / 100).clamp(1, most.max(1));
        self.buf.reserve(step.min(1 << 20));
        // Not `pause`: that would read ahead, and the point is that the bytes stay in the kernel.
        sleep(Duration::from_secs_f64(step as f64 / f64::from(rate))).await;
        self.fill(step).await
    }

    /// Returns when the client has left. A little of what it sends meanwhile is kept for later.
    pub async fn gone(&mut self) {
        while self.buf.len() < AHEAD {
            if self.fill(AHEAD).await.is_err() {
                return;
            }
        }
        std::future::pending().await
    }

    /// Waits, unless the client leaves before.
    ///
    /// # Errors
    /// The client has left.
    pub async fn pause(&mut self, time: Duration) -> Result<(), Gone> {
        tokio::select! {
            () = sleep(time) => Ok(()),
            () = self.gone() => Err(Gone),
        }
    }

    /// Writes everything, unless the client leaves before.
    ///
    /// # Errors
    /// The client has left.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Gone> {
        while bytes.has_remaining() {
            match self.stream.try_write(bytes) {
                Ok(written) => {
                    self.bytes_out += written as u64;
                    bytes.advance(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable().await?,
                Err(_) => return Err(Gone),
            }
        }
        Ok(())
    }

    async fn writable(&mut self) -> Result<(), Gone> {
        while self.buf.len() < AHEAD {
            self.buf.reserve(READ_ROOM);
            tokio::select! {
                ready = self.stream.writable() => return ready.map_err(|_| Gone),
                ready = self.stream.readable() => ready.map_err(|_| Gone)?,
            }
            match self.stream.try_read_buf(&mut self.buf) {
                Ok(0) => return Err(Gone),
                Ok(read) => self.bytes_in += read as u64,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Err(Gone),
            }
        }
        self.stream.writable().await.map_err(|_| Gone)
    }

    /// Says FIN, then drops what the client still sends (`rate` bytes a second, 0: as fast as it comes), until it leaves
    /// (true) or the time is over. Without this the kernel would answer unread bytes with a reset, which may overtake the
    /// answer.
    pub async fn linger(&mut self, time: Duration, rate: u32) -> bool {
        use tokio::io::AsyncWriteExt;
        let _ = self.stream.shutdown().await;
        let drain = async {
            while self.fill_paced(READ_ROOM.max(rate as usize / 100), rate).await.is_ok() {
                self.buf.clear();
            }
        };
        tokio::time::timeout(time, drain).await.is_ok()
    }

    /// Makes the coming drop a reset instead of a FIN.
    pub fn reset_on_drop(&self) {
        let _ = self.stream.set_zero_linger();
    }
}
