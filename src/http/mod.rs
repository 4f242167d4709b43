//! The HTTP surface: one file per resource, its routes declared beside its handlers; this file only lists them.

pub mod body;
pub mod callbacks;
pub mod completions;
pub mod error;
pub mod form;
pub mod generate;
pub mod given;
pub mod guard;
pub mod headers;
pub mod health;
pub mod home;
pub mod ids;
mod incoming;
pub mod methods;
pub mod metrics;
pub mod models;
pub mod names;
mod pass_through;
pub mod responses;
pub mod stages;
pub mod unread;
pub mod upstream_names;

use actix_web::web::QueryConfig;
use actix_web::{HttpRequest, HttpResponse, web};
use millrace_actors::fault::Fault;

use error::ApiError;

/// Every route.
pub fn routes(config: &mut web::ServiceConfig) {
    // actix's own answer to a query it cannot read is a line of plain text
    config.app_data(QueryConfig::default().error_handler(|error, request| {
        let message = format!("The query cannot be read: {error}.");
        ApiError::of(request, Fault::BadRequest { message, param: None }).into()
    }));
    completions::routes(config);
    models::routes(config);
    responses::routes(config);
    callbacks::routes(config);
    health::routes(config);
    metrics::routes(config);
    home::routes(config);
    pass_through::routes(config);
}

/// What is left: a path that is not ours.
pub async fn no_route(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let what = format!("{} {}", request.method(), request.path());
    Err(ApiError::of(&request, Fault::NoRoute { what }))
}
