//! Rows S of the fault matrix over real sockets: what the provider does to a stream, and the exact events a client gets.

mod attempts;
mod done;
mod ends;
mod framing;
mod head;
mod hold;
mod limits;
mod many;
mod model;
mod raw;
mod shape;
mod time;
mod unread;
mod unusable;
mod usage;

use std::cell::Cell;
use std::io::Write;
use std::net::TcpStream;

use millrace_lab::mock::{Behaviour, MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Client, Events, Gateway, KEY, LIVENESS, Stream, chat, eventually};

/// The name that callers use; nothing else in an answer reads like it.
const ALIAS: &str = "alias";

/// The provider's name of the same model, longer and with a dot, so that a restamp moves bytes.
const UPSTREAM: &str = "up-model.5";

/// What a scene is set up with, as lines of YAML mappings.
#[derive(Default)]
struct Setup<'a> {
    millrace: &'a str,
    general: &'a str,
    router: &'a str,
    callbacks: &'a str,
}

/// A gateway that knows one model, the mock behind it, and the records of what was asked.
struct Scene {
    mock: MockServer,
    gateway: Gateway,
    asked: Cell<usize>,
}

impl Scene {
    fn new() -> Self {
        Self::with(&Setup::default())
    }

    /// Where tokens are counted by the encoding from the first exchange on.
    fn warm() -> Self {
        let scene = Self::new();
        scene.asked.set(scene.gateway.warm(ALIAS));
        scene
    }

    /// The tokens of a text, by the encoding, once that is warm.
    fn tokens(&self, text: &str) -> u64 {
        self.asked.set(self.asked.get() + 1);
        self.gateway.tokens(ALIAS, text)
    }

    /// With settings of `millrace`.
    fn millrace(settings: &str) -> Self {
        Self::with(&Setup { millrace: settings, ..Setup::default() })
    }

    fn with(setup: &Setup<'_>) -> Self {
        let mock = MockServer::start(MockConfig::default()).expect("a mock");
        let gateway = gateway_at(&mock.base_url(), setup);
        Scene { mock, gateway, asked: Cell::new(0) }
    }

    /// Sends one request to the alias while the mock behaves as `spec` says, and reads the head of the answer.
    #[track_caller]
    fn send(&self, spec: &str, more: Value) -> Stream {
        self.mock.set_behaviour(behaviour(spec));
        self.asked.set(self.asked.get() + 1);
        self.gateway.client().send("/v1/chat/completions", &chat(ALIAS, more))
    }

    /// As [`Scene::send`], without waiting for an answer: returns once the provider has been asked.
    #[track_caller]
    fn ask(&self, spec: &str, more: Value) -> TcpStream {
        self.mock.set_behaviour(behaviour(spec));
        self.asked.set(self.asked.get() + 1);
        let (before, client) = (self.mock.stats().requests, self.gateway.client());
        let body = chat(ALIAS, more).to_string();
        let mut socket = client.connect();
        socket.write_all(&client.head("POST", "/v1/chat/completions", body.len())).expect("a head");
        socket.write_all(body.as_bytes()).expect("a body");
        assert!(self.mock.wait_until_blocking(|stats| stats.requests > before, LIVENESS), "{spec}: nobody was asked");
        socket
    }

    /// The events of a stream of which the client asked to see the usage.
    #[track_caller]
    fn play(&self, spec: &str) -> Events {
        self.events(spec, shown())
    }

    #[track_caller]
    fn events(&self, spec: &str, more: Value) -> Events {
        let stream = self.send(spec, more);
        assert_eq!(stream.status, 200, "{spec}");
        stream.events()
    }

    /// What the provider itself answers to a caller that asks for usage, with the caller's name of the model.
    #[track_caller]
    fn direct(&self, spec: &str) -> Events {
        self.mock.set_behaviour(behaviour(spec));
        let asked = self.mock.stats().requests;
        let events = Client::new(self.mock.addr(), KEY).events(&chat(UPSTREAM, shown()));
        assert_eq!(self.mock.stats().requests, asked + 1, "the mock answers directly");
        events
    }

    /// The data of the provider's own events for a proper `spec`, with the caller's name of the model.
    #[track_caller]
    fn expected(&self, spec: &str) -> Vec<String> {
        self.direct(spec).data.iter().map(|data| alike(data)).collect()
    }

