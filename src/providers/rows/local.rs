//! Servers of OpenAI's protocol that operators run themselves: at an address of theirs, mostly without a key.

use millrace_actors::wire::envelope::Endpoint::{
    self, Chat, Completions, Embeddings, Images, Moderations, Rerank, Responses, Speech, Transcriptions, Translations,
};

use crate::providers::row::{PLAIN, Row, Shown, Speaks, Traits};

const ALL: &[Endpoint] =
    &[Chat, Completions, Embeddings, Moderations, Images, Speech, Transcriptions, Translations, Rerank];

/// The same, and responses: vLLM's "Online Serving", LM Studio's "OpenAI Compatibility Endpoints".
const RESPONSES_TOO: &[Endpoint] =
    &[Chat, Responses, Completions, Embeddings, Moderations, Images, Speech, Transcriptions, Translations, Rerank];

const SHOWN: Shown = Shown {
    title: "",
    tools: "by model",
    vision: "by model",
    reasoning: "`reasoning_content` or `reasoning`",
    caching: "by itself",
    credentials: "",
};

const BASE: Row = Row {
    name: "",
    aliases: &[],
    speaks: Speaks::OpenAi,
    base: None,
    base_variables: &[],
    key_variables: &[],
    keyless: true,
    endpoints: ALL,
    traits: PLAIN,
    shown: SHOWN,
};

/// The servers below know the older name only, and refuse or forget the newer.
const OLDER: Traits = Traits { renames: &[("max_completion_tokens", "max_tokens")], developer: false, ..PLAIN };

static ANY: Row = Row {
    name: "openai_like",
    aliases: &["custom_openai"],
    shown: Shown { title: "any server of OpenAI's protocol", ..SHOWN },
    ..BASE
};

static HOSTED_VLLM: Row = Row {
    name: "hosted_vllm",
    aliases: &["vllm"],
    base_variables: &["HOSTED_VLLM_API_BASE"],
    key_variables: &["HOSTED_VLLM_API_KEY"],
    endpoints: RESPONSES_TOO,
    shown: Shown { title: "vLLM", ..SHOWN },
    ..BASE
};

static SGLANG: Row = Row {
    name: "sglang",
    base_variables: &["SGLANG_API_BASE"],
    key_variables: &["SGLANG_API_KEY"],
    traits: Traits { developer: false, ..PLAIN },
    shown: Shown { title: "SGLang", ..SHOWN },
    ..BASE
};

static LM_STUDIO: Row = Row {
    name: "lm_studio",
    base_variables: &["LM_STUDIO_API_BASE"],
    key_variables: &["LM_STUDIO_API_KEY"],
    endpoints: RESPONSES_TOO,
    traits: OLDER,
    shown: Shown { title: "LM Studio", ..SHOWN },
    ..BASE
};

static LLAMAFILE: Row = Row {
    name: "llamafile",
    base: Some("http://127.0.0.1:8080/v1"),
    base_variables: &["LLAMAFILE_API_BASE"],
    key_variables: &["LLAMAFILE_API_KEY"],
    traits: OLDER,
    shown: Shown { title: "llamafile", vision: "no", ..SHOWN },
    ..BASE
};

/// All of them.
pub static LOCAL: &[&Row] = &[&ANY, &HOSTED_VLLM, &SGLANG, &LM_STUDIO, &LLAMAFILE];
