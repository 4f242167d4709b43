//! K1, K2 and K3 at a webhook: the receiver's trouble is its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use super::admin::put;
use crate::harness::{Client, Gateway, KEY, PROVIDER_KEY, Process, chat, eventually};

const SECRET: &str = "canary-webhook-secret-0123456789";

/// A request that came: its head and its body.
type Delivery = (String, Vec<u8>);

/// A receiver: each request gets the next status of a script, the last one again and again. 0 stands for no answer.
struct Receiver {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Delivery>>>,
}

impl Receiver {
    fn start(script: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let (address, seen) = (listener.local_addr().expect("an address"), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || while serve(&socket, &kept, script).is_some() {});
            }
        });
        Receiver { address, seen }
    }

    fn config(&self, more: &str) -> String {
        format!(
            "litellm_settings: {{callbacks: [webhook]}}\ncallback_settings: {{webhook: {{url: 'http://{}/in', secret: {SECRET}, \
             flush_interval_ms: 5, backoff_ms: 1, backoff_most_ms: 5, timeout_ms: 300{more}}}}}\n",
            self.address
        )
    }

    /// The ids of the records of the requests from the `n`th on.
    fn ids(&self, n: usize) -> Vec<String> {
        let records = |(_, body): &Delivery| serde_json::from_slice::<Vec<Value>>(body).expect("an array");
        let seen = self.seen.lock().expect("no panic");
        seen.iter().skip(n).flat_map(records).map(|record| record["id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// One request of a connection; `None` when there are no more.
fn serve(socket: &TcpStream, kept: &Mutex<Vec<Delivery>>, script: &[u16]) -> Option<()> {
    let mut reader = BufReader::new(socket);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let start = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let line = head[start..].to_lowercase();
        length = line.strip_prefix("content-length:").map_or(length, |n| n.trim().parse().expect("a length"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let n = {
        let mut kept = kept.lock().expect("no panic");
        kept.push((head, body));
        kept.len() - 1
    };
    let status = script[n.min(script.len() - 1)];
    if status == 0 {
        // the sender's patience ends first, and with it the connection
        let _ = reader.read(&mut [0; 1]);
        return None;
    }
    let mut socket = socket;
    write!(socket, "HTTP/1.1 {status} x\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n").ok()
}

fn asked(client: &Client, n: usize) -> Vec<String> {
    let ask = |_| {
        let answer = client.chat(&chat("m", json!({})));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.header("x-litellm-call-id").expect("an id").to_owned()
    };
    (0..n).map(ask).collect()
}

#[test]
fn records_are_posted_signed_and_without_a_secret() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let receiver = Receiver::start(&[200]);
    let gateway = Gateway::with(&mock, &receiver.config(""));
    let ids = asked(&gateway.client(), 10);
    eventually("all are delivered", || gateway.metric("millrace_sink_delivered_total{sink=\"webhook\"}") == 10.0);
    assert_eq!(receiver.ids(0), ids);
    let list = gateway.client().get("/callbacks").text();
    assert!(!list.contains(SECRET), "{list}");
    for (head, body) in receiver.seen.lock().expect("no panic").iter() {
        assert!(head.to_lowercase().contains("x-millrace-signature: t="), "{head}");
        let text = format!("{head}{}", String::from_utf8_lossy(body));
        assert!(![SECRET, KEY, PROVIDER_KEY].iter().any(|secret| text.contains(secret)), "{text}");
    }
}

#[test]
fn k1_k2_what_may_pass_is_tried_again_until_it_is_delivered() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let receiver = Receiver::start(&[500, 429, 503, 200]);
    let gateway = Gateway::with(&mock, &receiver.config(""));
    let ids = asked(&gateway.client(), 1);
    eventually("it is delivered", || gateway.metric("millrace_sink_delivered_total{sink=\"webhook\"}") == 1.0);
    assert_eq!(receiver.ids(3), ids);
    assert_eq!(gateway.metric("millrace_sink_dropped_total{sink=\"webhook\"}"), 0.0);
}

#[test]
fn k1_a_receiver_that_never_answers_or_always_fails_costs_nobody_an_answer() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    for script in [&[0][..], &[500]] {
        let receiver = Receiver::start(script);
        let gateway = Gateway::with(&mock, &receiver.config(", tries: 2, queue_records: 10, flush_timeout_ms: 2000"));
        asked(&gateway.client(), 60);
        let dropped = || gateway.metric("millrace_sink_dropped_total{sink=\"webhook\"}");
        eventually("what finds no room or fails is counted", || dropped() >= 50.0);
        eventually("in the end all of it", || dropped() == 60.0);
        assert_eq!(gateway.metric("millrace_sink_delivered_total{sink=\"webhook\"}"), 0.0);
    }
}

#[test]
fn k1_a_silent_receiver_holds_up_its_own_queue_and_nobody_s_answer() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let receiver = Receiver::start(&[0]);
    let config = receiver.config(", queue_records: 10, flush_timeout_ms: 500");
    let gateway = Gateway::with(&mock, &config.replace(" timeout_ms: 300,", " timeout_ms: 60000,"));
    asked(&gateway.client(), 60);
    let metric = |name: &str| gateway.metric(&format!("millrace_sink_{name}{{sink=\"webhook\"}}"));
    // all were answered within the first try, so none of them waited for it
    assert_eq!(receiver.seen.lock().expect("no panic").len(), 1);
    assert_eq!((metric("queue_depth"), metric("dropped_total")), (10.0, 50.0));
}

#[test]
fn k1_what_is_queued_is_delivered_before_the_process_ends() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let receiver = Receiver::start(&[500, 500, 500, 200]);
    // nothing would be sent within ten minutes. A process, since what a thread does later is lost with it
    let config = receiver.config("").replace("flush_interval_ms: 5", "flush_interval_ms: 600000");
    let process = Process::before(&mock, &config);
    let ids = asked(&process.client(), 7);
    assert_eq!(receiver.ids(0), Vec::<String>::new());
    let (status, log, _) = process.stop();
    assert!(status.success(), "{log}");
    assert_eq!(receiver.ids(3), ids, "after three that failed");
}

#[test]
fn over_http_a_webhook_may_not_be_pointed_at_what_is_within() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let gateway = Gateway::with(&mock, "millrace: {workers: 1}\n");
    let within = [
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://[::1]/",
        "http://logs.example.com/",
    ];
    for url in within {
        put(&gateway.client(), "hook", &json!({ "callback": "webhook", "params": { "url": url } })).error(422);
    }
    for path in ["/etc/cron.d/x", "../x.jsonl", "a/../../x"] {
        put(&gateway.client(), "file", &json!({ "callback": "jsonl", "params": { "path": path } })).error(422);
    }
    assert_eq!(gateway.client().get("/callbacks").json()["callbacks"], json!([]));
}
