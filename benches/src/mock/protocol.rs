//! The protocols the mock speaks, and which endpoint belongs to which.

use super::{
    anthropic::Anthropic, bedrock::Bedrock, cohere::Cohere, gemini::Gemini, job::Endpoint, ollama::Ollama,
    openai::OpenAi, responses::Responses, writer::Writer,
};

/// The writer of the protocol an endpoint belongs to.
pub fn writer(endpoint: Endpoint) -> &'static dyn Writer {
    match endpoint {
        Endpoint::Messages | Endpoint::CountTokens => &Anthropic,
        Endpoint::Responses => &Responses,
        Endpoint::Converse | Endpoint::ConverseStream | Endpoint::Invoke => &Bedrock,
        Endpoint::CohereChat | Endpoint::CohereEmbed => &Cohere,
        Endpoint::OllamaChat | Endpoint::OllamaEmbed => &Ollama,
        Endpoint::Generate
        | Endpoint::GenerateCount
        | Endpoint::GenerateEmbed
        | Endpoint::GenerateEmbedOne
        | Endpoint::Predict => &Gemini,
        // every other resource is OpenAI's, or has its manners
        _ => &OpenAi,
    }
}
