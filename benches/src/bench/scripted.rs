//! For tests: a TCP server that answers every request with the same bytes, right or wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A scripted server; its threads end with the test's process.
pub struct Scripted {
    /// Where it listens.
    pub addr: SocketAddr,
    /// First line and body of each request it was sent.
    pub requests: Arc<Mutex<Vec<(String, String)>>>,
}

/// What is done after the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The next request is awaited.
    Keep,
    /// The connection is closed.
    Close,
}

impl Scripted {
    /// Starts one that answers with `wire`.
    pub fn start(wire: &str, then: Then) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let addr = listener.local_addr().expect("an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (wire, seen) = (wire.as_bytes().to_vec(), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (wire, seen) = (wire.clone(), Arc::clone(&seen));
                std::thread::spawn(move || while answer(&stream, &wire, &seen).is_some() && then == Then::Keep {});
            }
        });
        Self { addr, requests }
    }

    /// A whole answer: head with the right length, and `body`.
    pub fn json(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    /// A chunked stream of these events, one chunk each.
    pub fn stream(events: &[String]) -> String {
        let chunk = |event: &String| format!("{:x}\r\ndata: {event}\n\n\r\n", event.len() + 8);
        let chunks: String = events.iter().map(chunk).collect();
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        )
    }
}

fn answer(stream: &TcpStream, wire: &[u8], seen: &Mutex<Vec<(String, String)>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut first).ok().filter(|read| *read > 0)?;
    while line != "\r\n" {
        line.clear();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8_lossy(&body).into_owned();
    seen.lock().expect("no test panics while it holds this").push((first.trim_end().to_owned(), body));
    (&*stream).write_all(wire).ok()
}
