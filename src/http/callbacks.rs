//! The admin surface of callbacks: list, add or replace, remove, reload. Each change is answered when every worker has it,
//! with the generation as `ETag`; `If-Match` on it prevents lost updates.

use actix_web::http::header::{ETAG, HeaderValue, IF_MATCH};
use actix_web::web::Query;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use millrace_actors::callback_registry::{Changed, List, RegistryError, Remove, Upsert};
use millrace_actors::capabilities::Registered;
use millrace_actors::fault::Fault;
use millrace_actors::mailbox::ask;
use millrace_actors::ports::CallbackSpec;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{body, error::ApiError, get_or_head, only};
use crate::auth::Caller;
use crate::boot::overlay;
use crate::boot::reload::{CHANGE_DEADLINE, ReloadError, reload};
use crate::callbacks;
use crate::state::State;

/// A callback's parameters are small; a list of words may be long.
const BODY_LIMIT: usize = 1 << 20;

/// The longest name, which is a metric's label.
const NAME_LIMIT: usize = 64;

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    let get = || web::route().guard(actix_web::guard::fn_guard(|ctx| get_or_head(ctx.head())));
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
    let state = State::of(&request)?;
    let snapshot =
        ask(&state.registry, List, CHANGE_DEADLINE).await.map_err(|e| unconfirmed(&request, &e.to_string()))?;
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
    let state = State::of(&request)?;
    let snapshot =
        ask(&state.registry, List, CHANGE_DEADLINE).await.map_err(|e| unconfirmed(&request, &e.to_string()))?;
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

async fn upsert(
    _: Caller,
    name: web::Path<String>,
    query: Query<Persist>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let state = State::of(&request)?;
    let fail = |fault| ApiError::of(&request, fault);
    let idle = State::desk(&request)?.routing().path.body_idle_timeout;
    let body = body::read(&request, payload, BODY_LIMIT, idle).await.map_err(fail)?;
    let spec = wanted(name.into_inner(), &body).map_err(fail)?;
    let message = Upsert { spec: spec.clone(), if_match: if_match(&request)? };
    let changed = ask(&state.registry, message, CHANGE_DEADLINE).await;
    let kept = || overlay::keep(state.source.overlay_path().as_deref(), &spec.name, Some(&spec));
    answer(&request, changed, query.persist.then_some(&kept))
}

async fn remove(
    _: Caller,
    name: web::Path<String>,
    query: Query<Persist>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let state = State::of(&request)?;
    let name = name.into_inner();
    let message = Remove { name: name.clone(), if_match: if_match(&request)? };
    let changed = ask(&state.registry, message, CHANGE_DEADLINE).await;
    let kept = || overlay::keep(state.source.overlay_path().as_deref(), &name, None);
    answer(&request, changed, query.persist.then_some(&kept))
}

async fn reload_all(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let state = State::of(&request)?;
    match reload(state, if_match(&request)?).await {
        Ok(reloaded) => Ok(tagged(HttpResponse::Ok(), reloaded.generation).json(reloaded)),
        Err(ReloadError::Registry(error)) => Err(ApiError::of(&request, registry_fault(&error))),
        Err(ReloadError::Refused(report)) => {
            let findings: Value = serde_json::from_str(&report.to_json()).unwrap_or_default();
            let message = "the configuration was refused whole; the old one stays in force";
            let error = json!({ "message": message, "type": "invalid_request_error", "param": null, "code": "422",
                "complaints": findings });
            Ok(HttpResponse::UnprocessableEntity().json(json!({ "error": error })))
        }
        Err(error @ ReloadError::Unusable(_)) => {
            Err(ApiError::of(&request, Fault::Admin { status: 422, message: error.to_string() }))
        }
        Err(error @ ReloadError::NoSource) => {
            Err(ApiError::of(&request, Fault::Admin { status: 409, message: error.to_string() }))
        }
        Err(ReloadError::Unconfirmed) => Err(unconfirmed(&request, "the workers did not confirm")),
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

type Asked = Result<Result<Changed, RegistryError>, millrace_actors::mailbox::AskError>;

/// What a change is answered with; `keep` writes it down first, where that was asked for.
fn answer(
    request: &HttpRequest,
    changed: Asked,
    keep: Option<&dyn Fn() -> Result<(), overlay::OverlayError>>,
) -> Result<HttpResponse, ApiError> {
    let changed = changed.map_err(|e| unconfirmed(request, &e.to_string()))?;
    let changed = changed.map_err(|error| ApiError::of(request, registry_fault(&error)))?;
    if let Some(keep) = keep {
        keep().map_err(|error| {
            let message = format!(
                "the change is in force, generation {}, but will not outlive a restart: {error}",
                changed.generation
            );
            ApiError::of(request, Fault::Admin { status: 409, message })
        })?;
    }
    let answer = json!({ "generation": changed.generation, "workers": changed.workers, "persisted": keep.is_some() });
    Ok(tagged(HttpResponse::Ok(), changed.generation).json(answer))
}

fn registry_fault(error: &RegistryError) -> Fault {
    let status = match error {
        RegistryError::Stale { .. } => 412,
        RegistryError::Unknown { .. } => 404,
        RegistryError::Invalid { .. } => 422,
        RegistryError::Lagging { .. } => 504,
    };
    Fault::Admin { status, message: error.to_string() }
}

fn unconfirmed(request: &HttpRequest, cause: &str) -> ApiError {
    ApiError::of(request, Fault::Admin { status: 504, message: format!("the change was not confirmed: {cause}") })
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
