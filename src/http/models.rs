//! `GET /v1/models` and `/v1/models/{id}`: the model groups and aliases a caller may name.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use millrace_actors::fault::Fault;
use millrace_actors::routing::{Group, Routing};
use serde_json::{Value, json};

use super::error::ApiError;
use super::given::desk;
use super::methods::{get, only};
use super::names::model_in_path;
use crate::auth::Caller;

/// LiteLLM's constant `created` (COMPAT 5.2): a client that sorts by it must not see us change.
const CREATED: u64 = 1_677_610_602;

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    for prefix in ["/v1/models", "/models"] {
        config.service(only(web::resource(prefix).route(get().to(list)), "GET"));
        config.service(only(web::resource(format!("{prefix}/{{model:.*}}")).route(get().to(one)), "GET"));
    }
}

async fn list(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let routing = desk(&request)?.routing();
    let data: Vec<Value> = names(&routing).into_iter().map(model).collect();
    Ok(HttpResponse::Ok().json(json!({ "data": data, "object": "list" })))
}

async fn one(_: Caller, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let routing = desk(&request)?.routing();
    let name = model_in_path(&request).unwrap_or_default();
    match routing.resolve(&name).filter(|found| is_served(&found.group)) {
        Some(_) => Ok(HttpResponse::Ok().json(model(&name))),
        None => Err(ApiError::of(&request, Fault::ModelNotFound { model: name })),
    }
}

/// Groups, wildcards as written, and the aliases that are not hidden; in order of name.
fn names(routing: &Routing) -> BTreeSet<&str> {
    let groups = routing.groups.values().chain(&routing.wildcards).filter(|group| is_served(group));
    let aliases = routing.aliases.iter().filter(|(_, (_, hidden))| !hidden).map(|(alias, _)| alias.as_str());
    let leads_on = |alias: &&str| routing.resolve(alias).is_some_and(|found| is_served(&found.group));
    groups.map(|group| &*group.name).chain(aliases.filter(leads_on)).collect()
}

/// Groups whose deployments were all left out are kept so that nobody else takes their names.
fn is_served(group: &Group) -> bool {
    !group.deployments.is_empty()
}

fn model(id: &str) -> Value {
    json!({ "id": id, "object": "model", "created": CREATED, "owned_by": "openai" })
}
