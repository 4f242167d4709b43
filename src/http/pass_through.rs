//! `/{provider}/{path}`: a provider's own resources, with the operator's credential. The provider is one that the configuration
//! has a deployment of, and its origin is that deployment's: a caller chooses a path below it, and nothing else.
//!
//! Where several deployments of a provider differ, the one with `use_in_pass_through: true` counts, the last of several (as in
//! LiteLLM); where none has it, a choice of ours might spend on the wrong account, so the request is refused.

mod body;
mod path;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use millrace_actors::account::{Admitted, Through};
use millrace_actors::capabilities::Hooks;
use millrace_actors::deployment::Deployment;
use millrace_actors::exchange::Exchange;
use millrace_actors::fault::Fault;
use millrace_actors::plan::Plan;
use millrace_actors::routing::Routing;
use millrace_actors::wire::envelope::{Endpoint, Envelope};

use super::body::is_unencoded;
use super::completions::answer;
use super::error::ApiError;
use super::ids::{RequestId, fresh, sane};
use super::methods::only;
use super::names::PASS_THROUGH;
use super::{given, headers, stages};
use crate::auth::Caller;
use crate::providers::table::Provider;
use body::{Body, Said};

/// The caller's headers that a provider's resource may need. An allow-list: no credential, no cookie and nothing about the
/// connection is on it, so none of these can go on.
const FORWARDED: [HeaderName; 6] = [
    ACCEPT,
    CONTENT_TYPE,
    HeaderName::from_static("anthropic-version"),
    HeaderName::from_static("anthropic-beta"),
    HeaderName::from_static("openai-beta"),
    HeaderName::from_static("idempotency-key"),
];

/// One route for all providers of the table; below every other, so that `/openai/deployments/...` stays what it is.
pub fn routes(config: &mut web::ServiceConfig) {
    let names: Vec<&str> = Provider::all().flat_map(Provider::prefixes).collect();
    let mut resource = web::resource(format!("/{{provider:{}}}/{{path:.*}}", names.join("|")));
    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        resource = resource.route(web::method(method).to(pass));
    }
    config.service(only(resource, "GET, POST, PUT, PATCH, DELETE"));
}

/// One exchange: caller, target, body, hooks, answer.
async fn pass(caller: Caller, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, ApiError> {
    let desk = given::desk(&request)?;
    let of = RequestId::known(&request);
    let refuse = |fault| ApiError::of(&request, fault);
    let permit = desk.in_flight.enter().ok_or_else(|| refuse(Fault::Overloaded))?;
    let routing = desk.routing();
    let deployment = target(&request, &routing).map_err(refuse)?;
    let path_and_query = path::below(&request, &deployment).map_err(refuse)?;
    is_unencoded(&request).map_err(refuse)?;
    let is_signed = deployment.credential.is_some() && deployment.dialect.signs();
    let Body { bytes, upload, said } = body::read(&request, payload, (&desk, is_signed)).await.map_err(refuse)?;
    let model: Arc<str> = said.model.clone().unwrap_or_default().into();
    let plan = Plan::only(&deployment, &model);
    let asked = Admitted {
        call_id: sane(request.headers().get(&headers::CALL_ID)).unwrap_or_else(fresh),
        request_id: Arc::clone(&of.id),
        protocol: of.protocol,
        headers: forwarded(request.headers()),
        route: PASS_THROUGH,
        endpoint: Endpoint::PassThrough,
        caller: caller.alias,
        envelope: Envelope::opaque(bytes, said.model, said.stream),
        boundary: None,
        upload,
        through: Some(Through { method: request.method().clone(), path_and_query }),
        model,
        started: of.started,
        permit,
    };
    let mut exchange = Exchange::admit(asked, &desk);
    exchange.progress.body_read = exchange.asked.started.elapsed();
    match hooks(&mut exchange).await {
        Ok(()) => Ok(answer(exchange, plan, &of).await),
        Err(fault) => Ok(super::completions::refuse(exchange, fault, &of)),
    }
}

/// The deployment whose origin and credential are used.
fn target(request: &HttpRequest, routing: &Routing) -> Result<Arc<Deployment>, Fault> {
    let named = request.match_info().get("provider").and_then(Provider::named).ok_or(Fault::Internal)?;
    let name = named.row().name;
    let of_provider: Vec<_> = routing.deployments().filter(|deployment| deployment.provider == name).collect();
    let Some(first) = of_provider.first() else {
        return Err(Fault::NoRoute { what: format!("the provider `{name}`, of which there is no deployment") });
    };
    let chosen = of_provider.iter().filter(|deployment| deployment.pass_through).max_by_key(|d| d.place);
    let same = |other: &&Arc<Deployment>| {
        let key = |d: &Deployment| d.api_key.as_ref().map(|key| key.expose().to_owned());
        let fetched = |d: &Deployment| d.credential.as_ref().map(Arc::as_ptr);
        other.origin == first.origin
            && other.base_path == first.base_path
            && key(other) == key(first)
            && fetched(other) == fetched(first)
    };
    let bad = |message: String| Fault::BadRequest { message, param: None };
    match chosen {
        Some(deployment) => Ok(Arc::clone(deployment)),
        None if of_provider.iter().all(same) => Ok(Arc::clone(first)),
        None => Err(bad(format!(
            "The deployments of `{name}` differ in address or key. The operator chooses one for pass-through: \
             `use_in_pass_through: true` among its `litellm_params`."
        ))),
    }
}

/// The hooks that see a request may change or refuse it as any other's.
async fn hooks(exchange: &mut Exchange) -> Result<(), Fault> {
    stages::seen_by_all(exchange)?;
    if !exchange.hooked(Hooks::PRE_CALL) || exchange.asked.envelope.body().is_empty() {
        return Ok(());
    }
    let callbacks = exchange.callbacks.clone();
    for callback in callbacks.with(Hooks::PRE_CALL) {
        let facts = exchange.facts();
        if let Some(body) = callback.pre_call(&facts).await.map_err(Fault::Refused)? {
            let said = Said::of(&body);
            exchange.asked.envelope = Envelope::opaque(body, said.model, said.stream);
        }
    }
    Ok(())
}

fn forwarded(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    FORWARDED.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone()))).collect()
}
