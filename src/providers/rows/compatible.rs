//! Services that speak OpenAI's protocol, each with its differences: a table, so that one more of them is one more row.
//!
//! Addresses, variables and parameters as LiteLLM has them (COMPAT 9), whose users keep their files; what providers document
//! to be refused is added.

use millrace_actors::wire::envelope::Endpoint::{
    self, Chat, Completions, Embeddings, Images, Moderations, Rerank, Responses, Speech, Transcriptions, Translations,
};

use crate::providers::row::{PLAIN, Row, Shown, Speaks, Thought, Traits};

const CHAT: &[Endpoint] = &[Chat];
const TEXT: &[Endpoint] = &[Chat, Completions];
const ALL: &[Endpoint] = &[Chat, Completions, Embeddings];

/// Sound and pictures as answers, and what goes with them: a text model of anybody else's has none of it.
macro_rules! lacking {
    ($($name:literal),* $(,)?) => { &["audio", "modalities", "prediction", "verbosity", "web_search_options", $($name),*] };
}

/// The older name only.
const OLDER: &[(&str, &str)] = &[("max_completion_tokens", "max_tokens")];

/// Differences that nearly all have.
const USUAL: Traits = Traits { lacks: lacking!(), developer: false, ..PLAIN };

const SHOWN: Shown =
    Shown { title: "", tools: "by model", vision: "by model", reasoning: "-", caching: "-", credentials: "" };

const CONTENT: &str = "`reasoning_content`";
const REASONING: &str = "`reasoning`";
const TOLD: &str = "by itself; told";

const BASE: Row = Row {
    name: "",
    aliases: &[],
    speaks: Speaks::OpenAi,
    base: None,
    base_variables: &[],
    key_variables: &[],
    keyless: false,
    endpoints: CHAT,
    traits: USUAL,
    shown: SHOWN,
};

static GROQ: Row = Row {
    name: "groq",
    base: Some("https://api.groq.com/openai/v1"),
    base_variables: &["GROQ_API_BASE"],
    key_variables: &["GROQ_API_KEY"],
    endpoints: &[Chat, Responses, Speech, Transcriptions, Translations],
    traits: Traits {
        // "OpenAI compatibility" of its documentation, which names them as answered with 400
        lacks: lacking!(
            "logprobs",
            "logit_bias",
            "top_logprobs",
            "n",
            "top_k",
            "store",
            "metadata",
            "prompt_cache_key"
        ),
        // "Responses API" of its documentation: nothing is kept
        responses_lack: &[
            "previous_response_id",
            "conversation",
            "background",
            "prompt",
            "store",
            "truncation",
            "include",
            "max_tool_calls",
            "safety_identifier",
            "prompt_cache_key",
        ],
        names: false,
        thought: Thought::Reasoning,
        ..USUAL
    },
    shown: Shown { title: "Groq", tools: "yes", reasoning: REASONING, caching: TOLD, ..SHOWN },
    ..BASE
};

static DEEPSEEK: Row = Row {
    name: "deepseek",
    base: Some("https://api.deepseek.com/beta"),
    base_variables: &["DEEPSEEK_API_BASE"],
    key_variables: &["DEEPSEEK_API_KEY"],
    endpoints: TEXT,
    traits: Traits { renames: OLDER, parts: false, ..USUAL },
    shown: Shown { title: "DeepSeek", tools: "yes", reasoning: CONTENT, caching: TOLD, ..SHOWN },
    ..BASE
};

static MISTRAL: Row = Row {
    name: "mistral",
    base: Some("https://api.mistral.ai/v1"),
    base_variables: &["MISTRAL_API_BASE"],
    key_variables: &["MISTRAL_API_KEY"],
    endpoints: &[Chat, Embeddings, Moderations, Transcriptions],
    traits: Traits {
        // it refuses every member that it does not know
        lacks: lacking!(
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "top_k",
            "functions",
            "function_call",
            "user",
            "store",
            "service_tier",
            "stream_options",
            "safety_identifier",
            "prompt_cache_key",
            "prompt_cache_retention",
        ),
        renames: &[("max_completion_tokens", "max_tokens"), ("seed", "random_seed")],
        stream_options: false,
        names: false,
        thought: Thought::Nothing,
        base_ends: "/v1",
        ..USUAL
    },
    shown: Shown { title: "Mistral", tools: "yes", reasoning: "parts of `content`", ..SHOWN },
    ..BASE
};

static XAI: Row = Row {
    name: "xai",
    base: Some("https://api.x.ai/v1"),
    base_variables: &["XAI_API_BASE"],
    key_variables: &["XAI_API_KEY"],
    endpoints: &[Chat, Responses, Completions],
    traits: Traits {
        responses_lack: &["background"],
        model_lacks: |model| {
            let fast = model.contains("grok-4") || model.contains("grok-code-fast");
            match (fast, model.contains("grok-3-mini")) {
                (true, _) => &["stop", "frequency_penalty", "presence_penalty"],
                (false, true) => &["stop"],
                _ => &[],
            }
        },
        renames: OLDER,
        names: false,
        ..USUAL
    },
    shown: Shown { title: "xAI", tools: "yes", reasoning: CONTENT, caching: TOLD, ..SHOWN },
    ..BASE
};

