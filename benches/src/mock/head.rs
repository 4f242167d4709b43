//! The head of an answer: status line, the provider's headers, whatever the behaviour adds.

use super::{
    behaviour::Behaviour,
    choices::{Encoding, Framing},
    fault::FaultKind,
};
use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

/// The status line and all headers but those that frame the body, with the content type and the provider's own headers; no
/// blank line yet.
pub fn head(behaviour: &Behaviour, status: u16, (content_type, own): (&str, &str)) -> String {
    let content_type = behaviour.content_type.as_deref().unwrap_or(content_type);
    let mut out = interim(behaviour);
    let _ = write!(
        out,
        "HTTP/1.1 {status} {}\r\ndate: {}\r\ncontent-type: {content_type}\r\nserver: mock\r\n{own}",
        reason(status),
        httpdate::fmt_http_date(SystemTime::now()),
    );
    extras(behaviour, status, &mut out);
    out
}

/// 100, 102, 103 and the like, before the answer.
fn interim(behaviour: &Behaviour) -> String {
    let mut out = String::new();
    for status in &behaviour.interim {
        let link = if *status == 103 { "link: </x>; rel=preload\r\n" } else { "" };
        let _ = write!(out, "HTTP/1.1 {status} {}\r\n{link}\r\n", reason(*status));
    }
    out
}

fn extras(behaviour: &Behaviour, status: u16, out: &mut String) {
    if behaviour.fault.kind == FaultKind::Redirect {
        let _ = write!(out, "location: {}\r\n", behaviour.location);
    }
    if status >= 300 || behaviour.retry_after.is_some() {
        retry(behaviour, out);
    }
    if behaviour.encoding != Encoding::Plain {
        out.push_str("content-encoding: gzip\r\n");
    }
    if let Some((name, value)) = behaviour.header.as_deref().and_then(|header| header.split_once(':')) {
        let _ = write!(out, "{name}: {}\r\n", value.trim_start());
    }
    for i in 0..behaviour.headers {
        let _ = write!(out, "x-mock-bomb-{i}: {i}\r\n");
    }
    if behaviour.header_bytes > 0 {
        let _ = write!(out, "x-mock-big: {}\r\n", "b".repeat(behaviour.header_bytes));
    }
}

fn retry(behaviour: &Behaviour, out: &mut String) {
    if let Some(after) = &behaviour.retry_after {
        let date = after.strip_prefix("date:").and_then(|seconds| seconds.parse().ok()).and_then(in_seconds);
        let _ = write!(out, "retry-after: {}\r\n", date.as_ref().unwrap_or(after));
    }
    if let Some(after) = &behaviour.retry_after_ms {
        let _ = write!(out, "retry-after-ms: {after}\r\n");
    }
}

/// The HTTP date so many seconds from now; negative numbers lie in the past. Nothing for dates after the year 9999.
fn in_seconds(seconds: i64) -> Option<String> {
    let span = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    let then = if seconds < 0 { now.checked_sub(span) } else { now.checked_add(span) }?;
    let since_1970 = then.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    (since_1970.as_secs() < 253_402_300_800).then(|| httpdate::fmt_http_date(then))
}

/// The headers that frame a body of `len` bytes, and the blank line.
pub fn framing_headers(framing: Framing, len: usize) -> String {
    let chunked = "transfer-encoding: chunked\r\n";
    match framing {
        Framing::Auto | Framing::Chunked | Framing::NoLastChunk => format!("{chunked}\r\n"),
        Framing::Trailer => format!("trailer: x-usage\r\n{chunked}\r\n"),
        Framing::Length | Framing::Extra => format!("content-length: {len}\r\n\r\n"),
        Framing::Close => "connection: close\r\n\r\n".to_owned(),
        Framing::CloseSilent => "\r\n".to_owned(),
        Framing::LengthHigh => format!("content-length: {}\r\n\r\n", len + 64),
        Framing::LengthLow => format!("content-length: {}\r\n\r\n", len.saturating_sub(16)),
        Framing::LengthAndChunked => format!("content-length: {len}\r\n{chunked}\r\n"),
        Framing::TwoLengths => format!("content-length: {len}\r\ncontent-length: {}\r\n\r\n", len + 1),
    }
}

/// The reason phrase of a status.
pub fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Mock",
    }
}