    /// The record of the last exchange.
    #[track_caller]
    fn record(&self) -> Value {
        let path = self.gateway.folder.path().join("records.jsonl");
        let read = || {
            let mut text = std::fs::read_to_string(&path).unwrap_or_default();
            // a line may be half there: what is written over the bound of a page is seen page by page
            text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
            text
        };
        eventually("a record of each exchange", || read().lines().count() >= self.asked.get());
        let text = read();
        assert_eq!(text.lines().count(), self.asked.get(), "an exchange settled twice (I3): {text}");
        serde_json::from_str(text.lines().last().expect("a line")).expect("JSON")
    }

    /// Asserts how the last exchange ended, and how many events it is said to have delivered.
    #[track_caller]
    fn assert_settled(&self, outcome: &str, events: usize) {
        let record = self.record();
        assert_eq!((&record["outcome"], &record["stream_events"]), (&json!(outcome), &json!(events)), "{record}");
    }
}

/// A gateway in front of whatever listens at `base_url`: no retries and no cooldowns unless `setup.router` says so.
fn gateway_at(base_url: &str, setup: &Setup<'_>) -> Gateway {
    let router = if setup.router.is_empty() { "num_retries: 0, disable_cooldowns: true" } else { setup.router };
    let comma = |more: &str| if more.is_empty() { String::new() } else { format!(", {more}") };
    Gateway::from_yaml(&format!(
        "model_list:
  - {{model_name: {ALIAS}, litellm_params: {{model: openai/{UPSTREAM}, api_base: \"{base_url}\", api_key: sk-provider}}}}
router_settings: {{{router}}}
litellm_settings: {{callbacks: [jsonl{}]}}
callback_settings: {{jsonl: {{path: records.jsonl}}}}
general_settings: {{master_key: {KEY}{}}}
millrace: {{data_dir: .{}}}
",
        comma(setup.callbacks),
        comma(setup.general),
        comma(setup.millrace),
    ))
}

/// The members of a request for a stream with usage.
fn shown() -> Value {
    json!({ "stream": true, "stream_options": { "include_usage": true } })
}

/// The members of a request for a stream without usage.
fn withheld() -> Value {
    json!({ "stream": true })
}

/// A behaviour with a fixed number of prompt tokens: the gateway's request is not as long as the caller's.
#[track_caller]
fn behaviour(spec: &str) -> Behaviour {
    format!("prompt-tokens=7,{spec}").parse().unwrap_or_else(|e| panic!("{e}"))
}

/// `data` with the caller's name of the model, and with the number that the mock gives each answer struck out.
fn alike(data: &str) -> String {
    unnumbered(&data.replace(&format!("\"model\":\"{UPSTREAM}\""), &format!("\"model\":\"{ALIAS}\"")))
}

/// `text` with every run of 16 digits struck out.
fn unnumbered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[at..].bytes().take_while(u8::is_ascii_digit).count();
        out += &rest[..at];
        out += if digits == 16 { "#" } else { &rest[at..at + digits] };
        rest = &rest[at + digits..];
    }
    out + rest
}

/// The events as the gateway writes them: canonical, LF, nothing between them.
fn canonical(data: &[String]) -> String {
    data.iter().map(|data| format!("data: {}\n\n", data.replace('\n', "\ndata: "))).collect()
}

/// The body that the client got, with numbers struck out.
fn raw_of(events: &Events) -> String {
    unnumbered(std::str::from_utf8(&events.raw).expect("UTF-8"))
}

/// The data that the client got, with numbers struck out.
fn data_of(events: &Events) -> Vec<String> {
    events.data.iter().map(|data| unnumbered(data)).collect()
}

/// Asserts that a stream ended in an error of this type and code, and that `before` came before it. Returns the message.
#[track_caller]
fn assert_broke(events: &Events, kind: &str, code: &str, before: &[String]) -> String {
    let error = events.assert_failed();
    assert_eq!((error["type"].as_str(), error["code"].as_str()), (Some(kind), Some(code)), "{error}");
    let data = data_of(events);
    assert_eq!(&data[..data.len() - 1], before);
    error["message"].as_str().expect("a message").to_owned()
}
