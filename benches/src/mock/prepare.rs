//! From a job to a wire: picks the body, frames it as HTTP, then lets the wire-level faults at it.

use super::{
    body::Body,
    choices::{Encoding, Framing, Shape},
    encode, events,
    fault::FaultKind,
    faults,
    head::{framing_headers, head},
    job::Job,
    protocol::writer,
    sse,
    wire::{End, Span, Wire},
};
use std::time::Duration;

/// Prepares the answer to an API call.
pub fn prepare(job: &Job<'_>) -> Wire {
    if let Some(wire) = faults::without_http(job.behaviour) {
        return wire;
    }
    finish(job, body(job))
}

/// Prepares an answer whose body is given, unless the behaviour has another in its place.
pub fn prepare_fixed(job: &Job<'_>, body: Body) -> Wire {
    if let Some(wire) = faults::without_http(job.behaviour) {
        return wire;
    }
    finish(job, faults::instead_of_body(job, writer(job.endpoint)).unwrap_or(body))
}

/// Frames any body under the job's behaviour.
fn finish(job: &Job<'_>, body: Body) -> Wire {
    let behaviour = job.behaviour;
    let body = encode::encode(behaviour.encoding, body);
    let mut wire = frame(job, &body);
    pauses(job, body.stream, &mut wire);
    faults::on_wire(behaviour, writer(job.endpoint), &mut wire);
    if behaviour.encoding == Encoding::Plain {
        wire.find_numbers();
    }
    wire
}

/// The body the behaviour wants, unframed.
fn body(job: &Job<'_>) -> Body {
    let writer = writer(job.endpoint);
    if let Some(body) = faults::instead_of_body(job, writer) {
        return body;
    }
    let streams = match job.behaviour.shape {
        Shape::Auto => writer.streams_by_path(job.endpoint).unwrap_or(job.asked.stream),
        Shape::Json => false,
        Shape::Sse => true,
    };
    if streams && job.endpoint.streams() {
        let events = events::events(job, writer);
        let parts = writer.frame(job.behaviour, &events).unwrap_or_else(|| sse::frame(job.behaviour, &events));
        return Body { status: 200, content_type: writer.stream_type(), parts, stream: true };
    }
    writer.answer(job)
}

fn frame(job: &Job<'_>, body: &Body) -> Wire {
    let framing = match job.behaviour.framing {
        Framing::Auto if floods(job) => Framing::Chunked,
        Framing::Auto if !body.stream => Framing::Length,
        other => other,
    };
    let len = body.parts.iter().map(Vec::len).sum();
    let own = writer(job.endpoint).headers();
    let mut bytes = head(job.behaviour, body.status, (body.content_type, &own)).into_bytes();
    bytes.extend_from_slice(framing_headers(framing, len).as_bytes());
    let mut wire = Wire { head_len: bytes.len(), bytes, stream: body.stream, complete: true, ..Wire::default() };
    let chunked = matches!(
        framing,
        Framing::Auto | Framing::Chunked | Framing::NoLastChunk | Framing::LengthAndChunked | Framing::Trailer
    );
    for part in body.parts.iter().filter(|part| !part.is_empty()) {
        push_part(&mut wire, part, chunked);
    }
    end(job, framing, &mut wire);
    wire
}

fn push_part(wire: &mut Wire, part: &[u8], chunked: bool) {
    let outer = wire.bytes.len();
    if chunked {
        wire.bytes.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
    }
    let start = wire.bytes.len();
    wire.bytes.extend_from_slice(part);
    wire.events.push(Span { outer, start, end: wire.bytes.len() });
    if chunked {
        wire.bytes.extend_from_slice(b"\r\n");
    }
}

/// What comes after the body, and how the connection goes on.
fn end(job: &Job<'_>, framing: Framing, wire: &mut Wire) {
    match framing {
        Framing::Auto | Framing::Chunked | Framing::LengthAndChunked => wire.bytes.extend_from_slice(b"0\r\n\r\n"),
        Framing::Trailer => {
            let trailer = format!("0\r\nx-usage: {}\r\n\r\n", writer(job.endpoint).usage(job));
            wire.bytes.extend_from_slice(trailer.as_bytes());
        }
        Framing::Extra => wire.bytes.extend_from_slice(b"HTTP/1.1 200 OK\r\nextra:"),
        Framing::Length | Framing::LengthLow | Framing::TwoLengths => {}
        Framing::NoLastChunk | Framing::LengthHigh => {
            wire.complete = false;
            wire.end = faults::ending(job.behaviour);
        }
        Framing::Close | Framing::CloseSilent => wire.end = End::Close,
    }
}

fn pauses(job: &Job<'_>, stream: bool, wire: &mut Wire) {
    let behaviour = job.behaviour;
    let before = if stream { behaviour.ttft } else { behaviour.delay };
    let first = if stream && behaviour.head_first { wire.head_len } else { 0 };
    if !before.is_zero() {
        wire.pauses.push((first, before));
    }
    if stream && behaviour.gap > Duration::ZERO {
        wire.pauses.extend(wire.events.iter().skip(1).map(|span| (span.outer, behaviour.gap)));
    }
    wire.complete &= !floods(job);
}

/// Whether the answer's length is not known when it starts.
fn floods(job: &Job<'_>) -> bool {
    // a frame tells its length beforehand: a huge one is simply huge
    let framed = writer(job.endpoint).in_frames();
    match job.behaviour.fault.kind {
        FaultKind::HugeEvent => !framed,
        FaultKind::Endless | FaultKind::Comments | FaultKind::Pings => true,
        _ => false,
    }
}
