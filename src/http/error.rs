//! Renders a fault as a response, in the caller's protocol. What each cause looks like is one table, `Fault::shape`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use millrace_actors::fault::Fault;
use millrace_actors::told;

use super::headers;
use super::ids::RequestId;
use super::names::route_name;
use crate::state::State;

/// A fault on its way out, with the id of the request it ends.
#[derive(Debug)]
pub struct ApiError {
    fault: Box<Fault>,
    of: Box<RequestId>,
}

impl ApiError {
    /// Wraps a fault that ends a request before there is an exchange, and counts it.
    pub fn of(request: &HttpRequest, fault: Fault) -> Self {
        if let Some(state) = State::find(request) {
            state.metrics.refused(route_name(request), fault.shape().status);
        }
        log::debug!("refused request_id={} class={}", RequestId::of(request), fault.class());
        ApiError { fault: Box::new(fault), of: Box::new(RequestId::known(request)) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fault.shape().message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.fault.shape().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        response(&self.fault, &self.of)
    }
}

/// The response for a fault: status, body, and the headers that tell a client whether to come back.
pub fn response(fault: &Fault, of: &RequestId) -> HttpResponse {
    let shape = fault.shape();
    let status = StatusCode::from_u16(shape.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
    if let Some(seconds) = shape.retry_after {
        response.insert_header((RETRY_AFTER, HeaderValue::from(seconds)));
    }
    if shape.hopeless {
        // OpenAI's SDKs heed it: a retry would be a second no
        response.insert_header(("x-should-retry", "false"));
    }
    if let Fault::Method { allowed, .. } = fault {
        response.insert_header((ALLOW, *allowed));
    }
    if matches!(fault, Fault::TooLarge { .. } | Fault::SlowBody | Fault::Internal) {
        // the rest of the body is not read, so the connection cannot carry another request
        response.force_close();
    }
    let mut response = response.body(told::body(&shape, of.protocol, &of.id));
    headers::add_request_id(response.headers_mut(), of);
    response
}