static TOGETHER: Row = Row {
    name: "together_ai",
    base: Some("https://api.together.ai/v1"),
    base_variables: &["TOGETHER_AI_API_BASE"],
    key_variables: &["TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY", "TOGETHER_AI_TOKEN"],
    endpoints: &[Chat, Completions, Embeddings, Images, Speech, Transcriptions, Translations, Rerank],
    traits: Traits { renames: OLDER, ..USUAL },
    shown: Shown { title: "Together AI", reasoning: REASONING, ..SHOWN },
    ..BASE
};

static FIREWORKS: Row = Row {
    name: "fireworks_ai",
    base: Some("https://api.fireworks.ai/inference/v1"),
    base_variables: &["FIREWORKS_API_BASE"],
    key_variables: &["FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY", "FIREWORKS_AI_TOKEN"],
    endpoints: &[Chat, Responses, Completions, Embeddings],
    traits: Traits {
        renames: OLDER,
        tool_choice: &["auto", "none", "any", "function"],
        model_prefix: "accounts/fireworks/models/",
        ..USUAL
    },
    shown: Shown { title: "Fireworks AI", reasoning: CONTENT, caching: TOLD, ..SHOWN },
    ..BASE
};

static OPENROUTER: Row = Row {
    name: "openrouter",
    base: Some("https://openrouter.ai/api/v1"),
    base_variables: &["OPENROUTER_API_BASE"],
    key_variables: &["OPENROUTER_API_KEY", "OR_API_KEY"],
    endpoints: &[Chat, Responses, Completions, Embeddings],
    // whose models they are decides what they take, and it leaves out itself what they do not
    traits: Traits {
        // "Responses API" of its documentation: nothing is kept
        responses_lack: &["previous_response_id", "conversation", "background", "store"],
        sets: &[("usage", "{\"include\":true}")],
        thought: Thought::Details,
        states_cost: true,
        ..PLAIN
    },
    shown: Shown {
        title: "OpenRouter",
        reasoning: "`reasoning`, `reasoning_details`",
        caching: "`cache_control` for Claude; told",
        ..SHOWN
    },
    ..BASE
};

static PERPLEXITY: Row = Row {
    name: "perplexity",
    base: Some("https://api.perplexity.ai"),
    base_variables: &["PERPLEXITY_API_BASE"],
    key_variables: &["PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"],
    traits: Traits {
        lacks: &[
            "audio",
            "modalities",
            "prediction",
            "verbosity",
            "tools",
            "tool_choice",
            "parallel_tool_calls",
            "functions",
            "function_call",
            "stop",
            "n",
            "seed",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "user",
            "stream_options",
        ],
        renames: OLDER,
        tool_choice: &[],
        stream_options: false,
        // tokens, searches, and the request itself, which has a price by the size of its search
        states_cost: true,
        ..USUAL
    },
    shown: Shown { title: "Perplexity", tools: "no", reasoning: "in the text, between `<think>` marks", ..SHOWN },
    ..BASE
};

static CEREBRAS: Row = Row {
    name: "cerebras",
    base: Some("https://api.cerebras.ai/v1"),
    base_variables: &["CEREBRAS_API_BASE"],
    key_variables: &["CEREBRAS_API_KEY"],
    endpoints: TEXT,
    traits: Traits {
        // "OpenAI compatibility" of its documentation: answered with 400
        lacks: lacking!(
            "frequency_penalty",
            "presence_penalty",
            "logit_bias",
            "n",
            "top_k",
            "functions",
            "function_call",
            "store"
        ),
        thought: Thought::Reasoning,
        ..USUAL
    },
    shown: Shown { title: "Cerebras", reasoning: REASONING, ..SHOWN },
    ..BASE
};

static SAMBANOVA: Row = Row {
    name: "sambanova",
    base: Some("https://api.sambanova.ai/v1"),
    base_variables: &["SAMBANOVA_API_BASE"],
    key_variables: &["SAMBANOVA_API_KEY"],
    endpoints: ALL,
    traits: Traits {
        lacks: lacking!(
            "frequency_penalty",
            "presence_penalty",
            "logit_bias",
            "logprobs",
            "top_logprobs",
            "n",
            "seed",
            "functions",
            "function_call",
            "user",
        ),
        renames: OLDER,
        parts: false,
        ..USUAL
    },
    shown: Shown { title: "SambaNova", ..SHOWN },
    ..BASE
};

