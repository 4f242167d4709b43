//! How a deployment is called: in which dialect, below which path, with which headers.

use std::sync::Arc;

use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, InvalidHeaderValue, USER_AGENT,
};
use millrace_actors::ports::Dialect;

use crate::config::ModelEntry;
use crate::config::model::Below;
use crate::providers::anthropic::{self, Anthropic};
use crate::providers::bedrock::Bedrock;
use crate::providers::gemini::{self, Gemini};
use crate::providers::openai::{self, OpenAi};
use crate::providers::own::OwnDialect;
use crate::providers::row::Speaks;
use crate::providers::words;

/// What this gateway calls itself to providers.
const AGENT: &str = concat!("millrace/", env!("CARGO_PKG_VERSION"));

/// The header of Azure's keys ("Azure OpenAI REST API reference", Authentication).
const AZURE_KEY: HeaderName = HeaderName::from_static("api-key");

/// The dialect.
pub fn dialect(model: &ModelEntry) -> Arc<dyn Dialect> {
    let row = model.provider.row();
    match row.speaks {
        Speaks::Gemini => Arc::new(Gemini { name: row.name, place: gemini::Place::Studio }),
        Speaks::Anthropic => Arc::new(Anthropic { host: anthropic::Host::Anthropic }),
        Speaks::Cohere => Arc::new(OwnDialect { row, how: &words::COHERE }),
        Speaks::Ollama => Arc::new(OwnDialect { row, how: &words::OLLAMA }),
        Speaks::Vertex => vertex(model),
        Speaks::Converse => Arc::new(Bedrock { region: model.region.clone().unwrap_or_default() }),
        Speaks::OpenAi | Speaks::Azure => {
            let Below { responses, chats, older, model_in_path: deployments, .. } = model.below;
            Arc::new(OpenAi { row, responses, chats, older, deployments })
        }
    }
}

/// At Vertex AI, the protocol is of whoever made the model, which its name tells.
fn vertex(model: &ModelEntry) -> Arc<dyn Dialect> {
    let model_in_path = model.below.model_in_path;
    match model.upstream_model.starts_with("claude") {
        true => Arc::new(Anthropic { host: anthropic::Host::Vertex { model_in_path } }),
        false => {
            let place = if model_in_path { gemini::Place::Vertex } else { gemini::Place::Model };
            Arc::new(Gemini { name: model.provider.row().name, place })
        }
    }
}

/// The path that all resources of a deployment lie below, from what its address has after the host.
pub fn base_path(model: &ModelEntry, rest: &str) -> String {
    let base = match model.provider.speaks {
        Speaks::Anthropic => anthropic::base_path(rest).to_owned(),
        Speaks::Gemini => gemini::base_path(rest),
        Speaks::OpenAi => openai::base_path(rest, model.provider.row()),
        Speaks::Cohere => (words::COHERE.base_path)(rest).to_owned(),
        Speaks::Ollama => (words::OLLAMA.base_path)(rest).to_owned(),
        Speaks::Azure | Speaks::Vertex | Speaks::Converse => rest.to_owned(),
    };
    base + &model.below.path
}

/// Every header of a call, once for all calls.
///
/// # Errors
/// The key holds what no header may hold.
pub fn headers(model: &ModelEntry) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let mut headers = vec![
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (ACCEPT, HeaderValue::from_static("application/json")),
        // a stream that is compressed is a stream that is buffered, and we would have to undo it
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
        (USER_AGENT, HeaderValue::from_static(AGENT)),
    ];
    if let Some(key) = &model.api_key {
        let credential = credential(model.provider.speaks, key.expose());
        let mut credential = credential.map_err(|_| "api_key holds characters that no header may hold".to_owned())?;
        credential.iter_mut().for_each(|(_, value)| value.set_sensitive(true));
        headers.extend(credential);
    }
    if model.provider.speaks == Speaks::Anthropic {
        headers.push((anthropic::VERSION_HEADER, HeaderValue::from_static(anthropic::VERSION)));
    }
    for (name, value) in &model.extra_headers {
        headers.retain(|(known, _)| known != name);
        headers.push((name.clone(), value.clone()));
    }
    Ok(headers)
}

/// The headers of a key.
fn credential(speaks: Speaks, key: &str) -> Result<Vec<(HeaderName, HeaderValue)>, InvalidHeaderValue> {
    match speaks {
        Speaks::Anthropic => anthropic::credential(key),
        Speaks::Gemini => gemini::credential(key),
        Speaks::Azure => Ok(vec![(AZURE_KEY, HeaderValue::from_str(key)?)]),
        _ => Ok(vec![(AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))?)]),
    }
}
