//! `x-request-id` on every answer: the caller's own if it is sane, else ours. And the guard around every handler: a panic
//! is answered in the same shape as any other fault, and counted.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use futures_util::FutureExt;
use millrace_actors::fault::Fault;

use super::error;
use super::ids::{REQUEST_ID, RequestId, fresh, sane, spoken_at};

/// The outermost middleware.
pub async fn guard<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = sane(request.headers().get(&REQUEST_ID)).unwrap_or_else(fresh);
    let known = RequestId { id, started: Instant::now(), protocol: spoken_at(request.path()) };
    request.extensions_mut().insert(known.clone());
    // no clone of the request may be kept here: actix routes it through a unique reference
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    // the panic hook has logged where; the process lives, and so do the other exchanges
    let mut response = answered.unwrap_or_else(|_| Err(Panicked(known.clone()).into()))?;
    stamp(response.headers_mut(), &known.id);
    Ok(response)
}

/// A handler panicked. An error of its own, since the request is gone with the handler: it carries the id.
#[derive(Debug)]
struct Panicked(RequestId);

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the handler of request {} panicked", self.0.id)
    }
}

impl ResponseError for Panicked {
    fn error_response(&self) -> HttpResponse {
        let mut response = error::response(&Fault::Internal, &self.0);
        stamp(response.headers_mut(), &self.0.id);
        response
    }
}

fn stamp(headers: &mut HeaderMap, id: &str) {
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, value);
    }
}
