//! A long-lived actor that panics: it is made anew from its last state, counted and logged, and nobody's traffic fails.

use std::sync::{Arc, mpsc};

use actix::prelude::*;
use actix_http::header::{HeaderName, HeaderValue};
use millrace::boot::boot;
use millrace::boot::server::bind;
use millrace::keeper::source::ConfigSource;
use millrace::metrics::panics;
use millrace::state::State;
use millrace_actors::callback_registry::CallbackRegistry;
use millrace_actors::capabilities::Hooks;
use millrace_actors::cost_cache::CostCache;
use millrace_actors::credential::keeper::CredentialKeeper;
use millrace_actors::ports::{CallFacts, Callback, CallbackFactory, CallbackSpec, ParamError};
use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::{Value, json};

use crate::harness::{Answer, Client, Gateway, PROVIDER_KEY, chat, eventually};

/// What makes an actor panic: a handler of the test's own in the real actor.
#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

macro_rules! panics {
    ($($actor:ty),+) => {$(
        impl Handler<Panic> for $actor {
            type Result = ();

            fn handle(&mut self, _: Panic, _: &mut Context<Self>) {
                panic!("on purpose, in an actor");
            }
        }
    )+};
}

panics!(CallbackRegistry, CostCache, CredentialKeeper);

/// A callback that panics when it is dropped, as one may whose file or socket is in a bad way.
struct Breaks;

impl Callback for Breaks {
    fn kind(&self) -> &'static str {
        "breaks"
    }

    fn hooks(&self) -> Hooks {
        Hooks::RESPONSE_HEADERS
    }

    fn response_headers(&self, _: &CallFacts, _: &mut Vec<(HeaderName, HeaderValue)>) {}
}

impl Drop for Breaks {
    fn drop(&mut self) {
        panic!("on purpose, when dropped");
    }
}

/// Makes that one for the name `breaks`, and else what there is.
struct Breaking(Arc<dyn CallbackFactory>);

impl CallbackFactory for Breaking {
    fn make(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        match spec.name.as_str() {
            "breaks" => Ok(Arc::new(Breaks)),
            _ => self.0.make(spec),
        }
    }
}

