//! S18 and P1, for a client that stops reading: its stream stands still, and must end in time all the same.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use serde_json::json;

use super::raw::{Provider, head};
use super::{ALIAS, Setup, gateway_at, shown};
use crate::harness::{Gateway, LIVENESS, Stream, chat, eventually, records};

/// A stream that floods a client who does not read.
struct Unread {
    gateway: Gateway,
    stream: Stream,
    /// Told when the gateway has left the provider.
    left: Receiver<()>,
    _provider: Provider,
}

impl Unread {
    /// Returns when the stream stands still: sockets and credit are full.
    fn start(millrace: &str) -> Self {
        let event = b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n".repeat(1000);
        let (leaves, left) = channel();
        let leaves = Mutex::new(leaves);
        let provider = Provider::start(move |socket| {
            socket.head(head());
            socket.flood(&event, usize::MAX);
            // the test may be over already
            let _ = leaves.lock().expect("no panic").send(());
        });
        let millrace = format!("write_idle_timeout: 600, {millrace}");
        let gateway = gateway_at(&provider.base_url(), &Setup { millrace: &millrace, ..Setup::default() });
        let stream = gateway.client().send("/v1/chat/completions", &chat(ALIAS, shown()));
        let (mut taken, mut looks) = (0, 0);
        eventually("it stands still", || {
            let before = std::mem::replace(&mut taken, provider.taken());
            looks = if taken > 0 && before == taken { looks + 1 } else { 0 };
            looks > 100
        });
        Unread { gateway, stream, left, _provider: provider }
    }

    /// Asserts that it has ended, for this, though its client still does not read.
    #[track_caller]
    fn assert_ended(self, outcome: &str, class: &str) {
        assert!(self.left.recv_timeout(LIVENESS).is_ok(), "the provider was not let go");
        let path = self.gateway.folder.path().join("records.jsonl");
        eventually("it settles", || !records(&path).is_empty());
        let record = &records(&path)[0];
        assert_eq!((&record["outcome"], &record["error_class"]), (&json!(outcome), &json!(class)), "{record}");
        drop(self.stream);
    }
}

#[test]
fn s18_the_total_ends_a_stream_that_nobody_reads() {
    Unread::start("total_timeout: 3").assert_ended("timeout", "timeout");
}

#[test]
fn p1_the_end_of_the_grace_ends_a_stream_that_nobody_reads() {
    let unread = Unread::start("shutdown_grace_seconds: 0.1");
    unread.gateway.begin_stop();
    unread.assert_ended("internal_error", "shutting_down");
}
