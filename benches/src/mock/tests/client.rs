//! A raw TCP client: sends bytes, reads to the end, and takes HTTP apart no more than the tests need.

use crate::mock::{Behaviour, MockConfig, MockServer};
use serde_json::Value;
use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// How long anything may take before a test gives up.
pub const LIVENESS: Duration = Duration::from_secs(20);

/// A server with one behaviour.
pub fn server(spec: &str) -> MockServer {
    MockServer::start(MockConfig::with(spec.parse::<Behaviour>().unwrap())).unwrap()
}

/// A connection that fails a test rather than hang it.
pub fn connect(server: &MockServer) -> TcpStream {
    let stream = TcpStream::connect(server.addr()).unwrap();
    stream.set_read_timeout(Some(LIVENESS)).unwrap();
    stream.set_write_timeout(Some(LIVENESS)).unwrap();
    stream
}

/// A POST with a JSON body; `headers` are whole lines, each with CR LF.
pub fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: mock\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// A chat request that asks for the connection to be closed.
pub fn chat(body: &str) -> String {
    post("/v1/chat/completions", "connection: close\r\n", body)
}

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ended {
    Fin,
    Reset,
}

/// Sends bytes and reads until the connection ends.
pub fn exchange(server: &MockServer, request: &str) -> (Vec<u8>, Ended) {
    let mut stream = connect(server);
    stream.write_all(request.as_bytes()).unwrap();
    read_to_end(&mut stream)
}

/// Reads until the connection ends.
pub fn read_to_end(stream: &mut TcpStream) -> (Vec<u8>, Ended) {
    let mut all = Vec::new();
    let mut buf = vec![0; 1 << 16];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return (all, Ended::Fin),
            Ok(n) => all.extend_from_slice(&buf[..n]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return (all, Ended::Reset),
            Err(error) => panic!("{error} after {} bytes: {}", all.len(), String::from_utf8_lossy(&all)),
        }
    }
}

/// Reads until the bytes end with `tail`.
pub fn read_until(stream: &mut TcpStream, tail: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let mut byte = [0; 1];
    while !all.ends_with(tail) {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "ended early: {}", String::from_utf8_lossy(&all));
        all.push(byte[0]);
    }
    all
}

/// One answer of a server that speaks proper HTTP.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    /// Sends a request and takes the answer apart.
    pub fn to(server: &MockServer, request: &str) -> Self {
        Self::parse(&exchange(server, request).0)
    }

    /// Takes an answer apart; chunks are joined.
    pub fn parse(bytes: &[u8]) -> Self {
        let blank = memchr::memmem::find(bytes, b"\r\n\r\n").expect("a blank line") + 4;
        let head = String::from_utf8_lossy(&bytes[..blank]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.contains("transfer-encoding: chunked");
        let body = if chunked { unchunk(&bytes[blank..]) } else { bytes[blank..].to_vec() };
        Self { status, head, body }
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The `data` of every event, for streams with LF and one `data` line an event.
    pub fn data(&self) -> Vec<String> {
        let text = self.text();
        text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).map(str::to_owned).collect()
    }

    /// Every event that is JSON.
    pub fn events(&self) -> Vec<Value> {
        self.data().iter().filter_map(|data| serde_json::from_str(data).ok()).collect()
    }

    /// The content of the first choice, joined.
    pub fn content(&self) -> String {
        let delta = |event: &Value| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
        self.events().iter().filter_map(delta).collect()
    }
}

/// Joins chunks; panics where they are not proper up to the last.
pub fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let httparse::Status::Complete((line, size)) = httparse::parse_chunk_size(rest).unwrap() else {
            panic!("chunks end early: {}", String::from_utf8_lossy(rest));
        };
        let size = usize::try_from(size).unwrap();
        body.extend_from_slice(&rest[line..line + size]);
        if size == 0 {
            return body;
        }
        assert_eq!(&rest[line + size..line + size + 2], b"\r\n");
        rest = &rest[line + size + 2..];
    }
}
