//! Every answer, cut everywhere: the caller sees the same, and the next exchange sees only its own answer.

use proptest::prelude::*;

use super::script::{Scripted, Step};
use crate::upstream::UpstreamFault;

const NEXT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nnext";

/// An answer, and what the caller must see of it.
struct Case {
    wire: &'static [u8],
    body: &'static [u8],
    status: u16,
    /// The connection may carry the next exchange.
    reused: bool,
    /// The upstream closes after it.
    end: bool,
}

const fn case(wire: &'static [u8], body: &'static [u8]) -> Case {
    Case { wire, body, status: 200, reused: true, end: false }
}

const CASES: [Case; 13] = [
    case(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello"),
    case(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n",
        b"hello world",
    ),
    case(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nusage: 3\r\n\r\n", b"x"),
    case(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", b"hello"),
    case(
        b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n\
          HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"ok",
    ),
    case(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", b""),
    Case { status: 204, ..case(b"HTTP/1.1 204 No Content\r\n\r\n", b"") },
    Case {
        status: 302,
        ..case(b"HTTP/1.1 302 Found\r\nlocation: http://elsewhere/\r\ncontent-length: 0\r\n\r\n", b"")
    },
    Case { reused: false, end: true, ..case(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\nto the end", b"to the end") },
    Case { reused: false, end: true, ..case(b"HTTP/1.0 200 OK\r\n\r\nto the end", b"to the end") },
    Case { reused: false, ..case(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok") },
    Case { reused: false, ..case(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok", b"ok") },
    Case {
        reused: false,
        ..case(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", b"ok")
    },
];

/// A connection that serves `wire` cut at `cuts`, then `NEXT`; and a spare one for `NEXT` alone.
fn scripts(wire: &[u8], cuts: &[usize], end: bool) -> Vec<Vec<Step>> {
    let mut steps = vec![Step::Request];
    let mut from = 0;
    for &cut in cuts.iter().chain([&wire.len()]) {
        if cut > from {
            steps.extend([Step::Bytes(wire[from..cut].to_vec()), Step::Later]);
            from = cut;
        }
    }
    if end {
        steps.push(Step::End);
    }
    steps.extend([Step::Request, Step::Bytes(NEXT.to_vec())]);
    vec![steps, vec![Step::Request, Step::Bytes(NEXT.to_vec())]]
}

async fn check(case: &Case, cuts: &[usize]) {
    let upstream = Scripted::new(scripts(case.wire, cuts, case.end));
    let what = format!("{:?} cut at {cuts:?}", String::from_utf8_lossy(case.wire));
    let seen = upstream.exchange().await.expect(&what);
    assert_eq!(seen, (case.status, case.body.to_vec()), "{what}");
    assert_eq!(upstream.exchange().await.expect(&what), (200, b"next".to_vec()), "{what}");
    assert_eq!(upstream.opened(), if case.reused { 1 } else { 2 }, "{what}");
}

#[actix_rt::test]
async fn every_cut_of_every_answer() {
    for case in &CASES {
        for cut in 0..=case.wire.len() {
            check(case, &[cut]).await;
        }
        let bytes: Vec<_> = (1..case.wire.len()).collect();
        check(case, &bytes).await;
    }
}

#[actix_rt::test]
async fn bytes_after_an_answer_reach_nobody() {
    const POISON: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison";
    for case in CASES.iter().filter(|case| !case.end) {
        let wire = [case.wire, POISON].concat();
        for cut in 0..=wire.len() {
            let upstream = Scripted::new(scripts(&wire, &[cut], false));
            let what = format!("{:?} cut at {cut}", String::from_utf8_lossy(&wire));
            assert_eq!(upstream.exchange().await.expect(&what), (case.status, case.body.to_vec()), "{what}");
            if case.reused && cut == case.wire.len() {
                continue; // the poison comes later, and is the next test's
            }
            assert_eq!(upstream.exchange().await.expect(&what), (200, b"next".to_vec()), "{what}");
            assert_eq!(upstream.opened(), 2, "{what}");
        }
    }
}

#[actix_rt::test]
async fn bytes_between_exchanges_close_the_connection() {
    let first = CASES[0].wire;
    let late = vec![Step::Request, Step::Bytes(first.to_vec()), Step::Bytes(NEXT.to_vec())];
    let upstream = Scripted::new(vec![late, vec![Step::Request, Step::Bytes(first.to_vec())]]);
    assert_eq!(upstream.exchange().await.unwrap().1, b"hello");
    assert_eq!(upstream.exchange().await.unwrap().1, b"hello");
    assert_eq!(upstream.opened(), 2);
}

/// A body that stops at `stop` bytes of the answer, by an end or by a reset.
async fn cut_off(case: &Case, stop: usize, last: Step) -> Result<(u16, Vec<u8>), UpstreamFault> {
    let steps = vec![Step::Request, Step::Bytes(case.wire[..stop].to_vec()), last];
    Scripted::new(vec![steps]).exchange().await
}

#[actix_rt::test]
async fn a_cut_answer_is_never_a_whole_one() {
    for case in CASES.iter().filter(|case| !case.end) {
        // HTTP/1.1 keeps the head and body together in `wire`, so every shorter prefix is incomplete.
        let head = case.wire.windows(4).rposition(|four| four == b"\r\n\r\n").unwrap();
        for stop in 1..case.wire.len() {
            let what = format!("{:?} stopped at {stop}", String::from_utf8_lossy(case.wire));
            let ended = cut_off(case, stop, Step::End).await.expect_err(&what);
            let reset = cut_off(case, stop, Step::Reset).await.expect_err(&what);
            if matches!(ended, UpstreamFault::ClosedBeforeHead { .. }) {
                assert!(stop < head + 4, "{what}: {ended}");
                assert!(!ended.before_answer() && !ended.is_stale(), "{what}: {ended}");
            } else {
                assert_eq!((ended, reset), (UpstreamFault::Truncated, UpstreamFault::Reset), "{what}");
            }
        }
    }
}

#[actix_rt::test]
async fn a_reset_ends_a_body_that_only_closing_ends() {
    let case = &CASES[8];
    assert_eq!(cut_off(case, case.wire.len(), Step::Reset).await, Err(UpstreamFault::Reset));
}

fn bodies() -> impl Strategy<Value = (Vec<u8>, bool)> {
    (proptest::collection::vec(any::<u8>(), 0..300), any::<bool>())
}

fn encode(body: &[u8], chunked: bool, chunk: usize, interim: usize) -> Vec<u8> {
    let mut wire = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(interim);
    if !chunked {
        wire.extend(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).bytes());
        wire.extend(body);
        return wire;
    }
    wire.extend(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for piece in body.chunks(chunk) {
        wire.extend(format!("{:x}\r\n", piece.len()).bytes());
        wire.extend(piece);
        wire.extend(b"\r\n");
    }
    wire.extend(b"0\r\n\r\n");
    wire
}

fn on_a_worker<T>(future: impl Future<Output = T>) -> T {
    actix_rt::System::new().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_body_cut_anyhow(
        (body, chunked) in bodies(), chunk in 1_usize..80, interim in 0_usize..4,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let wire = encode(&body, chunked, chunk, interim);
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(wire.len())).collect();
        cuts.sort_unstable();
        let upstream = Scripted::new(scripts(&wire, &cuts, false));
        on_a_worker(async {
            prop_assert_eq!(upstream.exchange().await, Ok((200, body)));
            prop_assert_eq!(upstream.exchange().await, Ok((200, b"next".to_vec())));
            prop_assert_eq!(upstream.opened(), 1);
            Ok(())
        })?;
    }

    #[test]
    fn garbage_is_an_error_not_a_panic(
        start in prop_oneof![Just(""), Just("HTTP/1.1 200 OK\r\n"), Just("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")],
        garbage in proptest::collection::vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>(),
    ) {
        let wire = [start.as_bytes(), &garbage].concat();
        let cut = if wire.is_empty() { 0 } else { cut.index(wire.len()) };
        let upstream = Scripted::new(scripts(&wire, &[cut], true));
        on_a_worker(async {
            let _ = upstream.exchange().await;
            prop_assert_eq!(upstream.exchange().await, Ok((200, b"next".to_vec())));
            Ok(())
        })?;
    }
}
