//! `/v1/chat/completions`, `/v1/messages`, `/v1/rerank`, `/v1/audio/speech` and the other resources that a model answers: one
//! path for all, since they differ in a name, in what must be there, and in what an answer is (`Endpoint::facts`).

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use millrace_actors::account::Admitted;
use millrace_actors::desk::Desk;
use millrace_actors::exchange::Exchange;
use millrace_actors::fault::{Fault, shown};
use millrace_actors::plan::Plan;
use millrace_actors::reply::Answer;
use millrace_actors::request_handler::RequestHandler;
use millrace_actors::wire::envelope::{Endpoint, Envelope};
use millrace_actors::wire::protocol::Protocol;

use super::error::{self, ApiError};
use super::form::{self, Form};
use super::ids::{RequestId, fresh, sane};
use super::methods::only;
use super::names::{model_in_path, name_of};
use super::{body, generate, given, headers, stages};
use crate::auth::Caller;

/// Where the model may stand in the path.
const MODEL_TOO: &[&str] = &["/v1", "", "/openai/deployments/{model:.*}", "/engines/{model:.*}"];
const PLAIN: &[&str] = &["/v1", ""];
/// Google's clients ask in either version; without one, LiteLLM's do.
const GOOGLE: &[&str] = &["/v1beta", "/v1", ""];

/// Each resource: its path, and before what it stands. What it is like, [`Endpoint::facts`] says.
const RESOURCES: &[(&str, Endpoint, &[&str])] = &[
    ("chat/completions", Endpoint::Chat, MODEL_TOO),
    ("completions", Endpoint::Completions, MODEL_TOO),
    ("embeddings", Endpoint::Embeddings, MODEL_TOO),
    ("messages", Endpoint::Messages, PLAIN),
    ("messages/count_tokens", Endpoint::CountTokens, PLAIN),
    ("models/{model:.*}:generateContent", Endpoint::Generate, GOOGLE),
    ("models/{model:.*}:streamGenerateContent", Endpoint::Generate, GOOGLE),
    ("models/{model:.*}:countTokens", Endpoint::CountContent, GOOGLE),
    ("responses", Endpoint::Responses, &["/v1", "", "/openai/v1"]),
    ("rerank", Endpoint::Rerank, &["/v1", "/v2", ""]),
    ("moderations", Endpoint::Moderations, PLAIN),
    ("images/generations", Endpoint::Images, MODEL_TOO),
    ("audio/speech", Endpoint::Speech, MODEL_TOO),
    ("audio/transcriptions", Endpoint::Transcriptions, MODEL_TOO),
    ("audio/translations", Endpoint::Translations, MODEL_TOO),
];

