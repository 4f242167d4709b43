//! Health: liveness says that the event loop turns; readiness, that requests would be served. Neither asks a provider.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::given::desk;
use super::methods::{get, only};
use crate::state::State;

/// The routes: LiteLLM's spellings. Open to all, since a probe has no key; so they say nothing but yes or no.
pub fn routes(config: &mut web::ServiceConfig) {
    for path in ["/health/liveliness", "/health/liveness", "/livez"] {
        config.service(only(web::resource(path).route(get().to(live)), "GET"));
    }
    for path in ["/health/readiness", "/readyz"] {
        config.service(only(web::resource(path).route(get().to(ready)), "GET"));
    }
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json("I'm alive!")
}

/// Not ready while draining, or with nothing to serve.
async fn ready(request: HttpRequest) -> HttpResponse {
    let Some(state) = State::find(&request) else {
        return HttpResponse::ServiceUnavailable().json(json!({ "status": "starting" }));
    };
    if state.shutdown.is_draining() {
        return HttpResponse::ServiceUnavailable().json(json!({ "status": "draining" }));
    }
    let serves = desk(&request).is_ok_and(|desk| desk.routing().deployments().next().is_some());
    match serves {
        // "db" is LiteLLM's field; a gateway without one says so
        true => HttpResponse::Ok().json(json!({ "status": "healthy", "db": "Not connected" })),
        false => HttpResponse::ServiceUnavailable().json(json!({ "status": "no model is configured" })),
    }
}
