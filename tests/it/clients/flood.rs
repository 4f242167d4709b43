//! A provider that writes a stream for as long as anyone takes it, and counts. The mock prepares an answer before it plays
//! it; a stream without end, two hundred times over, is not to be prepared.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

#[derive(Default)]
struct Counts {
    streams: AtomicU64,
    open: AtomicU64,
    written: AtomicU64,
}

/// The provider. Its threads end with their connections.
pub struct Flood {
    address: SocketAddr,
    counts: Arc<Counts>,
}

impl Flood {
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let address = listener.local_addr().expect("its address");
        let counts = Arc::<Counts>::default();
        let given = Arc::clone(&counts);
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let counts = Arc::clone(&given);
                std::thread::spawn(move || serve(socket, &counts));
            }
        });
        Flood { address, counts }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Streams begun.
    pub fn streams(&self) -> u64 {
        self.counts.streams.load(SeqCst)
    }

    /// Connections whose other end has not gone.
    pub fn open(&self) -> u64 {
        self.counts.open.load(SeqCst)
    }

    /// Bytes that the sockets took, all streams together.
    pub fn written(&self) -> u64 {
        self.counts.written.load(SeqCst)
    }
}

fn serve(mut socket: TcpStream, counts: &Counts) {
    counts.open.fetch_add(1, SeqCst);
    let _ = flood(&mut socket, counts);
    counts.open.fetch_sub(1, SeqCst);
}

/// Reads a head, and writes events until the other end goes.
fn flood(socket: &mut TcpStream, counts: &Counts) -> std::io::Result<()> {
    let mut reader = BufReader::new(socket.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")?;
    let text = "many words ".repeat(400);
    let event = format!(
        "data: {{\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    );
    let chunk = format!("{:x}\r\n{event}\r\n", event.len());
    counts.streams.fetch_add(1, SeqCst);
    loop {
        socket.write_all(chunk.as_bytes())?;
        counts.written.fetch_add(chunk.len() as u64, SeqCst);
    }
}
