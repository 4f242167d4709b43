//! A provider that says how it takes an upload: all of it, part of it and then an answer, an end, or silence. It counts what
//! it got, as it got it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use crate::harness::eventually;

/// What it does with one request.
#[derive(Clone, Copy)]
pub enum Act {
    /// Reads all of it, and answers.
    Take,
    /// Answers when it has read so much of the body, and hangs up.
    Answer(usize, &'static str),
    /// Hangs up when it has read so much.
    Cut(usize),
    /// Reads so much, and the rest only when it may go on.
    Stall(usize),
}

/// One request, as far as it was read.
#[derive(Clone, Default)]
pub struct Got {
    pub head: String,
    /// As it was framed.
    pub raw: Vec<u8>,
    /// It was read to its end.
    pub whole: bool,
    /// The connection has ended.
    pub ended: bool,
}

pub struct Provider {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    script: Vec<Act>,
    all: Vec<Got>,
    may_go_on: bool,
}

impl Got {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body, taken out of its chunks where it came in chunks.
    pub fn body(&self) -> Vec<u8> {
        if self.header("transfer-encoding").is_none() {
            return self.raw.clone();
        }
        let (mut rest, mut body) = (&self.raw[..], Vec::new());
        loop {
            let line = rest.windows(2).position(|two| two == b"\r\n").expect("a chunk's size");
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).expect("a size"), 16).expect("a size");
            if size == 0 {
                return body;
            }
            body.extend_from_slice(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 4 + size..];
        }
    }
}

impl Provider {
    /// It does this with the first requests, and takes the rest.
    pub fn start(script: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State { script: script.to_vec(), ..State::default() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || while exchange(&stream, &state).is_some() {});
            }
        });
        Provider { address, state }
    }

    pub fn all(&self) -> Vec<Got> {
        self.state.lock().expect("no panic").all.clone()
    }

    /// The only request it got.
    #[track_caller]
    pub fn only(&self) -> Got {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "{:?}", all.iter().map(|got| &got.head).collect::<Vec<_>>());
        all.remove(0)
    }

    /// How much of the body of the last request it has read.
    pub fn read(&self) -> usize {
        self.state.lock().expect("no panic").all.last().map_or(0, |got| got.raw.len())
    }

    /// Lets who stalls go on.
    pub fn go_on(&self) {
        self.state.lock().expect("no panic").may_go_on = true;
    }

    pub fn has_ended(&self) -> bool {
        self.state.lock().expect("no panic").all.last().is_some_and(|got| got.ended)
    }
}

/// One exchange; whether another may follow.
fn exchange(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let (head, rest) = head(stream)?;
    let is_form = head.contains("multipart/form-data");
    let (place, act) = {
        let mut state = state.lock().expect("no panic");
        let act = if state.script.is_empty() { Act::Take } else { state.script.remove(0) };
        state.all.push(Got { head, raw: rest, ..Got::default() });
        (state.all.len() - 1, act)
    };
    let most = match act {
        Act::Take => usize::MAX,
        Act::Answer(most, _) | Act::Cut(most) | Act::Stall(most) => most,
    };
    let whole = body(stream, state, place, most);
    match act {
        Act::Take if whole => {
            // forms with usage: what tells none is counted, and each gateway would read its tables for that
            let usage = r#", "usage": {"input_tokens": 3, "output_tokens": 1, "total_tokens": 4}"#;
            let body = format!("{{\"text\": \"taken\"{}}}", if is_form { usage } else { "" });
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
            stream.write_all(format!("{head}: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
            return Some(());
        }
        Act::Answer(_, answer) => {
            let _ = stream.write_all(answer.as_bytes());
        }
        Act::Stall(_) => {
            eventually("it may go on", || state.lock().expect("no panic").may_go_on);
            body(stream, state, place, usize::MAX);
        }
        Act::Take | Act::Cut(_) => {}
    }
    state.lock().expect("no panic").all[place].ended = true;
    None
}

fn head(mut stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut all = Vec::new();
    loop {
        let mut piece = [0; 1024];
        let n = stream.read(&mut piece).ok().filter(|n| *n > 0)?;
        all.extend_from_slice(&piece[..n]);
        if let Some(end) = all.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = all.split_off(end + 4);
            return Some((String::from_utf8(all).expect("a head"), rest));
        }
    }
}

/// Reads a body, at most so much of it; whether that is all of it.
fn body(mut stream: &TcpStream, state: &Mutex<State>, place: usize, most: usize) -> bool {
    let mut piece = vec![0; 64 << 10];
    loop {
        {
            let mut state = state.lock().expect("no panic");
            let got = &mut state.all[place];
            let length = got.header("content-length").map(|text| text.parse::<usize>().expect("a length"));
            got.whole = match length {
                Some(length) => got.raw.len() >= length,
                None if got.header("transfer-encoding").is_some() => got.raw.ends_with(b"0\r\n\r\n"),
                None => true,
            };
            if got.whole || got.raw.len() >= most {
                return got.whole;
            }
        }
        let n = stream.read(&mut piece).unwrap_or_default();
        let mut state = state.lock().expect("no panic");
        if n == 0 {
            state.all[place].ended = true;
            return false;
        }
        state.all[place].raw.extend_from_slice(&piece[..n]);
    }
}
