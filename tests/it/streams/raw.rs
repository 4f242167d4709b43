//! A provider of a few lines, for what the mock's grammar has no word for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;

/// It answers each connection's first request by a function, and closes the connection when that returns.
pub struct Provider {
    address: SocketAddr,
    taken: Arc<AtomicUsize>,
    answered: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// A connection whose request has been read.
pub struct Socket {
    stream: TcpStream,
    taken: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

/// The head of a chunked event stream.
pub fn head() -> &'static [u8] {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
}

impl Provider {
    pub fn start(answer: impl Fn(&mut Socket) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (taken, answered) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let over = Arc::<AtomicBool>::default();
        let (count, done, end) = (Arc::clone(&taken), Arc::clone(&answered), Arc::clone(&over));
        let thread = std::thread::spawn(move || {
            std::thread::scope(|scope| {
                for stream in listener.incoming() {
                    if end.load(SeqCst) {
                        return;
                    }
                    let mut socket =
                        Socket { stream: stream.expect("a connection"), taken: count.clone(), over: end.clone() };
                    let (answer, done) = (&answer, &done);
                    scope.spawn(move || {
                        socket.read_request();
                        answer(&mut socket);
                        done.fetch_add(1, SeqCst);
                    });
                }
            });
        });
        Provider { address, taken, answered, over, thread: Some(thread) }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Bytes of bodies that the kernel took from us.
    pub fn taken(&self) -> usize {
        self.taken.load(SeqCst)
    }

    /// Connections whose answer is over, or whose gateway has gone.
    pub fn answered(&self) -> usize {
        self.answered.load(SeqCst)
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.over.store(true, SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Socket {
    fn read_request(&mut self) {
        let mut reader = BufReader::new(self.stream.try_clone().expect("a clone"));
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            line.clear();
        }
        let _ = reader.read_exact(&mut vec![0; length]);
        self.stream.set_write_timeout(Some(Duration::from_millis(100))).expect("a timeout");
    }

    pub fn head(&mut self, head: &[u8]) {
        let _ = self.stream.write_all(head);
    }

    /// One chunk of the body; whether it was taken.
    pub fn chunk(&mut self, bytes: &[u8]) -> bool {
        let chunk = [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.write(&chunk)
    }

    /// `filler` over and over, as chunks, up to `limit` bytes or until the gateway or the test has gone.
    pub fn flood(&mut self, filler: &[u8], limit: usize) {
        for _ in 0..limit / filler.len() {
            if !self.chunk(filler) {
                return;
            }
        }
    }

    /// Says nothing more until the gateway or the test has gone.
    pub fn until_left(&mut self) {
        self.stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
        while !self.over.load(SeqCst) && !matches!(self.stream.read(&mut [0]), Ok(0)) {}
    }

    fn write(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(n) => {
                    self.taken.fetch_add(n, SeqCst);
                    bytes = &bytes[n..];
                }
                Err(e) if matches!(e.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                    if self.over.load(SeqCst) {
                        return false;
                    }
                }
                Err(_) => return false,
            }
        }
        true
    }
}
