//! The storm: some hundreds of requests from several threads, each of a known kind and with an id of its own.

use std::sync::Arc;

use millrace_lab::mock::{MockConfig, MockServer, Recorded};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Events, KEY, LIVENESS, PROVIDER_KEY, Process, eventually, records};

/// The credential of the second provider.
pub const OTHER_KEY: &str = "sk-canary-other-credential-1147";

const THREADS: usize = 6;
const ROUNDS: usize = 5;

/// What a request is to run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Whole,
    Stream,
    Fallback,
    Error,
    QuotedKey,
    Garbage,
    Redirect,
    Cut,
    ErrorEvent,
    Leaves,
    LeavesEarly,
    Denied,
    NoKey,
    BadBody,
}

impl Kind {
    const ALL: [Kind; 14] = [
        Kind::Whole,
        Kind::Stream,
        Kind::Fallback,
        Kind::Error,
        Kind::QuotedKey,
        Kind::Garbage,
        Kind::Redirect,
        Kind::Cut,
        Kind::ErrorEvent,
        Kind::Leaves,
        Kind::LeavesEarly,
        Kind::Denied,
        Kind::NoKey,
        Kind::BadBody,
    ];

    fn model(self) -> String {
        match self {
            Kind::Fallback => "breaks".into(),
            Kind::Error => "mock-500".into(),
            Kind::QuotedKey => "quotes".into(),
            Kind::Garbage => "mock:fault=garbage".into(),
            Kind::Redirect => "redirects".into(),
            Kind::Cut => "mock:fault=cut:4,gap=1ms".into(),
            Kind::ErrorEvent => "quotes-late".into(),
            Kind::Leaves => "mock:chunks=20000,gap=2ms".into(),
            Kind::LeavesEarly => "mock-hang".into(),
            _ => "mock:echo-user,chunk-bytes=3".into(),
        }
    }

    fn streams(self) -> bool {
        matches!(self, Kind::Stream | Kind::Cut | Kind::ErrorEvent | Kind::Leaves)
    }

    /// Whether it becomes an exchange.
    pub fn admitted(self) -> bool {
        !matches!(self, Kind::NoKey | Kind::BadBody)
    }

    /// Whether the client stays for the answer.
    pub fn is_answered(self) -> bool {
        !matches!(self, Kind::Leaves | Kind::LeavesEarly)
    }

    /// Whether all goes well.
    pub fn succeeds(self) -> bool {
        matches!(self, Kind::Whole | Kind::Stream | Kind::Fallback)
    }

    /// How it must be recorded.
    pub fn outcome(self) -> &'static str {
        match self {
            Kind::Leaves | Kind::LeavesEarly => "client_cancelled",
            Kind::Cut => "truncated",
            Kind::Denied => "blocked",
            _ if self.succeeds() => "ok",
            _ => "upstream_error",
        }
    }

    /// The status it must be answered with, where that is no 200.
    pub fn status(self) -> u16 {
        match self {
            Kind::Error => 500,
            Kind::QuotedKey | Kind::Denied | Kind::BadBody => 400,
            Kind::Garbage | Kind::Redirect => 502,
            Kind::NoKey => 401,
            _ => 200,
        }
    }
}

/// A request and what came of it.
#[derive(Debug)]
pub struct Done {
    pub kind: Kind,
    pub id: String,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    complete: bool,
}

impl Done {
    pub fn answer(&self) -> Answer {
        Answer { status: self.status, headers: self.headers.clone(), body: self.body.clone(), complete: self.complete }
    }

    #[track_caller]
    pub fn events(&self) -> Events {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        Events::of(self.answer())
    }
}

/// What was seen of it, from all sides.
pub struct Storm {
    pub done: Vec<Done>,
    pub upstream: Vec<Recorded>,
    pub other_upstream: Vec<Recorded>,
    pub open_upstream: u64,
    pub records: Vec<Value>,
    pub metrics: String,
    pub pages: Vec<(String, String)>,
    pub log: String,
}

