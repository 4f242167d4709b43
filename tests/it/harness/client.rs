//! A client that hides nothing: blocking sockets, bytes in and bytes out. No library of the gateway's reads what the
//! gateway writes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::LIVENESS;

/// No body of a test takes as long as this, however busy the machine is.
const FOR_EVER: Duration = Duration::from_secs(120);

/// Who asks.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    key: Option<String>,
    headers: Vec<(String, String)>,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The body ended as its framing promised: its length, or the last chunk.
    pub complete: bool,
}

/// An answer whose body is still coming.
pub struct Stream {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    reader: BufReader<TcpStream>,
    framing: Framing,
    since: Instant,
}

enum Framing {
    Length(usize),
    Chunked,
    Close,
}

/// The events of a stream: the data of each, and how it ended.
#[derive(Debug)]
pub struct Events {
    pub data: Vec<String>,
    pub raw: Vec<u8>,
    pub complete: bool,
}

impl Client {
    pub fn new(address: SocketAddr, key: &str) -> Self {
        Client { address, key: Some(key.to_owned()), headers: Vec::new() }
    }

    /// Without a key.
    pub fn anonymous(&self) -> Self {
        Client { key: None, ..self.clone() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, b"").whole()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(path, body).whole()
    }

    /// A chat request, answered whole.
    pub fn chat(&self, body: &Value) -> Answer {
        self.post("/v1/chat/completions", body)
    }

    /// A chat request, answered as a stream, read to its end.
    pub fn events(&self, body: &Value) -> Events {
        let stream = self.send("/v1/chat/completions", body);
        let status = stream.status;
        let events = stream.events();
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&events.raw));
        events
    }

    /// Sends, and reads the head.
    pub fn send(&self, path: &str, body: &Value) -> Stream {
        self.request("POST", path, body.to_string().as_bytes())
    }

    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> Stream {
        let mut stream = self.connect();
        stream.write_all(&self.head(method, path, body.len())).expect("a request head");
        // a server that refuses early may have closed already; what it said is still to be read
        let _ = stream.write_all(body);
        Stream::open(stream)
    }

    /// The bytes of a request's head.
    pub fn head(&self, method: &str, path: &str, length: usize) -> Vec<u8> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        if let Some(key) = &self.key {
            head += &format!("authorization: Bearer {key}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if length > 0 || method == "POST" || method == "PUT" {
            head += &format!("content-type: application/json\r\ncontent-length: {length}\r\n");
        }
        (head + "\r\n").into_bytes()
    }

    /// A plain socket to the gateway.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(LIVENESS)).expect("a timeout");
        stream.set_nodelay(true).expect("no delay");
        stream
    }
}

impl Stream {
    /// Reads the head of an answer off a socket, interim ones skipped.
    pub fn open(stream: TcpStream) -> Self {
        Self::read(BufReader::new(stream))
    }

    fn read(mut reader: BufReader<TcpStream>) -> Self {
        loop {
            let (status, headers) = read_head(&mut reader);
            if status / 100 == 1 {
                continue;
            }
            let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
            let framing = match (header("transfer-encoding"), header("content-length")) {
                (Some("chunked"), _) => Framing::Chunked,
                (_, Some(length)) => Framing::Length(length.parse().expect("a length")),
                _ if matches!(status, 204 | 304) => Framing::Length(0),
                _ => Framing::Close,
            };
            return Stream { status, headers, reader, framing, since: Instant::now() };
        }
    }

    /// The next answer on a connection whose last one was read to its end.
    pub fn following(self) -> Self {
        Self::read(self.reader)
    }

