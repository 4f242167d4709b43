//! The outermost middleware: an id for every request, and an answer for every panic, in the same shape as any other fault
//! and counted. A stream's first piece is taken here, before the head is written, so that a body that fails at once is
//! still answered, and not with silence: actix drops a head that it has not sent when the body behind it fails.

use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use bytes::Bytes;
use futures_util::FutureExt;
use millrace_actors::fault::Fault;

use super::error;
use super::ids::{REQUEST_ID, RequestId, fresh, sane, spoken_at, stamp};
use super::unread::{Unread, keep};

/// The middleware.
pub async fn guard<B: MessageBody + Unpin + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Guarded<B>>, Error> {
    let id = sane(request.headers().get(&REQUEST_ID)).unwrap_or_else(fresh);
    let known = RequestId { id, started: Instant::now(), protocol: spoken_at(request.path()) };
    request.extensions_mut().insert(known.clone());
    let unread = keep(&mut request);
    // no clone of the request may be kept here: actix routes it through a unique reference
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    // the panic hook has logged where; the process lives, and so do the other exchanges
    let Ok(answered) = answered else { return Err(Failed { of: known, unread }.into()) };
    let (request, response) = answered?.into_parts();
    let (response, body) = response.into_parts();
    let mut body = Guarded::new(body, unread);
    if body.fails_at_once().await {
        return Err(Failed { of: known, unread: body.unread }.into());
    }
    let mut response = ServiceResponse::new(request, response.set_body(body));
    stamp(response.headers_mut(), &known.id);
    Ok(response)
}

/// A handler or its body panicked, or the body broke off before its head was out. An error of its own, since the request is
/// gone with the handler: it carries the id, and what the client may still be sending.
struct Failed {
    of: RequestId,
    unread: Option<Unread>,
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Failed").field("id", &self.of.id).finish_non_exhaustive()
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the handler of request {} panicked", self.of.id)
    }
}

impl ResponseError for Failed {
    fn error_response(&self) -> HttpResponse {
        let mut response = error::response(&Fault::Internal, &self.of);
        stamp(response.headers_mut(), &self.of.id);
        response.map_body(|_, body| Guarded::new(body, self.unread.clone()).boxed())
    }
}

/// A response body that fails instead of panicking, and not before what came ahead of the failure is sent.
pub struct Guarded<B> {
    body: B,
    ahead: Ahead,
    /// The request's body, where it must outlive the response.
    unread: Option<Unread>,
}

/// What a [`Guarded`] body gives next.
enum Ahead {
    /// What the body gives.
    Body,
    /// A piece that was taken before the head was written, or the end.
    First(Option<Bytes>),
    /// The failure that it has kept back.
    Failure(Box<dyn StdError>),
}

/// A body panicked.
#[derive(Debug, thiserror::Error)]
#[error("the body panicked")]
struct BodyPanicked;

impl<B: MessageBody + Unpin> Guarded<B> {
    fn new(body: B, unread: Option<Unread>) -> Self {
        Guarded { body, ahead: Ahead::Body, unread }
    }

    /// Takes a stream's first piece, if it is there; whether it fails instead. Does not wait.
    async fn fails_at_once(&mut self) -> bool {
        // whole bodies are bytes that are there
        if self.body.size() != BodySize::Stream {
            return false;
        }
        match poll_fn(|cx| Poll::Ready(self.poll_body(cx))).await {
            Poll::Ready(Some(Err(_))) => return true,
            Poll::Ready(Some(Ok(piece))) => self.ahead = Ahead::First(Some(piece)),
            Poll::Ready(None) => self.ahead = Ahead::First(None),
            Poll::Pending => {}
        }
        false
    }

    /// The body's next piece; a panic is a failure.
    #[inline]
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Box<dyn StdError>>>> {
        let body = &mut self.body;
        match catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_next(cx))) {
            Ok(polled) => polled.map(|piece| piece.map(|piece| piece.map_err(Into::into))),
            Err(_) => Poll::Ready(Some(Err(Box::new(BodyPanicked)))),
        }
    }
}

impl<B: MessageBody + Unpin> MessageBody for Guarded<B> {
    type Error = Box<dyn StdError>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        if !matches!(this.ahead, Ahead::Body) {
            return Poll::Ready(match std::mem::replace(&mut this.ahead, Ahead::Body) {
                Ahead::First(first) => first.map(Ok),
                Ahead::Failure(failure) => Some(Err(failure)),
                Ahead::Body => None,
            });
        }
        match this.poll_body(cx) {
            Poll::Ready(Some(Err(failure))) => {
                // told at the next asking: until then actix sends what it has, the head among it
                this.ahead = Ahead::Failure(failure);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            polled => polled,
        }
    }
}