impl Storm {
    /// Lets it loose, and waits until all is calm.
    pub fn run() -> Self {
        let start = || MockServer::start(MockConfig { record: 1 << 14, ..MockConfig::default() }).expect("a mock");
        let (mock, other) = (start(), start());
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("config.yaml"), config(&mock, &other)).expect("a file");
        let process = Process::from_folder(folder);
        let client = Arc::new(process.client());
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let client = Arc::clone(&client);
                std::thread::spawn(move || {
                    let kinds = (0..ROUNDS).flat_map(|round| Kind::ALL.into_iter().map(move |kind| (round, kind)));
                    kinds.map(|(round, kind)| ask(&client, kind, &format!("id-{thread}-{round}-{kind:?}."))).collect()
                })
            })
            .collect();
        let asked = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|e| std::panic::resume_unwind(e)));
        let done: Vec<Done> = asked.flat_map(|done: Vec<Done>| done).collect();
        eventually("nothing is in flight", || process.metric("millrace_inflight") == 0.0);
        assert!(mock.wait_until_blocking(|stats| stats.requests_open == 0, LIVENESS), "{:?}", mock.stats());
        let metrics = process.client().get("/metrics").text();
        let page = |path: &&str| ((*path).to_owned(), process.client().get(path).text());
        let pages = [
            "/callbacks",
            "/active/callbacks",
            "/v1/models",
            "/model/info",
            "/v1/model/info",
            "/",
            "/health/readiness",
        ];
        let pages = pages.iter().map(page).collect();
        let (status, log, folder) = process.stop();
        assert!(status.success(), "{log}");
        Storm {
            done,
            upstream: mock.requests(),
            other_upstream: other.requests(),
            open_upstream: mock.stats().requests_open,
            records: records(&folder.path().join("data/records.jsonl")),
            metrics,
            pages,
            log,
        }
    }

    /// The requests of these kinds.
    pub fn of(&self, kinds: &[Kind]) -> impl Iterator<Item = &Done> {
        self.done.iter().filter(move |done| kinds.contains(&done.kind))
    }
}

fn config(mock: &MockServer, other: &MockServer) -> String {
    let (a, b) = (mock.base_url(), other.base_url());
    let deployment = |group: &str, model: &str, base: &str, key: &str| {
        format!(
            "- model_name: \"{group}\"\n  litellm_params: {{model: \"{model}\", api_base: \"{base}\", api_key: {key}}}\n"
        )
    };
    let quote = format!("message=Incorrect API key provided: {PROVIDER_KEY}");
    let deployments = [
        deployment("*", "openai/*", &a, PROVIDER_KEY),
        deployment("breaks", "openai/mock:fault=cut-byte:0", &a, PROVIDER_KEY),
        deployment("stands-in", "openai/mock:echo-user", &b, OTHER_KEY),
        deployment("quotes", &format!("openai/mock:fault=status:400,{quote}"), &a, PROVIDER_KEY),
        deployment("quotes-late", &format!("openai/mock:fault=error-event:3,gap=1ms,{quote}"), &a, PROVIDER_KEY),
        deployment(
            "redirects",
            &format!("openai/mock:fault=redirect:307,location={b}/chat/completions"),
            &a,
            PROVIDER_KEY,
        ),
    ];
    format!(
        "model_list:\n{}general_settings: {{master_key: {KEY}}}\n\
         router_settings: {{num_retries: 1, disable_cooldowns: true, fallbacks: [{{breaks: [stands-in]}}]}}\n\
         litellm_settings: {{callbacks: [jsonl, noop, deny_words]}}\n\
         callback_settings: {{jsonl: {{path: records.jsonl}}, deny_words: {{words: [abracadabra]}}}}\n\
         millrace: {{data_dir: data}}\n",
        deployments.concat()
    )
}

fn ask(client: &Client, kind: Kind, id: &str) -> Done {
    let client = match kind {
        Kind::NoKey => client.anonymous(),
        _ => client.clone(),
    };
    let client = client.header("x-litellm-call-id", id);
    let content = if kind == Kind::Denied { "say Abracadabra" } else { "hi" };
    let messages = if kind == Kind::BadBody { json!("none") } else { json!([{ "role": "user", "content": content }]) };
    let body = json!({ "model": kind.model(), "user": id, "stream": kind.streams(), "messages": messages });
    let done = |status, headers, body, complete| Done { kind, id: id.to_owned(), status, headers, body, complete };
    match kind {
        Kind::LeavesEarly => {
            leave_early(&client, &body);
            done(0, Vec::new(), Vec::new(), false)
        }
        Kind::Leaves => {
            let mut stream = client.send("/v1/chat/completions", &body);
            let seen = stream.until("data:");
            let (status, headers) = (stream.status, stream.headers.clone());
            stream.leave();
            done(status, headers, seen.into_bytes(), false)
        }
        _ => {
            let Answer { status, headers, body, complete } = client.chat(&body);
            done(status, headers, body, complete)
        }
    }
}

/// Sends a whole request and goes as soon as the gateway must have read it: its admission is not ours to see, so the
/// provider that never answers is given a moment to be asked.
fn leave_early(client: &Client, body: &Value) {
    use std::io::{ErrorKind, Read, Write};
    let mut socket = client.connect();
    let body = body.to_string();
    socket.write_all(&client.head("POST", "/v1/chat/completions", body.len())).expect("a head");
    socket.write_all(body.as_bytes()).expect("a body");
    socket.set_read_timeout(Some(std::time::Duration::from_millis(300))).expect("a timeout");
    let read = socket.read(&mut [0; 1]);
    assert!(matches!(&read, Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{read:?}");
    socket.shutdown(std::net::Shutdown::Both).expect("gone");
}
