//! `/v1/responses/{id}` and what lies below it: responses that are kept. None is kept here, and which provider made one its
//! id does not tell; so these are refused in words, rather than as paths that nobody knows. Below `/openai/` they pass to
//! OpenAI, where the operator has it (`pass_through.rs`).

use actix_web::{HttpRequest, HttpResponse, web};
use millrace_actors::fault::Fault;

use super::error::ApiError;
use crate::auth::Caller;

/// The routes; making a response is `completions.rs`.
pub fn routes(config: &mut web::ServiceConfig) {
    for prefix in ["/v1", ""] {
        config.service(web::resource(format!("{prefix}/responses/{{id:.*}}")).route(web::route().to(refuse)));
    }
}

async fn refuse(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let message = "Responses are not kept here, so none can be read, cancelled or deleted by its id; nor are their tokens \
                   counted. Ask the provider that made it (`/openai/v1/responses/...` leads to OpenAI, where it is \
                   configured), or send the conversation as `input`.";
    Err(ApiError::of(&request, Fault::BadRequest { message: message.into(), param: None }))
}
