//! Reads a request body: bounded, and not for ever. actix times the head only (FAULTS C6).

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use millrace_actors::fault::Fault;
use tokio::time::timeout;

/// What is reserved on the word of a `content-length` before any of it has come.
const MAX_RESERVE: usize = 1 << 20;

/// The whole body, as one buffer: JSON.
pub async fn read(request: &HttpRequest, mut payload: Payload, limit: usize, idle: Duration) -> Result<Bytes, Fault> {
    is_json(request)?;
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Fault::TooLarge { limit });
    }
    let Some(first) = first(&mut payload, idle).await? else { return Ok(Bytes::new()) };
    // most bodies come in one piece, and then nothing is copied
    let Some(second) = next_unless_complete(&mut payload, idle, announced, first.len()).await? else {
        return Ok(first);
    };
    let mut body = BytesMut::with_capacity(announced.unwrap_or_default().min(MAX_RESERVE).max(first.len()));
    let mut piece = Some(first);
    let mut then = Some(second);
    while let Some(bytes) = piece {
        if body.len() + bytes.len() > limit {
            return Err(Fault::TooLarge { limit });
        }
        grow(&mut body, bytes.len(), announced);
        body.extend_from_slice(&bytes);
        piece = match then.take() {
            Some(second) => Some(second),
            None => next_unless_complete(&mut payload, idle, announced, body.len()).await?,
        };
    }
    Ok(body.freeze())
}

/// Grows to the announced length at once, or by doubling where none was told: whoever has sent a mebibyte is believed, and
/// what nothing has been written to takes no memory. Each buffer on the way would be one more that the allocator keeps.
fn grow(body: &mut BytesMut, more: usize, announced: Option<usize>) {
    if body.capacity() - body.len() >= more {
        return;
    }
    let doubled = (body.len() + more).max(body.capacity() * 2);
    let target = announced.filter(|length| *length >= body.len() + more).unwrap_or(doubled);
    body.reserve(target - body.len());
}

/// No body that is encoded is read or sent on: nobody here would undo it.
pub fn is_unencoded(request: &HttpRequest) -> Result<(), Fault> {
    let mut told = request.headers().get_all(CONTENT_ENCODING);
    match told.find(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        Some(encoding) => {
            let got = format!("content-encoding: {}", String::from_utf8_lossy(encoding.as_bytes()));
            Err(Fault::MediaType { got })
        }
        None => Ok(()),
    }
}

/// JSON, or nothing said: many a script sends no content type, or curl's default of a form.
fn is_json(request: &HttpRequest) -> Result<(), Fault> {
    is_unencoded(request)?;
    let Some(value) = request.headers().get(CONTENT_TYPE) else { return Ok(()) };
    if value == "application/json" {
        return Ok(()); // nearly always, and the rest allocates
    }
    let value = value.to_str().unwrap_or("unreadable").to_ascii_lowercase();
    let (kind, parameters) = value.split_once(';').unwrap_or((&value, ""));
    let fine =
        matches!(kind.trim(), "application/json" | "text/json" | "text/plain" | "application/x-www-form-urlencoded")
            || kind.trim().ends_with("+json");
    let charset = parameters.split(';').find_map(|p| p.trim().strip_prefix("charset="));
    let utf8 = charset.is_none_or(|c| matches!(c.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"));
    if fine && utf8 { Ok(()) } else { Err(Fault::MediaType { got: format!("content-type: {value}") }) }
}

async fn next_unless_complete(
    payload: &mut Payload,
    idle: Duration,
    announced: Option<usize>,
    have: usize,
) -> Result<Option<Bytes>, Fault> {
    match announced {
        Some(length) if have >= length => Ok(None),
        _ => next(payload, idle).await,
    }
}

/// The first piece. actix asks a handler as soon as it has read the head, and again when it has read on, which mostly brings
/// the whole body: a timer is set up only after that. (The wake is the one that comes with the body, made sure.)
async fn first(payload: &mut Payload, idle: Duration) -> Result<Option<Bytes>, Fault> {
    let mut asked = false;
    let soon = poll_fn(|cx| match Pin::new(&mut *payload).poll_next(cx) {
        Poll::Ready(piece) => Poll::Ready(Some(piece)),
        Poll::Pending if asked => Poll::Ready(None),
        Poll::Pending => {
            asked = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    });
    match soon.await {
        Some(piece) => piece_of(piece),
        None => next(payload, idle).await,
    }
}

async fn next(payload: &mut Payload, idle: Duration) -> Result<Option<Bytes>, Fault> {
    // mostly it is here already, and then no timer is set up for it
    match poll_fn(|cx| Poll::Ready(Pin::new(&mut *payload).poll_next(cx))).await {
        Poll::Ready(piece) => piece_of(piece),
        Poll::Pending => match timeout(idle, poll_fn(|cx| Pin::new(&mut *payload).poll_next(cx))).await {
            Ok(piece) => piece_of(piece),
            Err(_) => Err(Fault::SlowBody),
        },
    }
}

fn piece_of(piece: Option<Result<Bytes, PayloadError>>) -> Result<Option<Bytes>, Fault> {
    match piece {
        None => Ok(None),
        Some(Ok(bytes)) => Ok(Some(bytes)),
        Some(Err(error)) => Err(Fault::BadRequest {
            message: format!("The request body could not be read: {error}. Send it whole, with a true content-length."),
            param: None,
        }),
    }
}
