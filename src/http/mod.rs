//! The HTTP surface: one file per resource, its routes declared beside its handlers; this file only lists them.

pub mod body;
pub mod callbacks;
pub mod completions;
pub mod error;
pub mod headers;
pub mod health;
pub mod home;
pub mod metrics;
pub mod models;
pub mod request_id;
pub mod stages;
pub mod unread;
pub mod upstream_names;

use actix_web::dev::RequestHead;
use actix_web::http::Method;
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
    callbacks::routes(config);
    health::routes(config);
    metrics::routes(config);
    home::routes(config);
}

/// What is left: a path that is not ours.
pub async fn no_route(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let what = format!("{} {}", request.method(), request.path());
    Err(ApiError::of(&request, Fault::NoRoute { what }))
}

/// A resource that answers `methods` and refuses all others with 405 in our shape. actix's own 405 has no body.
pub(crate) fn only(resource: actix_web::Resource, allowed: &'static str) -> actix_web::Resource {
    resource.default_service(web::to(move |request: HttpRequest| async move {
        let method = request.method().to_string();
        Err::<HttpResponse, _>(ApiError::of(&request, Fault::Method { method, allowed }))
    }))
}

/// The model in the path, if the route has one. actix leaves `%2F`, `%2B` and `%25` as they are, and an SDK escapes the
/// slashes of an id.
pub(crate) fn model_in_path(request: &HttpRequest) -> Option<String> {
    let model = request.match_info().get("model")?;
    let plain = [("%2f", "/"), ("%2F", "/"), ("%2b", "+"), ("%2B", "+"), ("%25", "%")];
    Some(plain.into_iter().fold(model.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain)))
}

/// The matched route's name, for labels: the pattern, never the path, which a caller chooses.
pub fn route_name(request: &HttpRequest) -> &'static str {
    name_of(&request.match_pattern().unwrap_or_default())
}

/// The name of a pattern, for those that know theirs before a request comes.
pub(crate) fn name_of(pattern: &str) -> &'static str {
    NAMES.iter().find(|name| **name == pattern).copied().unwrap_or("other")
}

/// Every pattern, as it stands in labels and records.
pub const NAMES: [&str; 20] = [
    "/v1/chat/completions",
    "/chat/completions",
    "/openai/deployments/{model:.*}/chat/completions",
    "/engines/{model:.*}/chat/completions",
    "/v1/completions",
    "/completions",
    "/openai/deployments/{model:.*}/completions",
    "/engines/{model:.*}/completions",
    "/v1/embeddings",
    "/embeddings",
    "/openai/deployments/{model:.*}/embeddings",
    "/engines/{model:.*}/embeddings",
    "/v1/models",
    "/models",
    "/v1/models/{model:.*}",
    "/models/{model:.*}",
    "/callbacks",
    "/callbacks/reload",
    "/callbacks/{name}",
    "/active/callbacks",
];

/// A guard for `GET` that takes `HEAD` too, as RFC 9110, 9.3.2 wants of every `GET`.
pub(crate) fn get_or_head(head: &RequestHead) -> bool {
    head.method == Method::GET || head.method == Method::HEAD
}
