//! The admin surface of callbacks: list, add or replace, remove, reload. Each change is answered when every worker has it,
//! with the generation as `ETag`; `If-Match` on it prevents lost updates.

use std::sync::Arc;

use actix_web::http::header::{ETAG, HeaderValue, IF_MATCH};
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use millrace_actors::callback_registry::{Changed, List, RegistryError};
use millrace_actors::capabilities::{CapabilitySnapshot, Registered};
use millrace_actors::fault::Fault;
use millrace_actors::mailbox::AskError;
use millrace_actors::ports::CallbackSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::given::{desk, state};
use super::methods::{get, only};
use super::{body, error::ApiError};
use crate::auth::Caller;
use crate::callbacks;
use crate::keeper::work::{CHANGE_DEADLINE, CallbackChange, ChangeError, ReloadError, Unconfirmed};

/// A callback's parameters are small; a list of words may be long.
const BODY_LIMIT: usize = 1 << 20;

/// The longest name, which is a metric's label.
const NAME_LIMIT: usize = 64;

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(only(web::resource("/callbacks").route(get().to(list)), "GET"))
        .service(only(web::resource("/active/callbacks").route(get().to(active)), "GET"))
        .service(only(web::resource("/callbacks/reload").route(web::post().to(reload_all)), "POST"))
        .service(only(
            web::resource("/callbacks/{name}").route(web::put().to(upsert)).route(web::delete().to(remove)),
            "PUT, DELETE",
        ));
}

/// `?persist=true`: keep the change over a restart.
#[derive(Deserialize)]
struct Persist {
    #[serde(default)]
    persist: bool,
}

/// `PUT /callbacks/{name}`: the kind, which defaults to the name, and its parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    callback: Option<String>,
    #[serde(default)]
    params: serde_json::Map<String, Value>,
}

async fn list(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let snapshot = present(&request).await?;
    let listed: Vec<Value> = snapshot.callbacks.iter().map(describe).collect();
    let answer = json!({
        "generation": snapshot.generation,
        "hooks": snapshot.hooks.names(),
        "callbacks": listed,
    });
    Ok(tagged(HttpResponse::Ok(), snapshot.generation).json(answer))
}

/// LiteLLM's page (COMPAT 5.2). Its lists hold Python's names of objects; ours hold callback names.
async fn active(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let snapshot = present(&request).await?;
    let named = |hooks: &[&str]| -> Vec<&str> {
        let has = |c: &&Registered| hooks.is_empty() || c.hooks.names().iter().any(|hook| hooks.contains(hook));
        snapshot.callbacks.iter().filter(has).map(|c| c.spec.name.as_str()).collect()
    };
    let (success, failure) = (named(&["log_success"]), named(&["log_failure"]));
    Ok(HttpResponse::Ok().json(json!({
        "alerting": "None",
        "litellm.callbacks": named(&[]),
        "litellm.input_callback": named(&["pre_call"]),
        "litellm.failure_callback": failure,
        "litellm.success_callback": success,
        "litellm._async_success_callback": success,
        "litellm._async_failure_callback": failure,
        "litellm._async_input_callback": named(&["pre_call"]),
        "all_litellm_callbacks": named(&[]),
        "num_callbacks": snapshot.callbacks.len(),
        "num_alerting": 0,
    })))
}

async fn present(request: &HttpRequest) -> Result<Arc<CapabilitySnapshot>, ApiError> {
    state(request)?.registry.ask(List, CHANGE_DEADLINE).await.map_err(|cause| {
        let message = format!("the callbacks cannot be listed: {cause}");
        ApiError::of(request, Fault::Admin { status: status_unconfirmed(cause.into()), message })
    })
}

async fn upsert(
    _: Caller,
    name: web::Path<String>,
    query: Query<Persist>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let state = state(&request)?;
    let fail = |fault| ApiError::of(&request, fault);
    let idle = desk(&request)?.routing().path.body_idle_timeout;
    let body = body::read(&request, payload, BODY_LIMIT, idle).await.map_err(fail)?;
    let spec = wanted(name.into_inner(), &body).map_err(fail)?;
    let changed = state.keeper.change(CallbackChange::Upsert(spec), if_match(&request)?, query.persist).await;
    answer(&request, changed, query.persist)
}

