//! A small HTTP server for the tests: each request gets the next answer of a script, the last one again and again.

use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What a request is answered with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reply {
    /// This status, and `retry-after` if it is not empty.
    Status(u16, &'static str),
    /// Nothing, ever.
    Silence,
    /// The connection is closed.
    Hangup,
    /// 413 to more than so many records, 200 otherwise.
    AtMost(usize),
}

/// A request that came.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The head as it came, in lower case.
    pub(super) head: String,
    /// The body as it came.
    pub(super) body: String,
}

impl Request {
    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The ids of its records.
    pub(super) fn ids(&self) -> Vec<String> {
        let records: Vec<Value> = serde_json::from_str(&self.body).unwrap();
        records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// The server; it ends with the test's runtime.
pub(super) struct Server {
    /// Where it listens.
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    count: watch::Receiver<usize>,
}

impl Server {
    /// Starts it.
    pub(super) async fn start(script: Vec<Reply>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in?x=1", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (counter, count) = watch::channel(0);
        let (all, counter) = (Arc::clone(&seen), Arc::new(counter));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, script.clone(), Arc::clone(&all), Arc::clone(&counter)));
            }
        });
        Server { url, seen, count }
    }

    /// The requests so far.
    pub(super) fn seen(&self) -> Vec<Request> {
        self.seen.lock().clone()
    }

    /// Waits until so many requests have come.
    pub(super) async fn wait_for(&self, requests: usize) {
        let mut count = self.count.clone();
        let come = count.wait_for(|count| *count >= requests);
        tokio::time::timeout(std::time::Duration::from_secs(20), come).await.unwrap().unwrap();
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Vec<Reply>,
    seen: Arc<Mutex<Vec<Request>>>,
    count: Arc<watch::Sender<usize>>,
) {
    while let Some(request) = read(&mut stream).await {
        let (number, records) = {
            let mut seen = seen.lock();
            seen.push(request.clone());
            (seen.len(), request.ids().len())
        };
        count.send_replace(number);
        let reply = script[(number - 1).min(script.len() - 1)];
        let (status, extra) = match reply {
            Reply::Status(status, "") => (status, String::new()),
            Reply::Status(status, after) => (status, format!("retry-after: {after}\r\n")),
            Reply::AtMost(most) => (if records > most { 413 } else { 200 }, String::new()),
            Reply::Hangup => return,
            Reply::Silence => return std::future::pending().await,
        };
        let head = format!("HTTP/1.1 {status} x\r\ncontent-length: 2\r\n{extra}\r\nok");
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length = head.to_lowercase().lines().find_map(|l| l.strip_prefix("content-length: ")?.parse().ok());
            let body = end + 4..end + 4 + length.unwrap_or(0);
            if bytes.len() >= body.end {
                let body = String::from_utf8(bytes[body].to_vec()).unwrap();
                return Some(Request { head: head.to_lowercase(), body });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
