//! S8: an event that does not end. What is read of it is bounded, and so is what is kept.

use std::process::{Child, Command, Stdio};

use millrace_lab::mock::{MockConfig, MockServer};
use serde_json::json;

use super::raw::{Provider, head};
use super::{ALIAS, Scene, Setup, gateway_at, shown};
use crate::harness::{Client, KEY, LIVENESS, chat, eventually};

/// What the kernel may take for a connection that nobody reads: more than its default buffers, far less than a flood.
const IN_FLIGHT: u64 = 16 << 20;

#[test]
fn s08_an_event_of_64_mib() {
    let scene = Scene::new();
    for (spec, limit) in [("huge-event:64", 8 << 20), ("huge-event:64,gap=1ms", 8 << 20), ("endless", 8 << 20)] {
        let before = scene.mock.stats().bytes_out;
        let events = scene.play(spec);
        let error = events.assert_failed();
        assert_eq!(error["type"], "upstream_invalid_answer", "{error}");
        assert!(error["message"].as_str().is_some_and(|m| m.contains("8388608 bytes")), "{error}");
        assert!(scene.mock.wait_until_blocking(|stats| stats.requests_open == 0, LIVENESS), "upstream was not closed");
        let read = scene.mock.stats().bytes_out - before;
        assert!(read < limit + IN_FLIGHT, "{spec}: {read} bytes read of an event that may have {limit}");
        scene.assert_settled("upstream_error", 1);
    }
}

#[test]
fn s08_an_event_within_the_bound_passes_whole() {
    let scene = Scene::millrace("max_event_bytes: 4194304");
    let events = scene.play("huge-event:3");
    events.assert_done();
    assert!(events.data[1].len() > 3 << 20);
    assert_eq!(events.json()[1]["model"], ALIAS);
    scene.play("huge-event:4").assert_failed();
}

/// The same before the first event, where the head is still held: nothing of it may pile up there either.
#[test]
fn s08_no_event_ever() {
    for filler in
        [&[b'm'; 65536] as &[u8], &b": a comment\n\n".repeat(5000), &b"\n".repeat(65536), &b"event: x\n\n".repeat(6000)]
    {
        let filler = filler.to_vec();
        let provider = Provider::start(move |socket| {
            socket.head(head());
            socket.flood(&filler, 1 << 30);
        });
        let gateway =
            gateway_at(&provider.base_url(), &Setup { millrace: "max_event_bytes: 1048576", ..Setup::default() });
        let error = gateway.client().send("/v1/chat/completions", &chat(ALIAS, shown())).whole().error(502);
        assert_eq!(error["type"], "upstream_invalid_answer", "{error}");
        assert!(provider.taken() < 32 << 20, "{} bytes read before the first event", provider.taken());
    }
}

/// A provider that never pauses must not keep the limits of time from being looked at.
#[test]
fn s08_a_flood_of_events_ends_at_the_total() {
    let event = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n".repeat(1000);
    let provider = Provider::start(move |socket| {
        socket.head(head());
        socket.flood(&event, usize::MAX);
    });
    let gateway = gateway_at(&provider.base_url(), &Setup { millrace: "total_timeout: 0.5", ..Setup::default() });
    let mut stream = gateway.client().send("/v1/chat/completions", &chat(ALIAS, shown()));
    let (mut tail, began) = (Vec::new(), std::time::Instant::now());
    while let Some(piece) = stream.piece().expect("a body that says how it ends") {
        tail = [&tail[tail.len().saturating_sub(1024)..], &piece].concat();
        assert!(began.elapsed() < LIVENESS, "the total timeout never came");
    }
    let tail = String::from_utf8_lossy(&tail);
    assert!(tail.contains("(total timeout)"), "{tail}");
}

/// Peak memory of a process of its own: eight streams at once, each of which would be 64 MiB if it were kept.
#[test]
fn s08_memory_stays_flat() {
    let mock = MockServer::start(MockConfig::default()).expect("a mock");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config.yaml");
    let yaml = format!(
        "model_list: [{{model_name: {ALIAS}, litellm_params: {{model: openai/m, api_base: \"{}\", api_key: k}}}}]
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {KEY}}}
millrace: {{port: 0, max_event_bytes: 1048576}}\n",
        mock.base_url()
    );
    std::fs::write(&path, yaml).expect("a file");
    let process = Process::start(&path);
    let client = Client::new(process.address(), KEY);
    mock.set_behaviour(super::behaviour("chunks=3"));
    client.events(&chat(ALIAS, shown())).assert_done();
    let before = process.peak_kib();
    mock.set_behaviour(super::behaviour("huge-event:64"));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| client.events(&chat(ALIAS, shown())).assert_failed());
        }
    });
    let grown = process.peak_kib() - before;
    assert!(grown < 64 << 10, "{grown} KiB more at the peak, for eight events that may have 1 MiB each");
    assert_eq!(mock.stats().faults.get("huge-event"), Some(&8), "{}", json!(mock.stats().faults));
}

/// The real binary.
struct Process {
    child: Child,
    log: std::path::PathBuf,
}

impl Process {
    fn start(config: &std::path::Path) -> Self {
        let log = config.with_extension("log");
        let file = std::fs::File::create(&log).expect("a log");
        let child = Command::new(env!("CARGO_BIN_EXE_millrace"))
            .args(["serve", "--config"])
            .arg(config)
            .env_remove("RUST_LOG")
            .stdout(file.try_clone().expect("a clone"))
            .stderr(file)
            .stdin(Stdio::null())
            .spawn()
            .expect("the binary");
        Process { child, log }
    }

    /// Where it listens, as it says itself.
    fn address(&self) -> std::net::SocketAddr {
        let find = || {
            let text = std::fs::read_to_string(&self.log).unwrap_or_default();
            let at = text.find("127.0.0.1:")?;
            text[at..].split(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').next()?.parse().ok()
        };
        eventually("the binary says where it listens", || find().is_some_and(|a: std::net::SocketAddr| a.port() > 0));
        find().expect("an address")
    }

    /// The most memory it ever had, KiB.
    fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
        line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
