//! S13 and S14: what comes after the terminal event, and what only looks like one.

use super::raw::{Provider, head};
use super::{ALIAS, Scene, Setup, canonical, gateway_at, raw_of, shown};
use crate::harness::{LIVENESS, chat, eventually};

#[test]
fn s13_nothing_after_the_end_reaches_the_client() {
    let scene = Scene::new();
    let want = scene.expected("chunks=3");
    for done in ["then", "junk", "twice"] {
        for how in ["gap=0ms", "gap=5ms", "slice=1", "framing=close"] {
            let got = scene.play(&format!("chunks=3,done={done},{how}"));
            assert_eq!(raw_of(&got), canonical(&want), "{done},{how}");
            got.assert_done();
            scene.assert_settled("ok", want.len() - 1);
        }
    }
}

#[test]
fn s13_a_connection_with_junk_behind_the_answer_is_not_used_again() {
    let scene = Scene::new();
    let want = scene.expected("chunks=2");
    for _ in 0..3 {
        let before = scene.mock.stats().connections_accepted;
        scene.play("chunks=2,framing=extra").assert_done();
        let got = scene.play("chunks=2");
        assert_eq!(raw_of(&got), canonical(&want), "the junk was taken for the next answer");
        assert!(scene.mock.stats().connections_accepted > before, "the connection was used again");
    }
}

#[test]
fn s13_a_drained_connection_is_used_again() {
    let scene = Scene::new();
    // at once with the terminal event, and some time after it
    for how in ["gap=0ms", "gap=3ms"] {
        let before = scene.mock.stats();
        for n in 1..=10 {
            scene.play(&format!("chunks=2,done=then,{how}")).assert_done();
            let finished = before.streams_finished + n;
            assert!(scene.mock.wait_until_blocking(|stats| stats.streams_finished == finished, LIVENESS), "{how}");
        }
        // each worker keeps its own, and a stream may begin before the last one's end was read
        let opened = scene.mock.stats().connections_accepted - before.connections_accepted;
        assert!(opened < 8, "{how}: {opened} connections for 10 streams");
    }
}

#[test]
fn s13_a_flood_after_the_end_is_not_read() {
    let flood = 64 << 20;
    let provider = Provider::start(move |socket| {
        socket.head(head());
        socket.chunk(b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n");
        socket.flood(&[b'j'; 65536], flood);
    });
    let gateway = gateway_at(&provider.base_url(), &Setup::default());
    let events = gateway.client().events(&chat(ALIAS, shown()));
    events.assert_done();
    assert_eq!(events.data.len(), 2);
    eventually("the provider's connection ends", || provider.answered() == 1);
    // what the kernel's buffers on both sides hold is not read by us either
    assert!(provider.taken() < flood / 2, "{} bytes after the end were read", provider.taken());
}

#[test]
fn s13_a_body_that_does_not_end_is_not_waited_for() {
    let provider = Provider::start(|socket| {
        socket.head(head());
        socket.chunk(b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n");
        socket.until_left();
    });
    let gateway = gateway_at(&provider.base_url(), &Setup::default());
    gateway.client().events(&chat(ALIAS, shown())).assert_done();
    eventually("the provider's connection ends", || provider.answered() == 1);
}

#[test]
fn s14_only_a_whole_data_is_the_sentinel() {
    let scene = Scene::new();
    let want = scene.expected("chunks=8,alphabet=done,chunk-bytes=30");
    for how in ["slice=0", "slice=1", "slice=5"] {
        let got = scene.play(&format!("chunks=8,alphabet=done,chunk-bytes=30,{how}"));
        assert_eq!(raw_of(&got), canonical(&want), "{how}");
        got.assert_done();
        assert!(got.text().contains("data: [DONE]"));
    }
    let crlf = scene.play("chunks=8,alphabet=done,chunk-bytes=30,eol=crlf,done=twice");
    assert_eq!(raw_of(&crlf), canonical(&want));
}

/// Clients take it for the end with blanks around it too; ours get it without.
#[test]
fn s14_blanks_around_the_sentinel() {
    let scene = Scene::new();
    let want = scene.expected("chunks=2");
    for how in ["slice=0", "slice=1", "eol=crlf", "no-space"] {
        let got = scene.play(&format!("chunks=2,done=spaced,{how}"));
        assert_eq!(raw_of(&got), canonical(&want), "{how}");
        got.assert_done();
        scene.assert_settled("ok", want.len() - 1);
    }
}