/// The routes. The model may stand in the path, as in Azure's and OpenAI's older spellings.
pub fn routes(config: &mut web::ServiceConfig) {
    for (path, endpoint, prefixes) in RESOURCES {
        for prefix in *prefixes {
            let pattern = format!("{prefix}/{path}");
            let route = name_of(&pattern);
            let handler = move |caller, request, payload| complete((*endpoint, route), caller, request, payload);
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
    let desk = given::desk(&request)?;
    let of = RequestId::known(&request);
    let asked = admit((endpoint, route), caller, (&request, &of), payload, &desk)
        .await
        .map_err(|f| ApiError::of(&request, f))?;
    let mut exchange = Exchange::admit(asked, &desk);
    exchange.progress.body_read = exchange.asked.started.elapsed();
    if let Err(fault) = stages::before_call(&mut exchange, endpoint).await {
        return Ok(refuse(exchange, fault, &of));
    }
    let plan = match Plan::new(&exchange.routing, &exchange.asked.model) {
        Ok(plan) => plan,
        Err(fault) => return Ok(refuse(exchange, fault, &of)),
    };
    Ok(generate::shaped(&request, answer(exchange, plan, &of).await))
}

/// Has an exchange answered, and writes the answer.
pub(super) async fn answer(exchange: Box<Exchange>, plan: Plan, of: &RequestId) -> HttpResponse {
    let call_id = Arc::clone(&exchange.asked.call_id);
    let reply = RequestHandler::answer(exchange, plan).await;
    let mut response = match reply.answer {
        Ok(Answer::Whole(body)) => headers::whole(reply.facts.content_type.as_ref()).body(body),
        Ok(Answer::Stream(body)) => headers::stream().body(body),
        Ok(Answer::Bytes { status, body }) => headers::bytes(status, reply.facts.content_type.as_ref()).body(body),
        Err(fault) => error::response(&fault, of),
    };
    headers::add(response.headers_mut(), &call_id, reply.facts);
    headers::add_request_id(response.headers_mut(), of);
    response
}

/// Reads and scans the body. What fails here was never admitted, so there is nothing to settle.
async fn admit(
    (endpoint, route): (Endpoint, &'static str),
    caller: Caller,
    (request, of): (&HttpRequest, &RequestId),
    payload: web::Payload,
    desk: &Rc<Desk>,
) -> Result<Admitted, Fault> {
    let permit = desk.in_flight.enter().ok_or(Fault::Overloaded)?;
    let routing = desk.routing();
    let (limit, idle) = (routing.path.max_request_bytes, routing.path.body_idle_timeout);
    let (envelope, form) = match endpoint.is_form() {
        true => {
            // boxed: it is larger than all the rest, which every other request would move about
            let Form { envelope, boundary, upload } = Box::pin(form::read((request, endpoint), payload, desk)).await?;
            (envelope, Some((boundary, upload)))
        }
        false => {
            let body = body::read(request, payload, limit, idle).await?;
            (Envelope::scan(body, endpoint, &stages::RULES).map_err(stages::rejected)?, None)
        }
    };
    let envelope = match endpoint {
        Endpoint::Generate | Endpoint::CountContent => envelope.streamed(generate::is_stream(route)),
        _ => envelope,
    };
    let (boundary, upload) = form.unzip();
    let model = model_of(request, &envelope, endpoint)?;
    Ok(Admitted {
        call_id: sane(request.headers().get(&headers::CALL_ID)).unwrap_or_else(fresh),
        request_id: Arc::clone(&of.id),
        protocol: of.protocol,
        headers: forwarded(request, of.protocol),
        route,
        endpoint,
        caller: caller.alias,
        envelope,
        boundary,
        upload,
        through: None,
        model,
        started: of.started,
        permit,
    })
}

/// The caller's headers that are part of its protocol. An allow-list: nothing else of the caller's reaches a provider.
fn forwarded(request: &HttpRequest, protocol: Protocol) -> Vec<(HeaderName, HeaderValue)> {
    const OWN: [HeaderName; 2] =
        [HeaderName::from_static("anthropic-version"), HeaderName::from_static("anthropic-beta")];
    match protocol {
        Protocol::Chat | Protocol::Text | Protocol::Responses | Protocol::GenerateContent | Protocol::Own => Vec::new(),
        Protocol::Messages => {
            let all = |name: &HeaderName| {
                request.headers().get_all(name).map(|value| (name.clone(), value.clone())).collect()
            };
            OWN.iter().flat_map(|name| -> Vec<_> { all(name) }).collect()
        }
    }
}

/// The model in the path, or in the body. Two that differ are refused: one might be allowed and the other served.
fn model_of(request: &HttpRequest, envelope: &Envelope, endpoint: Endpoint) -> Result<Arc<str>, Fault> {
    let path = model_in_path(request).filter(|model| !model.is_empty());
    if path.as_ref().is_some_and(|model| model.contains(char::REPLACEMENT_CHARACTER)) {
        let message = "The model's name in the path is not UTF-8. Escape its bytes as UTF-8.".into();
        return Err(Fault::BadRequest { message, param: Some("model".into()) });
    }
    let named = envelope.model().map(|model| match endpoint {
        Endpoint::Generate | Endpoint::CountContent => model.strip_prefix("models/").unwrap_or(model),
        _ => model,
    });
    match (path.as_deref(), named.or(endpoint.facts().default_model.filter(|_| path.is_none()))) {
        (Some(path), Some(body)) if path != body => Err(Fault::BadRequest {
            message: format!(
                "The path names the model `{}` and the body `{}`. Name one, or the same in both.",
                shown(path),
                shown(body)
            ),
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
pub(super) fn refuse(exchange: Box<Exchange>, fault: Fault, of: &RequestId) -> HttpResponse {
    let fault = exchange.failure(fault);
    let mut response = error::response(&fault, of);
    headers::add_ids(response.headers_mut(), &exchange.asked.call_id);
    exchange.settle(fault.outcome(), Some(&fault));
    response
}
