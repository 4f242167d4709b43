//! The protocols the mock speaks, and which endpoint belongs to which.

use super::{anthropic::Anthropic, gemini::Gemini, job::Endpoint, openai::OpenAi, writer::Writer};

/// The writer of the protocol an endpoint belongs to.
pub fn writer(endpoint: Endpoint) -> &'static dyn Writer {
    match endpoint {
        Endpoint::Messages | Endpoint::CountTokens => &Anthropic,
        Endpoint::Generate | Endpoint::GenerateCount | Endpoint::GenerateEmbed => &Gemini,
        // every other resource is OpenAI's, or has its manners
        _ => &OpenAi,
    }
}
