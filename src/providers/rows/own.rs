//! Providers whose protocol is their own.

use millrace_actors::wire::envelope::Endpoint::{
    Chat, Completions, CountContent, CountTokens, Embeddings, Generate, Images, Messages, Moderations, Rerank,
    Responses, Speech, Transcriptions, Translations,
};

use crate::providers::row::{PLAIN, Row, Shown, Speaks};

/// OpenAI.
pub static OPENAI: Row = Row {
    name: "openai",
    aliases: &[],
    speaks: Speaks::OpenAi,
    base: Some("https://api.openai.com/v1"),
    base_variables: &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
    key_variables: &["OPENAI_API_KEY"],
    keyless: false,
    // reranking is not OpenAI's own; but many a server with its manners stands behind this prefix and an address
    endpoints: &[
        Chat,
        Responses,
        Completions,
        Embeddings,
        Moderations,
        Images,
        Speech,
        Transcriptions,
        Translations,
        Rerank,
    ],
    traits: PLAIN,
    shown: Shown {
        title: "OpenAI",
        tools: "yes",
        vision: "yes",
        reasoning: "`reasoning_effort`; its words stay with OpenAI",
        caching: "by itself; told",
        credentials: "",
    },
};

/// OpenAI's models that go on with a text and do not chat, or a server with such models only.
static TEXT: Row = Row {
    name: "text-completion-openai",
    aliases: &[],
    speaks: Speaks::OpenAi,
    base: Some("https://api.openai.com/v1"),
    base_variables: &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
    key_variables: &["OPENAI_API_KEY"],
    keyless: false,
    endpoints: &[Completions],
    traits: PLAIN,
    shown: Shown {
        title: "OpenAI, models that do not chat",
        tools: "no",
        vision: "no",
        reasoning: "-",
        caching: "-",
        credentials: "",
    },
};

/// Anthropic.
pub static ANTHROPIC: Row = Row {
    name: "anthropic",
    aliases: &[],
    speaks: Speaks::Anthropic,
    base: Some("https://api.anthropic.com"),
    base_variables: &["ANTHROPIC_API_BASE", "ANTHROPIC_BASE_URL"],
    key_variables: &["ANTHROPIC_API_KEY"],
    keyless: false,
    endpoints: &[Messages, CountTokens],
    traits: PLAIN,
    shown: Shown {
        title: "Anthropic",
        tools: "yes",
        vision: "yes",
        reasoning: "`thinking`, signed",
        caching: "`cache_control`; told, 5 minutes and 1 hour apart",
        credentials: "a key, or a subscription's token",
    },
};

/// Google's Gemini, by AI Studio's API.
pub static GEMINI: Row = Row {
    name: "gemini",
    aliases: &[],
    speaks: Speaks::Gemini,
    base: Some("https://generativelanguage.googleapis.com"),
    base_variables: &["GEMINI_API_BASE"],
    key_variables: &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    keyless: false,
    endpoints: &[Generate, CountContent, Embeddings],
    traits: PLAIN,
    shown: Shown {
        title: "Google Gemini (AI Studio)",
        tools: "yes",
        vision: "yes",
        reasoning: "`thinkingConfig`; told, signed",
        caching: "by itself, or `cachedContent`; told",
        credentials: "",
    },
};

/// Azure OpenAI.
static AZURE: Row = Row {
    name: "azure",
    aliases: &[],
    speaks: Speaks::Azure,
    base: None,
    base_variables: &["AZURE_API_BASE"],
    key_variables: &["AZURE_API_KEY"],
    keyless: false,
    endpoints: &[Chat, Responses, Completions, Embeddings, Images, Speech, Transcriptions, Translations],
    traits: PLAIN,
    shown: Shown {
        title: "Azure OpenAI",
        tools: "yes",
        vision: "yes",
        reasoning: "`reasoning_effort`; its words stay with Azure",
        caching: "by itself; told",
        credentials: "a key; or a token: given, of an application (secret or federated), of the machine",
    },
};

/// Vertex AI.
static VERTEX: Row = Row {
    name: "vertex_ai",
    aliases: &[],
    speaks: Speaks::Vertex,
    // which address follows from the location
    base: None,
    base_variables: &[],
    key_variables: &[],
    keyless: true,
    endpoints: &[Chat, Messages, CountTokens, Embeddings],
    traits: PLAIN,
    shown: Shown {
        title: "Google Vertex AI (Gemini, Claude)",
        tools: "yes",
        vision: "yes",
        reasoning: "`thinkingConfig`, or Claude's `thinking`; told, signed",
        caching: "by itself, `cachedContent`, or Claude's `cache_control`; told",
        credentials: "a token: of a service account, of a user, of the machine",
    },
};

/// Amazon Bedrock. Its address is one of its region.
static BEDROCK: Row = Row {
    name: "bedrock",
    aliases: &["bedrock_converse"],
    speaks: Speaks::Converse,
    base: None,
    base_variables: &["AWS_BEDROCK_RUNTIME_ENDPOINT"],
    key_variables: &["AWS_BEARER_TOKEN_BEDROCK"],
    keyless: false,
    endpoints: &[Chat, Messages, Embeddings],
    traits: PLAIN,
    shown: Shown {
        title: "Amazon Bedrock",
        tools: "yes",
        vision: "by model; bytes or `s3://`",
        reasoning: "by model; Claude's signed",
        caching: "`cache_control`; told, 5 minutes and 1 hour apart",
        credentials: "AWS keys, from wherever its own tools take them, and roles; or a bearer token",
    },
};

/// Cohere.
static COHERE: Row = Row {
    name: "cohere",
    aliases: &["cohere_chat"],
    speaks: Speaks::Cohere,
    base: Some("https://api.cohere.com"),
    base_variables: &["COHERE_API_BASE"],
    key_variables: &["COHERE_API_KEY", "CO_API_KEY"],
    keyless: false,
    endpoints: &[Chat, Embeddings, Rerank],
    traits: PLAIN,
    shown: Shown {
        title: "Cohere",
        tools: "yes",
        vision: "by model",
        reasoning: "`thinking`, and the plan before calls",
        caching: "by itself; told",
        credentials: "",
    },
};

/// Ollama.
static OLLAMA: Row = Row {
    name: "ollama",
    aliases: &["ollama_chat"],
    speaks: Speaks::Ollama,
    base: Some("http://localhost:11434"),
    base_variables: &["OLLAMA_API_BASE"],
    key_variables: &["OLLAMA_API_KEY"],
    keyless: true,
    endpoints: &[Chat, Embeddings],
    traits: PLAIN,
    shown: Shown {
        title: "Ollama",
        tools: "by model; no `tool_choice`",
        vision: "by model, in base64",
        reasoning: "`thinking`",
        caching: "by itself",
        credentials: "",
    },
};

/// All of them.
pub static OWN: &[&Row] = &[&OPENAI, &TEXT, &ANTHROPIC, &GEMINI, &COHERE, &AZURE, &VERTEX, &BEDROCK, &OLLAMA];
