//! The faults that strike below the shapes: bodies that are none, bytes that are no HTTP, cuts, floods.

use super::{
    behaviour::Behaviour,
    body::Body,
    choices::How,
    fault::FaultKind,
    job::Job,
    sse,
    wire::{End, Flood, Span, Wire},
    writer::{Words, Writer},
};
use std::time::Duration;

/// How the behaviour ends a connection.
pub fn ending(behaviour: &Behaviour) -> End {
    match behaviour.how {
        How::Fin => End::Close,
        How::Rst => End::Reset,
    }
}

/// Answers that are not HTTP at all, or none.
pub fn without_http(behaviour: &Behaviour) -> Option<Wire> {
    let close = || ending(behaviour);
    Some(match behaviour.fault.kind {
        FaultKind::Hang | FaultKind::Deaf => Wire::raw(Vec::new(), End::Hang),
        FaultKind::Garbage => Wire::raw(b"\x00\x01\x02\xFF\xFEthis is no HTTP\r\n\r\n{}\n".to_vec(), close()),
        FaultKind::Http09 => Wire::raw(b"<html><body>hello</body></html>\r\n".to_vec(), close()),
        // Alert (21), TLS 1.2 record, length 2, fatal (2), unexpected_message (10): RFC 8446 section 6.
        FaultKind::Tls => Wire::raw(vec![0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x0A], close()),
        FaultKind::Switch => {
            let head = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: mock/1\r\n\r\n";
            Wire::raw([head as &[u8], b"\x00\x01mock speaks another protocol now"].concat(), End::Hang)
        }
        _ => return None,
    })
}

/// Bodies that stand in the place of the answer.
pub fn instead_of_body(job: &Job<'_>, writer: &dyn Writer) -> Option<Body> {
    let behaviour = job.behaviour;
    let fault = behaviour.fault;
    let error = |status| {
        let message = message(job, status);
        writer.error(status, Words { message: message.as_deref(), ..Words::of(behaviour) })
    };
    Some(match fault.kind {
        FaultKind::ErrorBody => Body::json(200, error(500)),
        FaultKind::Html => {
            let page = "<!DOCTYPE html><html><head><title>502</title></head><body>Bad gateway</body></html>";
            Body::other(200, "text/html; charset=utf-8", page)
        }
        FaultKind::Empty => Body::json(200, String::new()),
        FaultKind::Null => Body::json(200, "null".to_owned()),
        FaultKind::Strange => Body::json(200, r#"{"detail":"busy"}"#.to_owned()),
        FaultKind::Redirect => Body::other(fault.code()?, "text/plain", "moved"),
        FaultKind::Status | FaultKind::Early => {
            let status = fault.code()?;
            match status {
                204 | 304 => Body::other(status, "text/plain", ""),
                _ => Body::json(status, error(status)),
            }
        }
        _ => return None,
    })
}

/// The message of an error; refused credentials are echoed in it.
fn message(job: &Job<'_>, status: u16) -> Option<String> {
    let asked = job.behaviour.message.clone();
    match job.authorization {
        Some(header) if matches!(status, 401 | 403) => {
            Some(format!("{}: {header}", asked.as_deref().unwrap_or("Incorrect API key provided")))
        }
        _ => asked,
    }
}

/// Strikes the framed answer.
pub fn on_wire(behaviour: &Behaviour, writer: &dyn Writer, wire: &mut Wire) {
    let at = usize::try_from(behaviour.fault.arg).unwrap_or(usize::MAX);
    let body_end = wire.events.last().map_or(wire.bytes.len(), |span| span.end);
    let event = wire.events.get(at).copied();
    let boundary = event.map_or(body_end, |span| span.outer);
    match behaviour.fault.kind {
        FaultKind::Stall => wire.cut(boundary, End::Hang),
        FaultKind::Cut => wire.cut(boundary, ending(behaviour)),
        FaultKind::CutByte => wire.cut(at, ending(behaviour)),
        FaultKind::MidChunk => {
            let middle = event.or(wire.events.last().copied()).map_or(body_end, |span| span.start.midpoint(span.end));
            wire.cut(middle, ending(behaviour));
        }
        FaultKind::MidUtf8 => {
            let from = event.map_or(wire.head_len, |span| span.start);
            let middle = wire.bytes[from..].iter().position(|byte| *byte >= 0xC0).map_or(body_end, |i| from + i + 1);
            wire.cut(middle, ending(behaviour));
        }
        FaultKind::Early => wire.end = early(behaviour),
        FaultKind::HugeEvent if writer.in_frames() => {}
        FaultKind::HugeEvent => flood(wire, writer, behaviour.fault.arg),
        FaultKind::Endless if writer.in_frames() => repeat(wire, writer),
        FaultKind::Endless => flood(wire, writer, u64::MAX),
        FaultKind::Comments | FaultKind::Pings => {
            wire.cut(boundary, End::Keep);
            let pause = behaviour.gap.max(Duration::from_millis(1));
            let comments = behaviour.fault.kind == FaultKind::Comments;
            let comments = comments && !writer.in_frames();
            let filler = chunk(if comments { sse::COMMENT } else { writer.keep_alive() });
            wire.end = End::Flood(Flood { filler, times: u64::MAX, pause, tail: Vec::new() });
        }
        _ => {}
    }
}

fn early(behaviour: &Behaviour) -> End {
    match behaviour.how {
        How::Fin => End::Linger,
        How::Rst => End::Reset,
    }
}

/// Opens the content of the answer and fills it, mebibyte by mebibyte (`u64::MAX`: for ever); then closes it properly.
fn flood(wire: &mut Wire, writer: &dyn Writer, mebibytes: u64) {
    let Some((span, opening)) = content_of(wire, writer.openings()) else { return };
    let body = &wire.bytes[span.start..span.end];
    let (before, after) = (chunk(&body[..opening]), chunk(&body[opening..]));
    let rest =
        wire.bytes[span.end..].strip_prefix(b"\r\n").map(<[u8]>::to_vec).unwrap_or_else(|| b"0\r\n\r\n".to_vec());
    wire.cut(span.outer, End::Keep);
    wire.bytes.extend_from_slice(&before);
    let filler = chunk(&vec![b'm'; 64 << 10]);
    let tail = [after, rest].concat();
    wire.end = End::Flood(Flood { filler, times: mebibytes.saturating_mul(16), pause: Duration::ZERO, tail });
}

/// The first event with content, again and again: within a frame nothing can be filled in.
fn repeat(wire: &mut Wire, writer: &dyn Writer) {
    let Some((span, _)) = content_of(wire, writer.openings()) else { return };
    let filler = chunk(&wire.bytes[span.start..span.end]);
    wire.cut(span.outer, End::Keep);
    wire.end = End::Flood(Flood { filler, times: u64::MAX, pause: Duration::ZERO, tail: Vec::new() });
}

/// The first event with content, and where in it the content begins; without any the middle of the first event after the
/// start.
fn content_of(wire: &Wire, openings: &[&str]) -> Option<(Span, usize)> {
    let late = wire.events.iter().skip(usize::from(wire.stream));
    let find = |opening: &str| {
        late.clone().find_map(|span| {
            let at = memchr::memmem::rfind(&wire.bytes[span.start..span.end], opening.as_bytes())?;
            Some((*span, at + opening.len()))
        })
    };
    let middle = |span: &Span| (*span, (span.end - span.start) / 2);
    openings.iter().find_map(|opening| find(opening)).or(late.clone().next().or(wire.events.first()).map(middle))
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}
