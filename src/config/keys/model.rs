//! `model_list`: an entry, its `litellm_params`, its `model_info`.

use super::spec::{Key, Spec, Ty, Unknown, guard, is_price, key, none};

/// A week: longer timeouts are mistyped milliseconds.
const WEEK: f64 = 604_800.0;

/// One entry.
pub(in crate::config) const ENTRY: Spec = Spec {
    name: "model_list[]",
    doc: "One deployment.",
    keys: &[
        key("model_name", Ty::Text, "", "The name callers use. One `*` stands for any text; exact names win."),
        key("litellm_params", Ty::Section, "", "Where and how it is called."),
        key("model_info", Ty::Section, "{}", "What is known about it."),
    ],
    // LiteLLM takes anything here; these two stand in its older samples.
    not_yet: &["rpm", "tpm"],
    guards: &[],
    unknown: Unknown::RefuseNear,
    also: none,
};

/// `litellm_params`.
pub(in crate::config) const PARAMS: Spec = Spec {
    name: "model_list[].litellm_params",
    doc: "Where and how a deployment is called. Any `*_cost*` key is a price and is kept digit by digit.",
    keys: PARAM_KEYS,
    not_yet: PARAMS_NOT_YET,
    guards: &[
        guard("max_budget", "without it, this deployment can be spent on without end"),
        guard("default_api_key_tpm_limit", "without it, keys may use this deployment without a token limit"),
        guard("default_api_key_rpm_limit", "without it, keys may use this deployment without a request limit"),
        guard("litellm_credential_name", "without it, the deployment would be called with another key, or none"),
    ],
    unknown: Unknown::RefuseNear,
    also: param,
};

const PARAM_KEYS: &[Key] = &[
    key(
        "model",
        Ty::Text,
        "",
        "`provider/name`: `openai/`, `anthropic/`, `azure/`, `vertex_ai/`, `hosted_vllm/`, `openai_like/` ...",
    ),
    key("custom_llm_provider", Ty::Text, "-", "The provider, where `model` has no prefix."),
    key(
        "api_base",
        Ty::Url,
        "https://api.openai.com/v1",
        "Required but for `openai/`. `OPENAI_BASE_URL` and \
        `HOSTED_VLLM_API_BASE` stand in for it.",
    ),
    key("base_url", Ty::Url, "-", "Another name for `api_base`."),
    key(
        "api_key",
        Ty::Secret,
        "-",
        "`OPENAI_API_KEY` stands in for it where no `api_base` is written, \
        `HOSTED_VLLM_API_KEY` for vLLM: a key of the environment goes nowhere it was not meant for.",
    ),
    key(
        "api_version",
        Ty::Text,
        "2025-02-01-preview",
        "Azure's; `v1` is its API without versions. `AZURE_API_VERSION` stands in.",
    ),
    key(
        "azure_ad_token",
        Ty::Secret,
        "-",
        "A token in place of Azure's key; `oidc/file/PATH` names a signed statement.",
    ),
    key("tenant_id", Ty::Text, "-", "Whose Entra ID gives tokens for Azure. `AZURE_TENANT_ID` stands in."),
    key("client_id", Ty::Text, "-", "The application that asks for them. `AZURE_CLIENT_ID` stands in."),
    key("client_secret", Ty::Secret, "-", "Its secret. `AZURE_CLIENT_SECRET` stands in."),
    key(
        "azure_scope",
        Ty::Text,
        "-",
        "What Azure's tokens are for, if not for its AI services. `AZURE_SCOPE` stands in.",
    ),
    key("vertex_project", Ty::Text, "-", "Google's project; else `VERTEXAI_PROJECT`, or the credential's own."),
    key("vertex_location", Ty::Text, "us-central1", "A region, or `global`. `VERTEXAI_LOCATION` stands in."),
    key(
        "vertex_credentials",
        Ty::Secret,
        "-",
        "The JSON of a service account, or a file with it; else `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's file, \
        or the machine's own account.",
    ),
    key("timeout", Ty::Seconds(0.001, WEEK), "-", "Seconds for a whole answer."),
    key("stream_timeout", Ty::Seconds(0.001, WEEK), "-", "Seconds for a streamed answer."),
    key("max_retries", Ty::Count(0, 100), "-", "Retries, in place of `num_retries`."),
    key("num_retries", Ty::Count(0, 100), "-", "Another name for `max_retries`."),
    key("weight", Ty::Number, "-", "Share of the group's traffic."),
    key("rpm", Ty::Count(0, u64::MAX), "-", "Share of the group's traffic, where no weight is set."),
    key("tpm", Ty::Count(0, u64::MAX), "-", "Share of the group's traffic, where neither is set."),
    key("order", Ty::Whole, "-", "Lower is tried first."),
    key("extra_headers", Ty::Headers, "{}", "Headers for each upstream request. `authorization` replaces `api_key`."),
    key("extra_body", Ty::Free, "{}", "Fields for each upstream body; they win over the caller's."),
    key("drop_params", Ty::Flag, "-", "Drop parameters the provider does not know."),
    key(
        "use_in_pass_through",
        Ty::Flag,
        "false",
        "Its address and key serve `/{provider}/{path}`, where deployments of the provider differ; the last one counts.",
    ),
    key("additional_drop_params", Ty::Names, "[]", "Parameters that are always dropped."),
    key("cooldown_time", Ty::Seconds(0.0, WEEK), "-", "Seconds of rest, in place of the router's."),
    key("allowed_fails", Ty::Count(0, 1_000_000), "-", "Failures a minute, in place of the router's."),
];