/// The count of panics is the process's, and other tests want it to be 0: so these get a process of their own.
#[track_caller]
fn apart(name: &str) {
    let this = std::env::current_exe().expect("this binary");
    let inner = format!("{}::{name}", module_path!().split_once("::").expect("a crate").1);
    let ran = std::process::Command::new(this).args(["--exact", &inner, "--ignored"]).output().expect("a process");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn p06_an_actor_that_panics_is_made_anew_from_its_last_state() {
    apart("owners_in_a_process_of_their_own");
}

#[test]
fn p06_a_workers_inbox_that_panics_is_made_anew_and_told_what_is_current() {
    apart("inboxes_in_a_process_of_their_own");
}

fn gateway(mock: &MockServer, more: &str) -> (Gateway, Arc<State>) {
    let text = format!(
        "model_list:\n  - model_name: free\n    litellm_params: {{model: openai/free, api_base: \"{}\", api_key: {PROVIDER_KEY}, \
         input_cost_per_token: 0, output_cost_per_token: 0}}\n{more}",
        mock.base_url()
    );
    let (told, hears) = mpsc::channel();
    let gateway = Gateway::bound_by(&text, move |config, path| {
        let mut source = ConfigSource::new(Some(path), &config);
        source.factory = Arc::new(Breaking(source.factory));
        let parts = boot(&config, Arc::new(source)).unwrap_or_else(|e| panic!("{e}"));
        told.send(Arc::clone(&parts.state)).expect("a listener");
        bind(parts, &config.millrace).expect("an address")
    });
    (gateway, hears.recv().expect("a state"))
}

fn put(client: &Client, name: &str, body: &Value) -> Answer {
    client.request("PUT", &format!("/callbacks/{name}"), body.to_string().as_bytes()).whole()
}

fn mark(value: &str) -> Value {
    json!({ "callback": "headers", "params": { "headers": { "x-mark": value } } })
}

/// Has an actor panic, and waits until it is made anew.
fn struck<A>(gateway: &Gateway, name: &str, address: &Addr<A>)
where
    A: Actor<Context = Context<A>> + Handler<Panic>,
{
    let series = format!("millrace_actor_restarts_total{{actor=\"{name}\"}}");
    let before = gateway.metric(&series);
    let gone = System::new().block_on(address.send(Panic));
    assert!(matches!(gone, Err(MailboxError::Closed)), "{name}");
    eventually(name, || gateway.metric(&series) > before);
}

#[test]
#[ignore = "run by a test above, in a process of its own"]
fn owners_in_a_process_of_their_own() {
    panics::install();
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, state) = gateway(&mock, "litellm_settings: {callbacks: [noop]}\n");
    let client = gateway.client();
    for actor in ["callback_registry", "config_keeper", "cost_cache", "credential_keeper", "worker_inbox"] {
        let line = format!("millrace_actor_restarts_total{{actor=\"{actor}\"}} 0");
        assert!(client.get("/metrics").text().contains(&line), "each is shown before it happens: {actor}");
    }
    let changed = put(&client, "mark", &mark("one"));
    assert_eq!((changed.status, changed.json()["generation"].as_u64()), (200, Some(2)), "{}", changed.text());

    struck(&gateway, "callback_registry", &state.registry.address());
    let list = client.get("/callbacks");
    assert_eq!((list.status, list.json()["generation"].as_u64()), (200, Some(2)), "{}", list.text());
    assert_eq!(list.json()["callbacks"].as_array().map(Vec::len), Some(2), "{}", list.text());
    let changed = put(&gateway.client().header("if-match", "\"2\""), "mark", &mark("two"));
    assert_eq!(changed.json()["generation"], 3, "{}", changed.text());
    assert_eq!(changed.json()["workers"], 2, "those that the last one knew: {}", changed.text());

    struck(&gateway, "cost_cache", &state.cost_cache.address());
    struck(&gateway, "credential_keeper", &state.credentials.address());
    for _ in 0..8 {
        let answer = client.post("/v1/chat/completions", &chat("free", json!({})));
        assert_eq!((answer.status, answer.header("x-mark")), (200, Some("two")), "{}", answer.text());
    }
    let skipped = "millrace_budget_stage_total{result=\"skipped\"}";
    assert!(gateway.metric(skipped) == 8.0, "the first question is answered by the one made anew");
    let text = std::fs::read_to_string(gateway.config_path()).expect("a file");
    std::fs::write(gateway.config_path(), text.replace("output_cost_per_token: 0", "output_cost_per_token: 1e-6"))
        .expect("a file");
    let reloaded = client.post("/callbacks/reload", &json!({}));
    assert_eq!(
        (reloaded.status, reloaded.json()["routing_generation"].as_u64()),
        (200, Some(2)),
        "{}",
        reloaded.text()
    );
    assert_eq!(client.post("/v1/chat/completions", &chat("free", json!({}))).status, 200);
    assert!(gateway.metric(skipped) == 8.0, "a price is seen that came after the panic");
    assert!(gateway.metric("millrace_panics_total") == 3.0);
}

#[test]
#[ignore = "run by a test above, in a process of its own"]
fn inboxes_in_a_process_of_their_own() {
    panics::install();
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let (gateway, _state) = gateway(&mock, "");
    let client = gateway.client();
    assert_eq!(put(&client, "breaks", &json!({"callback": "noop"})).status, 200);
    // the last who has it drops it: a worker, or the owner
    assert_eq!(client.request("DELETE", "/callbacks/breaks", b"").whole().status, 200);
    eventually("a panic, and whoever had it made anew", || {
        gateway.metric("millrace_panics_total") > 0.0
            && ["worker_inbox", "callback_registry"]
                .iter()
                .any(|actor| gateway.metric(&format!("millrace_actor_restarts_total{{actor=\"{actor}\"}}")) > 0.0)
    });
    let changed = put(&client, "mark", &mark("after"));
    assert_eq!((changed.status, changed.json()["workers"].as_u64()), (200, Some(2)), "{}", changed.text());
    for _ in 0..32 {
        let answer = client.post("/v1/chat/completions", &chat("free", json!({})));
        assert_eq!((answer.status, answer.header("x-mark")), (200, Some("after")), "{}", answer.text());
    }
}
