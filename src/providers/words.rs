//! The words of each provider that [`OwnDialect`](super::own::OwnDialect) speaks to.

use millrace_actors::wire::framing::Framing;

use super::own::How;
use crate::dialects::{cohere, ollama};

/// Cohere: chats, embeddings and reranking, version 2.
pub static COHERE: How = How {
    protocol: cohere::COHERE,
    framing: Framing::Events,
    chat: "/v2/chat",
    embed: "/v2/embed",
    embed_request: cohere::embed_request,
    embed_answer: cohere::embed_answer,
    rerank: Some("/v2/rerank"),
    // with the resource, with the version, or without either: LiteLLM takes all
    base_path: |path| {
        let path = ["/chat", "/embed", "/rerank"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path);
        ["/v2", "/v1"].iter().find_map(|end| path.strip_suffix(end)).unwrap_or(path)
    },
};

/// Ollama's own API, which says more than its OpenAI-compatible one: thought, options, why an answer ended.
pub static OLLAMA: How = How {
    protocol: ollama::OLLAMA,
    framing: Framing::Lines,
    chat: "/api/chat",
    embed: "/api/embed",
    embed_request: ollama::embed_request,
    embed_answer: ollama::embed_answer,
    rerank: None,
    // with the resource or without, or that of the compatible API beside it
    base_path: |path| ["/api/chat", "/v1"].iter().fold(path, |path, end| path.strip_suffix(end).unwrap_or(path)),
};
