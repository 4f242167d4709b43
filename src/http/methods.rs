//! Which methods a resource answers, and how the others are refused.

use actix_web::guard::fn_guard;
use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, Resource, Route, web};
use millrace_actors::fault::Fault;

use super::error::ApiError;

/// A route for `GET` that takes `HEAD` too, as RFC 9110, 9.3.2 wants of every `GET`.
pub fn get() -> Route {
    web::route().guard(fn_guard(|ctx| matches!(ctx.head().method, Method::GET | Method::HEAD)))
}

/// A resource that answers `allowed` and refuses all others with 405 in our shape. actix's own 405 has no body.
pub fn only(resource: Resource, allowed: &'static str) -> Resource {
    resource.default_service(web::to(move |request: HttpRequest| async move {
        let method = request.method().to_string();
        Err::<HttpResponse, _>(ApiError::of(&request, Fault::Method { method, allowed }))
    }))
}
