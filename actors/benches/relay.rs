//! Micro benchmark of the relay's loop, without sockets: what one event costs in each mode, by the events of a batch.
//!
//! Time (noisy on a shared machine): `cargo bench -p millrace-actors --bench relay`.
//!
//! Instructions, which repeat to the last digit: run the binary that `cargo bench --no-run` names under callgrind with
//! `--count MODE EVENTS BATCHES`, once with N batches and once with 2N; the difference over N times EVENTS is the cost of an
//! event, free of start-up:
//!
//! ```text
//! for n in 1000 2000; do valgrind --tool=callgrind --callgrind-out-file=/dev/null target/release/deps/relay-* \
//!     --count restamp 20 $n 2>&1 | grep Collected; done
//! ```
//!
//! MODE is one of `verbatim`, `restamp`, `stage`, `looker`, `both`; the last three are hooked by callbacks that do nothing.

use std::sync::Arc;

use bytes::Bytes;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use millrace_actors::capabilities::{CapabilitySnapshot, Hooks, Registered};
use millrace_actors::fault::Refusal;
use millrace_actors::ports::{CallFacts, Callback, CallbackSpec, Chunk, StreamStage};
use millrace_actors::relay::{Relay, RelaySettings};
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::protocol::Protocol;

const MODES: [&str; 5] = ["verbatim", "restamp", "stage", "looker", "both"];

/// Events that are ready at one wake-up: paced tokens, a provider that writes what it has, a cached answer.
const BATCHES: [usize; 3] = [1, 20, 200];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().position(|arg| arg == "--count") {
        Some(at) => count(&args[at + 1..]),
        None => divan::main(),
    }
}

#[divan::bench(args = BATCHES)]
fn verbatim(bencher: Bencher<'_, '_>, events: usize) {
    feed(bencher, "verbatim", events);
}

#[divan::bench(args = BATCHES)]
fn restamp(bencher: Bencher<'_, '_>, events: usize) {
    feed(bencher, "restamp", events);
}

#[divan::bench(args = BATCHES)]
fn stage(bencher: Bencher<'_, '_>, events: usize) {
    feed(bencher, "stage", events);
}

#[divan::bench(args = BATCHES)]
fn looker(bencher: Bencher<'_, '_>, events: usize) {
    feed(bencher, "looker", events);
}

#[divan::bench(args = BATCHES)]
fn both(bencher: Bencher<'_, '_>, events: usize) {
    feed(bencher, "both", events);
}

/// A fresh relay now and then: the text that lookers are shown grows with a stream, as it does in life.
fn feed(bencher: Bencher<'_, '_>, mode: &str, events: usize) {
    let batch = batch(events);
    bencher
        .counter(ItemsCount::new(STREAM.max(events)))
        .with_inputs(|| relay(mode))
        .bench_local_values(|relay| stream(relay, &batch, events));
}

/// Events of a stream of ordinary length.
const STREAM: usize = 200;

/// One stream, in batches.
fn stream(mut relay: Relay, batch: &Bytes, events: usize) -> Relay {
    for _ in 0..STREAM.div_ceil(events) {
        relay.feed(black_box(std::slice::from_ref(batch)), |bytes| drop(black_box(bytes)));
    }
    relay
}

fn count(args: &[String]) {
    let number = |at: usize| args.get(at).and_then(|arg| arg.parse::<usize>().ok());
    let (Some(mode), Some(events), Some(batches)) = (args.first(), number(1), number(2)) else {
        eprintln!("--count MODE EVENTS BATCHES; MODE is one of {MODES:?}");
        return;
    };
    let batch = batch(events);
    let mut left = batches;
    while left > 0 {
        let mut relay = relay(mode);
        for _ in 0..STREAM.div_ceil(events).min(left) {
            relay.feed(black_box(std::slice::from_ref(&batch)), |bytes| drop(black_box(bytes)));
            left -= 1;
        }
    }
}

fn relay(mode: &str) -> Relay {
    let noop = |hooks: Hooks| Registered {
        spec: CallbackSpec { name: "idle".into(), kind: "idle".into(), params: serde_json::Value::Null },
        callback: Arc::new(Idle(hooks)),
        hooks,
    };
    let callbacks = match mode {
        "stage" => vec![noop(Hooks::STREAM)],
        "looker" => vec![noop(Hooks::STREAM_CHUNK)],
        "both" => vec![noop(Hooks::STREAM | Hooks::STREAM_CHUNK)],
        _ => Vec::new(),
    };
    let shown_model = (mode != "verbatim").then_some("gpt-4o");
    let settings = RelaySettings {
        protocol: Protocol::Chat,
        framing: Framing::Events,
        shown_model,
        withhold_usage: true,
        max_event_bytes: 8 << 20,
    };
    Relay::new(&settings, None, &CapabilitySnapshot::fold(1, callbacks), || CallFacts {
        protocol: Protocol::Chat,
        call_id: "id".into(),
        route: "/v1/chat/completions",
        model: "gpt-4o".into(),
        stream: true,
        caller: "bench".into(),
        body: Bytes::new(),
    })
}

/// Content events of about 200 bytes, as OpenAI sends them where usage was asked for.
fn batch(events: usize) -> Bytes {
    let event = |index: usize| {
        format!(
            "data: {{\"id\":\"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG\",\"object\":\"chat.completion.chunk\",\
             \"created\":1741570283,\"model\":\"gpt-4o-2024-08-06\",\"service_tier\":\"default\",\"system_fingerprint\":\
             \"fp_fc9f1d7035\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\" word{index}\"}},\"logprobs\":null,\
             \"finish_reason\":null}}],\"usage\":null}}\n\n"
        )
    };
    (0..events).map(event).collect::<String>().into()
}

/// Does nothing, in the hooks it is given.
struct Idle(Hooks);

impl Callback for Idle {
    fn kind(&self) -> &'static str {
        "idle"
    }
    fn hooks(&self) -> Hooks {
        self.0
    }
    fn stream(&self, _: &CallFacts) -> Option<Box<dyn StreamStage>> {
        Some(Box::new(Through))
    }
    fn stream_chunk(&self, _: &CallFacts, _: &mut Chunk, _: &str) -> Result<(), Refusal> {
        Ok(())
    }
}

struct Through;

impl StreamStage for Through {
    fn event(&mut self, data: Bytes, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        out.push(data);
        Ok(())
    }
    fn end(&mut self, _: &mut Vec<Bytes>) -> Result<(), Refusal> {
        Ok(())
    }
}