async fn remove(
    _: Caller,
    name: web::Path<String>,
    query: Query<Persist>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let state = state(&request)?;
    let change = CallbackChange::Remove(name.into_inner());
    let changed = state.keeper.change(change, if_match(&request)?, query.persist).await;
    answer(&request, changed, query.persist)
}

async fn reload_all(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let state = state(&request)?;
    let admin =
        |status, error: ReloadError| Err(ApiError::of(&request, Fault::Admin { status, message: error.to_string() }));
    match state.keeper.reload(if_match(&request)?).await {
        Ok(reloaded) => Ok(tagged(HttpResponse::Ok(), reloaded.generation).json(reloaded)),
        Err(ReloadError::Refused(report)) => {
            let findings: Value = serde_json::from_str(&report.to_json()).unwrap_or_default();
            let message = "the configuration was refused whole; the old one stays in force";
            let error = json!({ "message": message, "type": "invalid_request_error", "param": null, "code": "422",
                "complaints": findings });
            Ok(HttpResponse::UnprocessableEntity().json(json!({ "error": error })))
        }
        Err(error @ (ReloadError::Build(_) | ReloadError::Overlay(_))) => admin(422, error),
        Err(error @ ReloadError::NoSource) => admin(409, error),
        Err(ReloadError::Registry(error)) => admin(status_of(&error), error.into()),
        Err(ReloadError::Unconfirmed(cause)) => admin(status_unconfirmed(cause), cause.into()),
    }
}

fn wanted(name: String, body: &[u8]) -> Result<CallbackSpec, Fault> {
    let fine = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > NAME_LIMIT || !name.bytes().all(fine) {
        let message = format!("a callback's name has 1 to {NAME_LIMIT} letters, digits, `-`, `_` or `.`");
        return Err(Fault::Admin { status: 422, message });
    }
    let wanted: Wanted = serde_json::from_slice(body).map_err(|e| Fault::BadRequest {
        message: format!("the body is not {{\"callback\": kind, \"params\": {{...}}}}: {e}"),
        param: None,
    })?;
    let kind = wanted.callback.unwrap_or_else(|| name.clone());
    Ok(CallbackSpec { name, kind, params: Value::Object(wanted.params) })
}

/// The generation in `If-Match`, quoted as an ETag or bare; `*` stands for any.
fn if_match(request: &HttpRequest) -> Result<Option<u64>, ApiError> {
    let Some(value) = request.headers().get(IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    text.trim_matches('"').parse().map(Some).map_err(|_| {
        let message = "If-Match must be the generation of GET /callbacks, as its ETag gives it".to_owned();
        ApiError::of(request, Fault::Admin { status: 412, message })
    })
}

/// What a change is answered with.
fn answer(
    request: &HttpRequest,
    changed: Result<Changed, ChangeError>,
    persisted: bool,
) -> Result<HttpResponse, ApiError> {
    let changed = changed.map_err(|error| {
        let status = match &error {
            ChangeError::Registry(error) => status_of(error),
            ChangeError::NotKept { .. } => 409,
            ChangeError::Unconfirmed(cause) => status_unconfirmed(*cause),
        };
        ApiError::of(request, Fault::Admin { status, message: error.to_string() })
    })?;
    let answer = json!({ "generation": changed.generation, "workers": changed.workers, "persisted": persisted });
    Ok(tagged(HttpResponse::Ok(), changed.generation).json(answer))
}

fn status_of(error: &RegistryError) -> u16 {
    match error {
        RegistryError::Stale { .. } => 412,
        RegistryError::Unknown { .. } => 404,
        RegistryError::Invalid { .. } => 422,
        RegistryError::Lagging { .. } => 504,
    }
}

fn status_unconfirmed(cause: Unconfirmed) -> u16 {
    match cause {
        Unconfirmed::Crowded => 503,
        Unconfirmed::NoAnswer(AskError::Closed) => 500,
        Unconfirmed::NoAnswer(AskError::Timeout) | Unconfirmed::Lagging { .. } => 504,
    }
}

fn tagged(mut response: HttpResponseBuilder, generation: u64) -> HttpResponseBuilder {
    if let Ok(value) = HeaderValue::from_str(&format!("\"{generation}\"")) {
        response.insert_header((ETAG, value));
    }
    response
}

fn describe(registered: &Registered) -> Value {
    json!({
        "name": registered.spec.name,
        "callback": registered.spec.kind,
        "hooks": registered.hooks.names(),
        "params": callbacks::shown(&registered.spec),
        "health": registered.callback.health(),
    })
}