static NVIDIA: Row = Row {
    name: "nvidia_nim",
    base: Some("https://integrate.api.nvidia.com/v1"),
    base_variables: &["NVIDIA_NIM_API_BASE"],
    key_variables: &["NVIDIA_NIM_API_KEY"],
    endpoints: ALL,
    traits: Traits {
        lacks: lacking!("logit_bias", "logprobs", "top_logprobs", "n", "functions", "function_call", "user"),
        model_lacks: |model| match model.contains("nemotron-4-340b-instruct") {
            true => {
                &["frequency_penalty", "presence_penalty", "stop", "seed", "tools", "tool_choice", "response_format"]
            }
            false => &[],
        },
        renames: OLDER,
        ..USUAL
    },
    shown: Shown { title: "NVIDIA NIM", reasoning: CONTENT, ..SHOWN },
    ..BASE
};

static MOONSHOT: Row = Row {
    name: "moonshot",
    base: Some("https://api.moonshot.ai/v1"),
    base_variables: &["MOONSHOT_API_BASE"],
    key_variables: &["MOONSHOT_API_KEY"],
    traits: Traits {
        lacks: lacking!("functions", "function_call"),
        model_lacks: |model| match model.contains("kimi-thinking-preview") {
            true => &["tools", "tool_choice"],
            false => &[],
        },
        renames: OLDER,
        tool_choice: &["auto", "none"],
        parts: false,
        ..USUAL
    },
    shown: Shown { title: "Moonshot AI", tools: "yes", reasoning: CONTENT, caching: TOLD, ..SHOWN },
    ..BASE
};

static DASHSCOPE: Row = Row {
    name: "dashscope",
    base: Some("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"),
    base_variables: &["DASHSCOPE_API_BASE"],
    key_variables: &["DASHSCOPE_API_KEY"],
    endpoints: ALL,
    traits: Traits { renames: OLDER, parts: false, ..USUAL },
    shown: Shown { title: "Alibaba Cloud DashScope", reasoning: CONTENT, caching: TOLD, ..SHOWN },
    ..BASE
};

static DEEPINFRA: Row = Row {
    name: "deepinfra",
    base: Some("https://api.deepinfra.com/v1/openai"),
    base_variables: &["DEEPINFRA_API_BASE"],
    key_variables: &["DEEPINFRA_API_KEY"],
    endpoints: ALL,
    traits: Traits {
        lacks: lacking!("logprobs", "top_logprobs"),
        renames: OLDER,
        tool_choice: &["auto", "none"],
        ..USUAL
    },
    shown: Shown { title: "DeepInfra", reasoning: CONTENT, caching: TOLD, ..SHOWN },
    ..BASE
};

static HYPERBOLIC: Row = Row {
    name: "hyperbolic",
    base: Some("https://api.hyperbolic.xyz/v1"),
    base_variables: &["HYPERBOLIC_API_BASE"],
    key_variables: &["HYPERBOLIC_API_KEY"],
    endpoints: TEXT,
    traits: Traits {
        lacks: lacking!("logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls", "functions", "function_call"),
        renames: OLDER,
        ..USUAL
    },
    shown: Shown { title: "Hyperbolic", ..SHOWN },
    ..BASE
};

static GITHUB: Row = Row {
    name: "github",
    base: Some("https://models.inference.ai.azure.com"),
    base_variables: &["GITHUB_API_BASE"],
    key_variables: &["GITHUB_API_KEY"],
    endpoints: &[Chat, Embeddings],
    // OpenAI's models among others: it takes what they take
    traits: PLAIN,
    shown: Shown { title: "GitHub Models", credentials: "a token of GitHub", ..SHOWN },
    ..BASE
};

static HUGGINGFACE: Row = Row {
    name: "huggingface",
    base: Some("https://router.huggingface.co/v1"),
    base_variables: &["HF_API_BASE", "HUGGINGFACE_API_BASE"],
    key_variables: &["HUGGINGFACE_API_KEY", "HF_TOKEN"],
    // its `/responses` are made of chats, as ours would be, and forget more (thought that is handed back, `include`)
    endpoints: ALL,
    traits: Traits { renames: OLDER, base_ends: "/v1", ..USUAL },
    shown: Shown { title: "Hugging Face", reasoning: CONTENT, ..SHOWN },
    ..BASE
};

/// All of them.
pub static COMPATIBLE: &[&Row] = &[
    &GROQ,
    &DEEPSEEK,
    &MISTRAL,
    &XAI,
    &TOGETHER,
    &FIREWORKS,
    &OPENROUTER,
    &PERPLEXITY,
    &CEREBRAS,
    &SAMBANOVA,
    &NVIDIA,
    &MOONSHOT,
    &DASHSCOPE,
    &DEEPINFRA,
    &HYPERBOLIC,
    &GITHUB,
    &HUGGINGFACE,
];
