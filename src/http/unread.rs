//! Bodies that are refused before they were read to their end: the connection must close, and soon.
//!
//! actix-http does so by itself where the body has a length. A chunked body whose reader is gone it reads on instead, to
//! keep the connection, without a bound on bytes or time (measured: a gigabyte after a 413, a silent client held for ever;
//! 3.20.0, `should_close_for_unread_payload`). While the reader is alive it closes. So here it is shared with whoever
//! writes the response, which is kept until that is written.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use bytes::Bytes;
use futures_util::Stream;

/// A share in a request's body. While one is alive the body counts as being read.
#[derive(Clone)]
pub struct Unread(Rc<RefCell<Payload>>);

/// A share in the request's body, if nobody but its reader could tell where it ends. It costs a request without
/// `transfer-encoding` one look at its headers.
pub fn keep(request: &mut ServiceRequest) -> Option<Unread> {
    request.headers().contains_key(TRANSFER_ENCODING).then(|| {
        let shared = Unread(Rc::new(RefCell::new(request.take_payload())));
        request.set_payload(Payload::Stream { payload: Box::pin(shared.clone()) });
        shared
    })
}

impl Stream for Unread {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}
