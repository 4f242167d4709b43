//! Azure OpenAI: which of its two APIs a deployment is called by, and with whose token where no key is written.

use millrace_actors::secret::Secret;

use super::own::Own;
use crate::config::base_url::BaseUrl;
use crate::config::model::Below;
use crate::config::reader::{Reader, Section};
use crate::credentials::{Address, Application, Azure, Managed, Proof, Source};

/// The version of the API that is asked for where none is written (COMPAT 9).
const API_VERSION: &str = "2025-02-01-preview";

/// Versions that mean the API without versions, below `/openai/v1`, where the model stands in the body again (LiteLLM).
const V1: [&str; 3] = ["v1", "latest", "preview"];

/// The first day of a dated version that has responses (Microsoft, "Azure OpenAI Responses API": `2025-03-01-preview`).
const RESPONSES_FROM: &str = "2025-03-01";

/// What a token is for (Microsoft, "Azure OpenAI authentication").
const SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// Entra ID for everybody but the clouds of governments, which `AZURE_AUTHORITY_HOST` names.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// The service on a virtual machine's own link that tells its token (Microsoft, "Azure Instance Metadata Service").
const IMDS: &str = "http://169.254.169.254";
const IMDS_PATH: &str = "/metadata/identity/oauth2/token";

/// A deployment's name without what LiteLLM has its users write before it to tell kinds of models apart.
pub(super) fn deployment(model: &str) -> &str {
    ["o_series/", "gpt5_series/"].iter().find_map(|kind| model.strip_prefix(kind)).unwrap_or(model)
}

/// What is Azure's own about a deployment.
pub(super) fn read(reader: &mut Reader<'_>, params: &Section<'_>, base: &BaseUrl, has_key: bool) -> Own {
    let below = below(reader, params, base);
    let credential = if has_key { None } else { credential(reader, params) };
    Own { below, credential, ..Own::default() }
}

/// A base may be the resource's, or lead into one of the APIs already, or to one deployment; LiteLLM takes all of these.
fn below(reader: &mut Reader<'_>, params: &Section<'_>, base: &BaseUrl) -> Below {
    let written = reader.text(params, "api_version").map(|text| text.value.to_string());
    let version = written.or_else(|| reader.vars.first(&["AZURE_API_VERSION"]));
    let version = version.as_deref().unwrap_or(API_VERSION).trim();
    let (path, v1) = (base.as_str(), V1.contains(&version));
    let query = match version {
        "v1" | "latest" => String::new(),
        other => format!("?api-version={}", form_urlencoded::byte_serialize(other.as_bytes()).collect::<String>()),
    };
    let older = !v1 && version < RESPONSES_FROM;
    let (path, model_in_path) = match () {
        // below a deployment there are none
        () if path.contains("/openai/deployments/") => {
            return Below { query, older: true, ..Below::default() };
        }
        () if path.ends_with("/openai/v1") => {
            return Below { query: if v1 { query } else { String::new() }, ..Below::default() };
        }
        () if v1 => (if path.ends_with("/openai") { "/v1" } else { "/openai/v1" }, false),
        () if path.ends_with("/openai") => ("", true),
        () => ("/openai", true),
    };
    Below { path: path.to_owned(), query, model_in_path, older, ..Below::default() }
}

