//! The names of routes, for labels and records, and the one name that stands in a route: the model's.

use actix_web::HttpRequest;

/// The matched route's name, for labels: the pattern, never the path, which a caller chooses.
pub fn route_name(request: &HttpRequest) -> &'static str {
    name_of(&request.match_pattern().unwrap_or_default())
}

/// The name of a pattern, for those that know theirs before a request comes.
pub fn name_of(pattern: &str) -> &'static str {
    NAMES.iter().find(|name| **name == pattern).copied().unwrap_or("other")
}

/// The name of all routes of `pass_through.rs`: which provider, a record says.
pub const PASS_THROUGH: &str = "/{provider}/{path}";

/// Every pattern, as it stands in labels and records.
pub const NAMES: &[&str] = &[
    "/v1/messages",
    "/messages",
    "/v1/messages/count_tokens",
    "/messages/count_tokens",
    "/v1/chat/completions",
    "/chat/completions",
    "/openai/deployments/{model:.*}/chat/completions",
    "/engines/{model:.*}/chat/completions",
    "/v1/completions",
    "/completions",
    "/openai/deployments/{model:.*}/completions",
    "/engines/{model:.*}/completions",
    "/v1/embeddings",
    "/embeddings",
    "/openai/deployments/{model:.*}/embeddings",
    "/engines/{model:.*}/embeddings",
    "/v1beta/models/{model:.*}:generateContent",
    "/models/{model:.*}:generateContent",
    "/v1beta/models/{model:.*}:streamGenerateContent",
    "/models/{model:.*}:streamGenerateContent",
    "/v1beta/models/{model:.*}:countTokens",
    "/models/{model:.*}:countTokens",
    "/v1/models/{model:.*}:generateContent",
    "/v1/models/{model:.*}:streamGenerateContent",
    "/v1/models/{model:.*}:countTokens",
    "/v1/responses",
    "/responses",
    "/openai/v1/responses",
    "/v1/responses/{id:.*}",
    "/responses/{id:.*}",
    "/v1/rerank",
    "/v2/rerank",
    "/rerank",
    "/v1/moderations",
    "/moderations",
    "/v1/images/generations",
    "/images/generations",
    "/openai/deployments/{model:.*}/images/generations",
    "/engines/{model:.*}/images/generations",
    "/v1/audio/speech",
    "/audio/speech",
    "/openai/deployments/{model:.*}/audio/speech",
    "/engines/{model:.*}/audio/speech",
    "/v1/audio/transcriptions",
    "/audio/transcriptions",
    "/openai/deployments/{model:.*}/audio/transcriptions",
    "/engines/{model:.*}/audio/transcriptions",
    "/v1/audio/translations",
    "/audio/translations",
    "/openai/deployments/{model:.*}/audio/translations",
    "/engines/{model:.*}/audio/translations",
    "/v1/models",
    "/models",
    "/v1/models/{model:.*}",
    "/models/{model:.*}",
    "/callbacks",
    "/callbacks/reload",
    "/callbacks/{name}",
    "/active/callbacks",
];

/// The model in the path, if the route has one. actix leaves `%2F`, `%2B` and `%25` as they are, and an SDK escapes the
/// slashes of an id.
pub fn model_in_path(request: &HttpRequest) -> Option<String> {
    let model = request.match_info().get("model")?;
    let plain = [("%2f", "/"), ("%2F", "/"), ("%2b", "+"), ("%2B", "+"), ("%25", "%")];
    Some(plain.into_iter().fold(model.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain)))
}
