//! What a handler is given: the caller, the process's state, its worker's desk; or, in their place, a refusal in our shape.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use millrace_actors::desk::Desk;
use millrace_actors::fault::Fault;

use super::error::ApiError;
use crate::auth::{Caller, identify};
use crate::state::State;

/// The first extractor of every handler. It answers at once, from what the process holds, so no other extractor and no body
/// is polled before the key is known to be good.
impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(identify(request).map_err(|fault| ApiError::of(request, fault)))
    }
}

/// The process's state, or our own fault.
pub fn state(request: &HttpRequest) -> Result<&Arc<State>, ApiError> {
    State::find(request).ok_or_else(|| ApiError::of(request, Fault::Internal))
}

/// This worker's desk, or our own fault.
pub fn desk(request: &HttpRequest) -> Result<Rc<Desk>, ApiError> {
    request.app_data::<Rc<Desk>>().cloned().ok_or_else(|| ApiError::of(request, Fault::Internal))
}
