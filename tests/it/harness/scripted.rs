//! A server whose every answer the test writes, and which keeps what it was asked: token servers, metadata services, and
//! answers that the mock has no behaviour for.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::Value;

use super::LIVENESS;

/// One request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    /// Path and query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// One answer.
pub struct Reply {
    pub status: u16,
    pub kind: &'static str,
    pub body: String,
}

type Script = dyn Fn(&Asked, usize) -> Reply + Send + Sync;

/// The server. It ends with the test's process.
pub struct Scripted {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    asked: Mutex<Vec<Asked>>,
    /// Whether answers are held back.
    held: Mutex<bool>,
    let_go: Condvar,
    script: Box<Script>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A field of the form in the body.
    pub fn form(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.body).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Reply { status, kind: "application/json", body: body.to_string() }
    }

    pub fn events(body: String) -> Self {
        Reply { status: 200, kind: "text/event-stream", body }
    }
}

impl Scripted {
    /// `script` is told the request, and how many came before it.
    pub fn start(script: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            asked: Mutex::default(),
            held: Mutex::default(),
            let_go: Condvar::new(),
            script: Box::new(script),
        });
        std::thread::spawn({
            let state = Arc::clone(&state);
            move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let state = Arc::clone(&state);
                    std::thread::spawn(move || while serve(&stream, &state).is_some() {});
                }
            }
        });
        Scripted { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().expect("no panic").clone()
    }

    pub fn count(&self) -> usize {
        self.state.asked.lock().expect("no panic").len()
    }

    /// Holds answers back from now on, or lets them go.
    pub fn hold(&self, hold: bool) {
        *self.state.held.lock().expect("no panic") = hold;
        self.state.let_go.notify_all();
    }
}

/// One exchange; `None` when the client has left.
fn serve(stream: &TcpStream, state: &State) -> Option<()> {
    let asked = read(stream)?;
    let before = {
        let mut all = state.asked.lock().expect("no panic");
        all.push(asked.clone());
        all.len() - 1
    };
    let held = state.held.lock().expect("no panic");
    drop(state.let_go.wait_timeout_while(held, LIVENESS, |held| *held).expect("no panic"));
    let Reply { status, kind, body } = (state.script)(&asked, before);
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
    let mut stream = stream;
    stream.write_all([head, body].concat().as_bytes()).ok()
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next()?, words.next()?);
    let mut headers = vec![];
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length =
        headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { method, path, headers, body })
}