    /// The next piece of the body; `None` at its proper end, `Err` where it broke off, or goes on for ever: heartbeats must not
    /// let a test hang.
    pub fn piece(&mut self) -> Result<Option<Vec<u8>>, std::io::Error> {
        if self.since.elapsed() > FOR_EVER {
            return Err(std::io::ErrorKind::TimedOut.into());
        }
        match &mut self.framing {
            Framing::Length(0) => Ok(None),
            Framing::Length(left) => {
                let mut piece = vec![0; (*left).min(65536)];
                let n = self.reader.read(&mut piece)?;
                if n == 0 {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                *left -= n;
                piece.truncate(n);
                Ok(Some(piece))
            }
            Framing::Chunked => read_chunk(&mut self.reader),
            Framing::Close => {
                let mut piece = vec![0; 65536];
                let n = self.reader.read(&mut piece)?;
                piece.truncate(n);
                Ok((n > 0).then_some(piece))
            }
        }
    }

    /// Reads until the body holds `text`; panics if it ends before.
    pub fn until(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        loop {
            let seen_text = String::from_utf8_lossy(&seen).into_owned();
            if seen_text.contains(text) {
                return seen_text;
            }
            match self.piece() {
                Ok(Some(piece)) => seen.extend(piece),
                other => panic!("ended ({other:?}) before {text:?}: {seen_text}"),
            }
        }
    }

    /// The rest of the body.
    pub fn whole(mut self) -> Answer {
        self.finish()
    }

    /// The rest of the body, keeping the connection for what [`Stream::following`] reads.
    pub fn finish(&mut self) -> Answer {
        let mut body = Vec::new();
        let complete = loop {
            match self.piece() {
                Ok(Some(piece)) => body.extend(piece),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        Answer { status: self.status, headers: self.headers.clone(), body, complete }
    }

    /// The rest of the body, as events.
    pub fn events(self) -> Events {
        self.whole().events()
    }

    /// Leaves, as a client does that has lost interest.
    pub fn leave(self) {
        let _ = self.reader.get_ref().shutdown(Shutdown::Both);
    }
}

impl Answer {
    /// The body, as events.
    pub fn events(&self) -> Events {
        Events { data: events_of(&self.body), raw: self.body.clone(), complete: self.complete }
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {:?}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// An error in OpenAI's shape, with a request id: its `error` object.
    #[track_caller]
    pub fn error(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert!(self.header("x-request-id").is_some(), "no request id (I8)");
        let body = self.json();
        let error = &body["error"];
        for member in ["message", "type", "code"] {
            assert!(error[member].is_string(), "{member} is no string: {body}");
        }
        assert!(error["param"].is_null() || error["param"].is_string(), "{body}");
        error.clone()
    }
}

impl Events {
    /// The JSON of every event but the terminal one.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let parse = |data: &String| serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}"));
        self.data.iter().filter(|data| *data != "[DONE]").map(parse).collect()
    }

    /// The text of choice 0.
    pub fn text(&self) -> String {
        self.json().iter().filter_map(|e| e["choices"][0]["delta"]["content"].as_str()).collect()
    }

    /// Asserts I2 for a stream that went well: exactly one end, and it is the terminal event.
    #[track_caller]
    pub fn assert_done(&self) {
        assert!(self.complete, "broke off");
        assert_eq!(self.data.iter().filter(|data| *data == "[DONE]").count(), 1, "{:?}", self.data);
        assert_eq!(self.data.last().map(String::as_str), Some("[DONE]"));
        assert!(!self.json().iter().any(|event| event.get("error").is_some_and(|e| !e.is_null())));
    }

    /// Asserts I2 for a stream that went wrong: exactly one error event, last, and no terminal one. Returns the error.
    #[track_caller]
    pub fn assert_failed(&self) -> Value {
        assert!(self.complete, "the body broke off instead of saying why");
        assert!(!self.data.iter().any(|data| data == "[DONE]"), "[DONE] after an error: {:?}", self.data);
        let events = self.json();
        let errors: Vec<_> = events.iter().filter(|event| event["error"].is_object()).collect();
        assert_eq!(errors.len(), 1, "{:?}", self.data);
        assert_eq!(events.last(), errors.first().copied(), "the error is not the end");
        errors[0]["error"].clone()
    }
}

/// The data of each event, read as the WHATWG reader does for LF streams.
fn events_of(body: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let (mut events, mut data) = (Vec::new(), Vec::new());
    for line in text.split('\n') {
        match line.strip_prefix("data:") {
            Some(rest) => data.push(rest.strip_prefix(' ').unwrap_or(rest)),
            None if line.is_empty() && !data.is_empty() => events.push(std::mem::take(&mut data).join("\n")),
            None => {}
        }
    }
    events
}

fn read_head(reader: &mut BufReader<TcpStream>) -> (u16, Vec<(String, String)>) {
    let first = read_line(reader).expect("a status line");
    let status = first.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or_else(|| panic!("no status: {first:?}"));
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader).expect("a header");
        if line.is_empty() {
            return (status, headers);
        }
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header: {line:?}"));
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_chunk(reader: &mut BufReader<TcpStream>) -> Result<Option<Vec<u8>>, std::io::Error> {
    let line = read_line(reader)?;
    let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16)
        .map_err(|_| std::io::Error::other(format!("no chunk size: {line:?}")))?;
    let mut piece = vec![0; size];
    reader.read_exact(&mut piece)?;
    read_line(reader)?;
    Ok((size > 0).then_some(piece))
}

fn read_line(reader: &mut BufReader<TcpStream>) -> Result<String, std::io::Error> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
