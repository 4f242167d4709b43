//! U1, U2: nobody there, and nobody who answers the knock.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use super::rig::{BOTH, CONNECTION, Rig, Want, mock};
use super::setup::Setup;
use crate::harness::LIVENESS;

/// A port that refuses, held by nobody; the next process to ask for a free port will hardly get it.
fn refusing() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    format!("http://{}/v1", listener.local_addr().expect("an address"))
}

#[test]
fn u01_a_refused_connection_is_said_to_be_one() {
    let base = refusing();
    let rig =
        Rig::new(&Setup::new().deployment("gone", &base, "model_info: {}").router("num_retries: 0, allowed_fails: 0"));
    for stream in BOTH {
        let answer = rig.ask("gone", stream);
        let error = rig.refused(&answer, CONNECTION);
        let host = base.trim_end_matches("/v1");
        assert!(error["message"].as_str().is_some_and(|m| m.contains(host)), "whom did it call? {error}");
        assert_eq!(answer.header("x-litellm-model-api-base"), Some(&*base));
    }
    assert_eq!(rig.gateway.metric("millrace_spend_usd_total{group=\"gone\"}"), 0.0);
    rig.finish();
}

#[test]
fn u01_another_deployment_is_tried_at_once_and_the_dead_one_cools() {
    let mock = mock("echo-user");
    let setup = Setup::new()
        .deployment("pair", &refusing(), "order: 1")
        .deployment("pair", &mock.base_url(), "order: 2")
        .router("num_retries: 1, allowed_fails: 1, cooldown_time: 600");
    let rig = Rig::new(&setup);
    for (n, retries) in ["1", "1", "0", "0"].into_iter().enumerate() {
        let stream = n % 2 == 1;
        let answer = rig.ask_with("pair", stream, serde_json::json!({ "user": format!("caller {n}") }));
        assert_eq!(rig.good(&answer, stream), format!("caller {n}"));
        assert_eq!(answer.header("x-litellm-attempted-retries"), Some(retries), "call {n}");
    }
    assert_eq!(mock.stats().requests, 4);
    rig.finish();
}

/// A listener whose queue of connections is full: the kernel then drops what knocks, as a firewall would.
struct BlackHole {
    address: SocketAddr,
    _listener: tokio::net::TcpListener,
    _queued: Vec<TcpStream>,
    _runtime: tokio::runtime::Runtime,
}

impl BlackHole {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let listener = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
            socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
            socket.listen(1).expect("a listener")
        });
        let address = listener.local_addr().expect("an address");
        let mut queued = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            queued.push(stream);
            assert!(queued.len() < 64, "the queue never fills");
        }
        BlackHole { address, _listener: listener, _queued: queued, _runtime: runtime }
    }

    fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }
}

#[test]
fn u02_a_black_hole_ends_in_the_connect_timeout_and_the_next_deployment() {
    let hole = BlackHole::open();
    let mock = mock("");
    let setup = Setup::new()
        .deployment("hole", &hole.base_url(), "order: 1")
        .deployment("pair", &hole.base_url(), "order: 1")
        .deployment("pair", &mock.base_url(), "order: 2, max_retries: 1")
        .router("num_retries: 1, disable_cooldowns: true")
        .millrace("connect_timeout: 0.3");
    let rig = Rig::new(&setup);
    let began = std::time::Instant::now();
    for stream in BOTH {
        let answer = rig.ask("pair", stream);
        rig.good(&answer, stream);
        assert_eq!(answer.header("x-litellm-attempted-retries"), Some("1"));
        let answer = rig.ask("hole", stream);
        let error = rig.refused(&answer, Want { says: "timed out", ..CONNECTION });
        assert!(error["message"].as_str().is_some_and(|m| m.contains(&hole.address.to_string())), "to whom? {error}");
    }
    assert!(began.elapsed() < LIVENESS, "its own timeout, not the system's of two minutes");
    rig.finish();
}
