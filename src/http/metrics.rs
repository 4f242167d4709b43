//! `GET /metrics`, for Prometheus. Behind the master key, like every page that says what passes through here.

use actix_web::{HttpRequest, HttpResponse, web};

use super::{error::ApiError, get_or_head, only};
use crate::auth::Caller;
use crate::metrics;
use crate::state::State;

/// The route.
pub fn routes(config: &mut web::ServiceConfig) {
    let get = web::route().guard(actix_web::guard::fn_guard(|ctx| get_or_head(ctx.head())));
    config.service(only(web::resource("/metrics").route(get.to(show)), "GET"));
}

async fn show(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let state = State::of(&request)?;
    let desk = State::desk(&request)?;
    let text = state.metrics.render(&metrics::LiveSources::of(&desk));
    Ok(HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(text))
}