/// Where tokens come from: what is written first, then the environment, as Azure's own libraries read it.
fn credential(reader: &mut Reader<'_>, params: &Section<'_>) -> Option<Source> {
    let mut text = |name: &str| reader.text(params, name).map(|text| text.value.to_string());
    let (token, scope) = (text("azure_ad_token"), text("azure_scope"));
    let (tenant, id, secret) = (text("tenant_id"), text("client_id"), text("client_secret"));
    let vars = |names: &[&str]| reader.vars.first(names).map(|value| value.trim().to_owned());
    let scope = scope.or_else(|| vars(&["AZURE_SCOPE"])).unwrap_or_else(|| SCOPE.to_owned());
    let tenant = tenant.or_else(|| vars(&["AZURE_TENANT_ID"]));
    let client_id = id.or_else(|| vars(&["AZURE_CLIENT_ID"]));
    let token = token.or_else(|| vars(&["AZURE_AD_TOKEN"]).filter(|_| secret.is_none()));
    let secret = secret.or_else(|| vars(&["AZURE_CLIENT_SECRET"]));
    let proof = match (token, secret) {
        (Some(token), _) => match token.strip_prefix("oidc/") {
            None => return Some(Source::Azure(Azure::Given(Secret::new(token)))),
            Some(from) => statement(reader, params, from)?,
        },
        (None, Some(secret)) => Proof::Secret(Secret::new(secret)),
        (None, None) => match vars(&["AZURE_FEDERATED_TOKEN_FILE"]) {
            Some(file) => Proof::File(file.into()),
            None => return managed(reader, params, client_id, scope),
        },
    };
    let lacking = |name: &str| format!("a token of Azure's needs `{name}` as well");
    let Some((tenant, client_id)) = tenant.zip(client_id) else {
        let help = "write tenant_id and client_id, or set AZURE_TENANT_ID and AZURE_CLIENT_ID";
        reader.error("MR1039", (params.node, &params.path("tenant_id")), &lacking("tenant_id` and `client_id"), help);
        return None;
    };
    let authority = vars_address(reader, params, "AZURE_AUTHORITY_HOST", AUTHORITY)?;
    let name = format!("azure application {client_id}");
    let address = Application::address(&authority, &tenant);
    Some(Source::Azure(Azure::Application(Application { address, client_id, proof, scope, name })))
}

/// Where LiteLLM's `oidc/...` says that a signed statement lies. Those that it gets from a service are not served.
fn statement(reader: &mut Reader<'_>, params: &Section<'_>, from: &str) -> Option<Proof> {
    let file = match from.split_once('/') {
        Some(("file", path)) => Some(path.to_owned()),
        Some(("env_path", variable)) => reader.vars.first(&[variable]),
        Some(("azure", _)) => reader.vars.first(&["AZURE_FEDERATED_TOKEN_FILE"]),
        _ => None,
    };
    if file.is_none() {
        let path = params.path("azure_ad_token");
        let node = params.get("azure_ad_token").unwrap_or(params.node);
        let help = "`oidc/file/PATH`, `oidc/env_path/VARIABLE` and `oidc/azure/` with AZURE_FEDERATED_TOKEN_FILE are supported";
        reader.error("MR1026", (node, &path), &format!("`{path}` names no file with a signed statement"), help);
    }
    file.map(|file| Proof::File(file.into()))
}

/// The machine's own identity, where there are signs that one is meant.
fn managed(reader: &mut Reader<'_>, params: &Section<'_>, client_id: Option<String>, scope: String) -> Option<Source> {
    let wanted =
        reader.vars.first(&["AZURE_CREDENTIAL"]).is_some_and(|kind| kind.trim() == "ManagedIdentityCredential");
    let header = reader.vars.first(&["IDENTITY_HEADER"]).map(Secret::new);
    let address = match (&header, reader.vars.first(&["IDENTITY_ENDPOINT"])) {
        (Some(_), Some(_)) => vars_address(reader, params, "IDENTITY_ENDPOINT", "")?,
        _ if wanted => vars_address(reader, params, "AZURE_POD_IDENTITY_AUTHORITY_HOST", IMDS)?.below(IMDS_PATH),
        _ => {
            let help = "add `api_key: os.environ/AZURE_API_KEY` and set it; or write tenant_id, client_id and \
                client_secret; or set AZURE_CREDENTIAL=ManagedIdentityCredential on a machine of Azure's";
            let path = params.path("api_key");
            reader.error(
                "MR1039",
                (params.node, &path),
                &format!("`{path}` is missing, and AZURE_API_KEY is not set"),
                help,
            );
            return None;
        }
    };
    Some(Source::Azure(Azure::Managed(Managed { address, header, client_id, scope })))
}

/// The address of a token server that a variable names, or else the usual one.
fn vars_address(reader: &mut Reader<'_>, params: &Section<'_>, variable: &str, usual: &str) -> Option<Address> {
    let text = reader.vars.first(&[variable]);
    let text = text.as_deref().map_or(usual, str::trim);
    // some write a bare host, as Azure's libraries take it
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    match Address::parse(&whole) {
        Ok(address) => Some(address),
        Err(problem) => {
            let message = format!("the address in {variable} cannot be called: {problem}");
            reader.error("MR1033", (params.node, &params.path("api_key")), &message, "correct the variable");
            None
        }
    }
}
