//! `/v1/chat/completions`, `/v1/completions`, `/v1/embeddings` and their other spellings: one path for all three, since
//! they differ in a name and in one required field.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use millrace_actors::desk::Desk;
use millrace_actors::exchange::{Admitted, Exchange};
use millrace_actors::fault::Fault;
use millrace_actors::plan::Plan;
use millrace_actors::request_handler::{Answer, RequestHandler};
use millrace_actors::wire::envelope::{Endpoint, Envelope};

use super::request_id::{self, RequestId};
use super::{body, error, error::ApiError, headers, model_in_path, name_of, only, stages};
use crate::auth::Caller;
use crate::state::State;

/// The routes. The model may stand in the path, as in Azure's and OpenAI's older spellings.
pub fn routes(config: &mut web::ServiceConfig) {
    let endpoints = [
        ("chat/completions", Endpoint::Chat),
        ("completions", Endpoint::Completions),
        ("embeddings", Endpoint::Embeddings),
    ];
    for (path, endpoint) in endpoints {
        for prefix in ["/v1", "", "/openai/deployments/{model:.*}", "/engines/{model:.*}"] {
            let pattern = format!("{prefix}/{path}");
            let route = name_of(&pattern);
            let handler = move |caller, request, payload| complete((endpoint, route), caller, request, payload);
            config.service(only(web::resource(pattern).route(web::post().to(handler)), "POST"));
        }
    }
}

/// One exchange, read downward: caller, envelope, budget, pre-call hooks, plan, answer.
async fn complete(
    (endpoint, route): (Endpoint, &'static str),
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = State::desk(&request)?;
    let asked =
        admit((endpoint, route), caller, &request, payload, &desk).await.map_err(|f| ApiError::of(&request, f))?;
    let mut exchange = Exchange::admit(asked, &desk);
    exchange.progress.body_read = exchange.asked.started.elapsed();
    if let Err(fault) = stages::before_call(&mut exchange, endpoint).await {
        return Ok(refuse(exchange, fault));
    }
    let plan = match Plan::new(&exchange.routing, &exchange.asked.model) {
        Ok(plan) => plan,
        Err(fault) => return Ok(refuse(exchange, fault)),
    };
    let call_id = Arc::clone(&exchange.asked.call_id);
    let reply = RequestHandler::answer(exchange, plan).await;
    let mut response = match reply.answer {
        Ok(Answer::Whole(body)) => headers::whole().body(body),
        Ok(Answer::Stream(body)) => headers::stream().body(body),
        Err(fault) => error::response(&fault),
    };
    headers::add(response.headers_mut(), &call_id, reply.facts);
    Ok(response)
}

/// Reads and scans the body. What fails here was never admitted, so there is nothing to settle.
async fn admit(
    (endpoint, route): (Endpoint, &'static str),
    caller: Caller,
    request: &HttpRequest,
    payload: web::Payload,
    desk: &Rc<Desk>,
) -> Result<Admitted, Fault> {
    let permit = desk.in_flight.enter().ok_or(Fault::Overloaded)?;
    let routing = desk.routing();
    let body = body::read(request, payload, routing.path.max_request_bytes, routing.path.body_idle_timeout).await?;
    let envelope = Envelope::scan(body, endpoint, &stages::RULES).map_err(stages::rejected)?;
    let model = model_of(request, &envelope)?;
    Ok(Admitted {
        call_id: request_id::sane(request.headers().get(&headers::CALL_ID)).unwrap_or_else(request_id::fresh),
        request_id: RequestId::of(request),
        route,
        endpoint,
        caller: caller.alias,
        envelope,
        model,
        started: RequestId::started(request),
        permit,
    })
}

/// The model in the path, or in the body. Two that differ are refused: one might be allowed and the other served.
fn model_of(request: &HttpRequest, envelope: &Envelope) -> Result<Arc<str>, Fault> {
    let path = model_in_path(request).filter(|model| !model.is_empty());
    match (path.as_deref(), envelope.model()) {
        (Some(path), Some(body)) if path != body => Err(Fault::BadRequest {
            message: format!("The path names the model `{path}` and the body `{body}`. Name one, or the same in both."),
            param: Some("model".into()),
        }),
        (Some(model), _) | (None, Some(model)) => Ok(model.into()),
        (None, None) => Err(Fault::BadRequest {
            message: "Missing required parameter: 'model'. `/v1/models` lists the names.".into(),
            param: Some("model".into()),
        }),
    }
}

/// The end of an exchange that never reached a provider.
fn refuse(exchange: Exchange, fault: Fault) -> HttpResponse {
    let fault = exchange.failure(fault);
    let mut response = error::response(&fault);
    headers::add_ids(response.headers_mut(), &exchange.asked.call_id);
    exchange.settle(millrace_actors::stream_relay::outcome_of(&fault), Some(&fault));
    response
}
