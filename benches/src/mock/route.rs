//! Which endpoint a request line names.

use super::job::Endpoint;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// A generated answer.
    Api(Endpoint),
    /// The list of models.
    Models,
    /// One model.
    Model(&'a str),
    /// The counters.
    Stats,
    /// The recorded requests.
    Requests,
    /// Counters to zero.
    Reset,
    /// Alive?
    Health,
    /// A known path, but another method.
    WrongMethod,
    /// Nothing.
    Unknown,
}

/// The model that a path names before a verb, as Google's do: `.../models/m:rawPredict`; or before the resource, as
/// Bedrock's do: `/model/m/converse`.
pub fn model_in(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next()?;
    let (model, _) = match path.rsplit_once("/model/") {
        Some((_, rest)) => rest.split_once('/')?,
        None => path.rsplit_once("/models/")?.1.rsplit_once(':')?,
    };
    Some(percent_encoding::percent_decode_str(model).decode_utf8_lossy().into_owned())
}

/// Finds the route. Any prefix will do before the API's own paths: `/v1`, `/openai/deployments/x`, none.
pub fn route<'a>(method: &str, path: &'a str) -> Route<'a> {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let (wanted, route) = match path {
        "/stats" => ("GET", Route::Stats),
        "/requests" => ("GET", Route::Requests),
        "/stats/reset" => ("POST", Route::Reset),
        "/health" => ("GET", Route::Health),
        _ if path.ends_with("/chat/completions") => ("POST", Route::Api(Endpoint::Chat)),
        _ if path.ends_with("/completions") => ("POST", Route::Api(Endpoint::Text)),
        _ if path.ends_with("/messages/count_tokens") => ("POST", Route::Api(Endpoint::CountTokens)),
        _ if path.ends_with("/messages") => ("POST", Route::Api(Endpoint::Messages)),
        _ if path.ends_with("/responses") => ("POST", Route::Api(Endpoint::Responses)),
        _ if path.ends_with("/v2/chat") => ("POST", Route::Api(Endpoint::CohereChat)),
        _ if path.ends_with("/v2/embed") => ("POST", Route::Api(Endpoint::CohereEmbed)),
        _ if path.ends_with("/api/chat") => ("POST", Route::Api(Endpoint::OllamaChat)),
        _ if path.ends_with("/api/embed") => ("POST", Route::Api(Endpoint::OllamaEmbed)),
        _ if path.ends_with("/rerank") => ("POST", Route::Api(Endpoint::Rerank)),
        _ if path.ends_with("/moderations") => ("POST", Route::Api(Endpoint::Moderations)),
        _ if path.ends_with("/images/generations") => ("POST", Route::Api(Endpoint::Images)),
        _ if path.ends_with("/audio/speech") => ("POST", Route::Api(Endpoint::Speech)),
        _ if path.ends_with("/audio/transcriptions") => ("POST", Route::Api(Endpoint::Transcriptions)),
        _ if path.ends_with("/audio/translations") => ("POST", Route::Api(Endpoint::Translations)),
        // Vertex AI's, for the models of others
        _ if path.ends_with("/models/count-tokens:rawPredict") => ("POST", Route::Api(Endpoint::CountTokens)),
        _ if path.ends_with(":rawPredict") || path.ends_with(":streamRawPredict") => {
            ("POST", Route::Api(Endpoint::Messages))
        }
        _ if path.contains("/model/") && path.ends_with("/invoke") => ("POST", Route::Api(Endpoint::Invoke)),
        _ if path.ends_with("/converse") => ("POST", Route::Api(Endpoint::Converse)),
        _ if path.ends_with("/converse-stream") => ("POST", Route::Api(Endpoint::ConverseStream)),
        // Google's own
        _ if path.ends_with(":generateContent") || path.ends_with(":streamGenerateContent") => {
            ("POST", Route::Api(Endpoint::Generate))
        }
        _ if path.ends_with(":countTokens") => ("POST", Route::Api(Endpoint::GenerateCount)),
        _ if path.ends_with(":batchEmbedContents") => ("POST", Route::Api(Endpoint::GenerateEmbed)),
        _ if path.ends_with(":embedContent") => ("POST", Route::Api(Endpoint::GenerateEmbedOne)),
        _ if path.ends_with(":predict") => ("POST", Route::Api(Endpoint::Predict)),
        _ if path.ends_with("/embeddings") => ("POST", Route::Api(Endpoint::Embeddings)),
        _ if path.ends_with("/models") => ("GET", Route::Models),
        _ => match path.split_once("/models/") {
            Some((_, name)) if !name.is_empty() => ("GET", Route::Model(name)),
            _ => return Route::Unknown,
        },
    };
    if method == wanted { route } else { Route::WrongMethod }
}
