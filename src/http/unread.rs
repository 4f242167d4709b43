//! Bodies that are refused before they were read to their end: the connection must close, and soon.
//!
//! actix-http does so by itself where the body has a length. A chunked body whose reader is gone it reads on instead, to
//! keep the connection, without a bound on bytes or time (measured: a gigabyte after a 413, a silent client held for ever;
//! 3.20.0, `should_close_for_unread_payload`). While the reader is alive it closes. So here it is kept alive, beside the
//! response, until that is written.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use bytes::Bytes;
use futures_util::Stream;

type Shared = Rc<RefCell<Payload>>;

/// The middleware. It costs a request without `transfer-encoding` one look at its headers.
pub async fn hold<B: MessageBody + Unpin + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Held<B>>, Error> {
    let held = request.headers().contains_key(TRANSFER_ENCODING).then(|| {
        let shared = Rc::new(RefCell::new(request.take_payload()));
        request.set_payload(Payload::Stream { payload: Box::pin(Reader(Rc::clone(&shared))) });
        shared
    });
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Held { body, _held: held }))
}

/// What the handler reads from.
struct Reader(Shared);

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}

/// A response body, and the request body that must outlive it.
pub struct Held<B> {
    body: B,
    _held: Option<Shared>,
}

impl<B: MessageBody + Unpin> MessageBody for Held<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