const PARAMS_NOT_YET: &[&str] = &[
    "adaptive_router_config",
    "adaptive_router_default_model",
    "allow_client_keepalive_override",
    "auto_router_config",
    "auto_router_config_path",
    "auto_router_default_model",
    "auto_router_embedding_model",
    "aws_access_key_id",
    "aws_profile_name",
    "aws_region_name",
    "aws_role_name",
    "aws_secret_access_key",
    "aws_session_name",
    "aws_session_token",
    "budget_duration",
    "cache_control_injection_points",
    "complexity_router_config",
    "complexity_router_default_model",
    "configurable_clientside_auth_params",
    "fallbacks",
    "itpm",
    "keepalive_seconds",
    "litellm_trace_id",
    "max_file_size_mb",
    "max_parallel_requests",
    "merge_reasoning_content_in_choices",
    "mock_response",
    "mock_timeout",
    "organization",
    "otpm",
    "provider_affinity_header",
    "quality_router_config",
    "quality_router_default_model",
    "region_name",
    "rpd",
    "tag_regex",
    "tags",
    "timeout_by_service_tier",
    "tpd",
    "use_chat_completions_api",
    "use_litellm_proxy",
    "watsonx_region_name",
    "off_peak_pricing",
    "set_verbose",
];

/// Parameters of a request that may stand in `litellm_params`, to be used where the caller gives none.
pub(in crate::config) const REQUEST_PARAMS: &[&str] = &[
    "audio",
    "chat_template_kwargs",
    "enable_thinking",
    "frequency_penalty",
    "function_call",
    "functions",
    "guided_choice",
    "guided_json",
    "guided_regex",
    "include_reasoning",
    "length_penalty",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "metadata",
    "min_p",
    "modalities",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "reasoning",
    "reasoning_effort",
    "repetition_penalty",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream_options",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];

fn param(name: &str) -> bool {
    is_price(name) || REQUEST_PARAMS.contains(&name)
}

/// `model_info`.
pub(in crate::config) const MODEL_INFO: Spec = Spec {
    name: "model_list[].model_info",
    doc: "What is known about a deployment. Other keys are kept, and shown nowhere yet; prices are as above.",
    keys: &[
        key("id", Ty::Text, "-", "The deployment's id; else a hash of how the entry is written, without its secrets."),
        key("mode", Ty::Text, "-", "`chat`, `completion`, `embedding` ..."),
        key("base_model", Ty::Text, "-", "The name prices are looked up under."),
        key("order", Ty::Whole, "-", "As in `litellm_params`, which wins."),
        key("cooldown_time", Ty::Seconds(0.0, WEEK), "-", "As in `litellm_params`, which wins."),
        key("allowed_fails", Ty::Count(0, 1_000_000), "-", "As in `litellm_params`, which wins."),
    ],
    not_yet: &["allowed_fails_policy", "off_peak_pricing"],
    guards: &[
        guard("blocked", "without it, this deployment takes traffic although it was paused"),
        guard("team_id", "without it, callers outside the team may use this deployment"),
        guard("access_windows", "without them, this deployment may be used at any time"),
    ],
    unknown: Unknown::Keep,
    also: is_price,
};
