//! `GET /metrics`, for Prometheus. Behind the master key, like every page that says what passes through here.

use actix_web::{HttpRequest, HttpResponse, web};

use super::error::ApiError;
use super::given::{desk, state};
use super::methods::{get, only};
use crate::auth::Caller;
use crate::metrics;

/// The route.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(only(web::resource("/metrics").route(get().to(show)), "GET"));
}

async fn show(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let state = state(&request)?;
    let desk = desk(&request)?;
    let text = state.metrics.render(&metrics::LiveSources::of(&desk));
    Ok(HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(text))
}
