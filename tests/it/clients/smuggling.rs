//! C9: heads that two servers would read differently. None may ever make two requests of one, whatever else becomes of it.
//! C10: what we take knowingly, and that it goes on rewritten.

use millrace_lab::mock::MockServer;

use super::mock;
use super::raw::{Said, say};
use crate::harness::{Gateway, KEY};

const BODY: &str = r#"{"model":"outer","messages":[]}"#;

/// The request that must never be seen.
fn hidden() -> String {
    let body = r#"{"model":"hidden","messages":[]}"#;
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Heads (behind request line, host and key, `N` standing for the body's true length), and the body's form.
fn corpus() -> Vec<(&'static str, String, String)> {
    let plain = || BODY.to_owned() + &hidden();
    let chunked = |first: &str| format!("{first}\r\n{BODY}\r\n0\r\n\r\n{}", hidden());
    let (n, size) = (BODY.len(), format!("{:x}", BODY.len()));
    let length = |value: &str| format!("content-length: {value}\r\n");
    let encoding = |value: &str| format!("transfer-encoding: {value}\r\n");
    vec![
        ("CL and TE", length("4") + &encoding("chunked"), chunked(&size)),
        ("TE and CL", encoding("chunked") + &length("4"), chunked(&size)),
        ("two lengths that differ", length(&n.to_string()) + &length("4"), plain()),
        ("two lengths alike", length(&n.to_string()) + &length(&n.to_string()), plain()),
        ("a list of lengths", length(&format!("{n}, {n}")), plain()),
        ("a signed length", length(&format!("+{n}")), plain()),
        ("a negative length", length("-1"), plain()),
        ("a length in hexadecimal", length("0x1f"), plain()),
        ("a length with a point", length(&format!("{n}.0")), plain()),
        ("an empty length", length(""), plain()),
        ("a length over 64 bits", length("99999999999999999999999"), plain()),
        ("a folded length", format!("content-length:\r\n {n}\r\n"), plain()),
        ("obs-fold", format!("x-a: b\r\n c\r\n{}", length(&n.to_string())), plain()),
        ("a space before the colon", format!("content-length : {n}\r\n"), plain()),
        ("a tab before the colon", format!("content-length\t: {n}\r\n"), plain()),
        ("a space before a name", format!(" content-length: {n}\r\n"), plain()),
        ("no colon", format!("content-length {n}\r\n"), plain()),
        ("NUL in a name", format!("x\0y: 1\r\n{}", length(&n.to_string())), plain()),
        ("NUL in a value", format!("x: 1\0\r\n{}", length(&n.to_string())), plain()),
        ("a bare CR in a value", format!("x: 1\ry: 2\r\n{}", length(&n.to_string())), plain()),
        ("chunked, identity", encoding("chunked, identity"), chunked(&size)),
        ("identity, chunked", encoding("identity, chunked"), chunked(&size)),
        ("gzip, chunked", encoding("gzip, chunked"), chunked(&size)),
        ("identity alone", encoding("identity"), chunked(&size)),
        ("an unknown encoding", encoding("xchunked"), chunked(&size)),
        ("chunked twice", encoding("chunked") + &encoding("chunked"), chunked(&size)),
        ("chunked and identity", encoding("chunked") + &encoding("identity"), chunked(&size)),
        ("a vertical tab before chunked", encoding("\x0bchunked"), chunked(&size)),
        ("TE with a space before the colon", "transfer-encoding : chunked\r\n".to_owned(), chunked(&size)),
        ("a chunk size with a sign", encoding("chunked"), chunked(&format!("+{size}"))),
        ("a chunk size with 0x", encoding("chunked"), chunked(&format!("0x{size}"))),
        ("a chunk size with a space before", encoding("chunked"), chunked(&format!(" {size}"))),
        ("a chunk size over 64 bits", encoding("chunked"), chunked(&format!("1000000000000000{size}"))),
        ("an empty chunk size", encoding("chunked"), chunked("")),
        ("a chunk size that is none", encoding("chunked"), chunked("zz")),
        ("a chunk longer than its size", encoding("chunked"), format!("4\r\n{BODY}\r\n0\r\n\r\n{}", hidden())),
        ("a chunk without CRLF behind", encoding("chunked"), format!("{size}\r\n{BODY}0\r\n\r\n{}", hidden())),
    ]
}

fn send(gateway: &Gateway, headers: &str, body: &str) -> Said {
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {KEY}\r\n{headers}\r\n");
    say(gateway.address, format!("{head}{body}").as_bytes())
}

/// Whether the provider saw the hidden request.
fn smuggled(mock: &MockServer) -> bool {
    mock.requests().iter().any(|request| request.text().contains("hidden"))
}

#[test]
fn c09_no_malformed_head_or_chunk_makes_two_requests() {
    let mock = mock("none");
    let gateway = Gateway::with(&mock, "\nmillrace: {keep_alive: 1, client_body_idle_timeout: 1}\n");
    let corpus = corpus();
    assert!(corpus.len() >= 20);
    for (name, headers, body) in &corpus {
        mock.reset();
        let said = send(&gateway, headers, body);
        println!("c09 {name}: {:?}", said.statuses());
        assert!(said.closed, "{name}: the connection is kept: {}", said.text());
        assert!(said.statuses().iter().all(|status| (400..500).contains(status)), "{name}: {}", said.text());
        assert!(said.statuses().len() <= 1, "{name}: {}", said.text());
        assert_eq!(mock.stats().requests, 0, "{name}: {:?}", mock.requests());
    }
    assert_eq!(gateway.client().get("/v1/models").status, 200, "the gateway lives");
}

#[test]
fn c09_request_lines_that_are_none_are_refused() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let key = format!("authorization: Bearer {KEY}");
    let lines = [
        "POST /v1/chat/completions\r\n",
        "POST  /v1/chat/completions HTTP/1.1\r\n",
        "POST /v1/chat completions HTTP/1.1\r\n",
        "POST /v1/chat/completions HTTP/1.1 x\r\n",
        "POST /v1/chat/completions HTTP/1,1\r\n",
        "POST /v1/chat/completions HTTP/9.9\r\n",
        "POST /v1/chat/completions HTTP/2.0\r\n",
        "PO\0ST /v1/chat/completions HTTP/1.1\r\n",
        "POST /v1/chat/comp\0letions HTTP/1.1\r\n",
        "POST /v1/chat/comp\x7fletions HTTP/1.1\r\n",
        "PRI * HTTP/2.0\r\n",
        "\x16\x03\x01\x02\r\n",
    ];
    for line in lines {
        mock.reset();
        let said =
            say(gateway.address, format!("{line}host: a\r\n{key}\r\ncontent-length: 31\r\n\r\n{BODY}").as_bytes());
        println!("c09 {line:?}: {:?}", said.statuses());
        assert!(said.closed && said.statuses().iter().all(|s| (400..500).contains(s)), "{line:?}: {}", said.text());
        assert_eq!(mock.stats().requests, 0, "{line:?}");
    }
}

#[test]
fn c10_bare_line_feeds_and_chunk_extensions_are_taken_and_never_passed_on() {
    let mock = mock("none");
    let gateway = Gateway::before(&mock);
    let (n, size) = (BODY.len(), format!("{:x}", BODY.len()));
    let key = format!("authorization: Bearer {KEY}");
    let line = "POST /v1/chat/completions HTTP/1.1";
    let requests = [
        format!("{line}\nhost: a\n{key}\nconnection: close\ncontent-length: {n}\n\n{BODY}"),
        format!(
            "{line}\r\nhost: a\r\n{key}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{size};ext=\"v\"\r\n{BODY}\r\n0\r\n\r\n"
        ),
    ];
    for request in requests {
        mock.reset();
        let said = say(gateway.address, request.as_bytes());
        assert_eq!(said.statuses(), [200], "{}", said.text());
        assert_eq!(mock.stats().requests, 1);
        let sent = mock.last_request().expect("a request");
        assert_eq!(sent.text(), BODY);
        assert_eq!((sent.header("content-length"), sent.header("transfer-encoding")), (Some(&*n.to_string()), None));
    }
    assert!(!smuggled(&mock));
}
