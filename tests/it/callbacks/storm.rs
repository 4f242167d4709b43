//! A thousand changes of the callbacks under a load of streams: no request fails, none sees half a change, memory is flat.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::JoinHandle;

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use super::admin::{delete, headers, put};
use crate::harness::{Answer, Client, Process, chat};

/// Changes in all, and those before memory is first looked at: buffers, threads and pools are then as large as they get.
const CHANGES: u64 = 1000;
const WARM: u64 = 200;

/// What 800 changes under load may add to resident memory: below 21 kB a change, so that a leaked snapshot of a worker
/// (callbacks, lists, headers: some 2 kB, times workers) would take it there within ten thousand. Mostly it is nothing.
const GROWTH_KB: u64 = 16 << 10;

/// The file's callbacks, which a reload returns to.
const CONFIGURED: &str = "litellm_settings: {callbacks: [mark]}\n\
                          callback_settings: {mark: {callback: headers, headers: {x-a: file, x-b: file}}}";

/// Who asks all the while, and how often they were answered.
struct Load {
    over: Arc<AtomicBool>,
    served: Arc<AtomicUsize>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn begin(client: &Client) -> Self {
        let (over, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let threads = (0..4)
            .map(|n| {
                let (client, over, served) = (client.clone(), Arc::clone(&over), Arc::clone(&served));
                std::thread::spawn(move || {
                    while !over.load(SeqCst) {
                        ask(&client, n > 0);
                        served.fetch_add(1, SeqCst);
                    }
                })
            })
            .collect();
        Load { over, served, threads }
    }

    fn end(self) -> usize {
        self.over.store(true, SeqCst);
        self.threads.into_iter().for_each(|thread| thread.join().expect("a request failed"));
        self.served.load(SeqCst)
    }
}

fn ask(client: &Client, stream: bool) {
    let body = chat("mock:chunks=30,gap=200us", json!({ "stream": stream }));
    let answered = client.send("/v1/chat/completions", &body);
    let header = |name: &str| answered.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let (status, a, b) = (answered.status, header("x-a"), header("x-b"));
    assert!(a.is_some() && a == b, "half a change: {a:?} {b:?}");
    if stream {
        let events = answered.events();
        assert_eq!(status, 200, "{events:?}");
        events.assert_done();
        let content =
            |e: &&serde_json::Value| e["choices"][0]["delta"]["content"].as_str().is_some_and(|t| !t.is_empty());
        assert_eq!(events.json().iter().filter(content).count(), 30);
    } else {
        let answer = answered.whole();
        assert!(status == 200 && answer.complete, "{}", answer.text());
    }
}

/// The n-th change; what `x-a` must read from now on.
fn change(client: &Client, n: u64) -> (Answer, String) {
    let last = (n - n % 4).to_string();
    match n % 4 {
        0 => (put(client, "mark", &headers(&last)), last),
        1 => (put(client, "wrap", &json!({ "callback": "noop" })), last),
        2 => (delete(client, "wrap"), last),
        _ => (client.post("/callbacks/reload", &json!({})), "file".to_owned()),
    }
}

#[test]
fn p3_a_thousand_changes_under_streams() {
    let mock = MockServer::start(MockConfig { record: 0, ..MockConfig::default() }).expect("a mock");
    let process = Process::before(&mock, CONFIGURED);
    let client = process.client();
    let load = Load::begin(&client);
    let (mut generation, mut warm) = (1, 0);
    for n in 0..CHANGES {
        if n == WARM {
            warm = process.resident_kb();
        }
        let (answer, shown) = change(&client, n);
        assert_eq!(answer.status, 200, "{}", answer.text());
        let now = answer.json()["generation"].as_u64().expect("a generation");
        assert!(now > generation, "{now} after {generation}");
        generation = now;
        if n % 10 == 0 {
            // two fresh connections: one to each worker
            for _ in 0..2 {
                let answer = client.chat(&chat("m", json!({})));
                assert_eq!(answer.header("x-a"), Some(shown.as_str()), "change {n} was answered before it held");
            }
        }
    }
    let grown = process.resident_kb().saturating_sub(warm);
    let served = load.end();
    assert!(served > 200, "that was no load: {served}");
    assert_eq!(process.metric("millrace_inflight"), 0.0);
    assert!(grown < GROWTH_KB, "{warm} kB grew by {grown} kB");
    let (status, log, _) = process.stop();
    assert!(status.success());
    assert!(!log.contains("panicked"), "{log}");
}
