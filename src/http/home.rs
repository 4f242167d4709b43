//! `GET /`: a short page that says what this is. Plain text in HTML: no script, no style sheet, nothing from elsewhere.

use actix_web::{HttpResponse, web};

use super::methods::{get, only};

const PAGE: &str = concat!(
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Millrace</title>",
    "<h1>Millrace ",
    env!("CARGO_PKG_VERSION"),
    "</h1><p>An LLM gateway. It speaks the OpenAI API: point a client's base URL at <code>/v1</code> of this address and ",
    "give it a key.</p><ul>",
    "<li><code>POST /v1/chat/completions</code>, <code>/v1/completions</code>, <code>/v1/embeddings</code></li>",
    "<li><code>GET /v1/models</code></li>",
    "<li><code>GET /health/liveliness</code>, <code>/health/readiness</code></li>",
    "<li>for operators: <code>GET /metrics</code>, <code>GET /callbacks</code></li></ul>",
);

/// The route.
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(only(web::resource("/").route(get().to(home)), "GET"));
}

async fn home() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header(("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("x-frame-options", "DENY"))
        .body(PAGE)
}
