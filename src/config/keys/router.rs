//! `router_settings`.

use super::spec::{Key, Spec, Ty, Unknown, guard, key, none};

/// `router_settings`.
pub(in crate::config) const ROUTER: Spec = Spec {
    name: "router_settings",
    doc: "How a deployment is chosen, and what happens when it fails.",
    keys: KEYS,
    not_yet: NOT_YET,
    guards: &[
        guard("provider_budget_config", "without it, providers can be spent on without end"),
        guard("enable_tag_filtering", "without it, requests reach deployments that their tags exclude"),
        guard("default_max_parallel_requests", "without it, nothing bounds what one deployment is sent at once"),
    ],
    unknown: Unknown::Refuse,
    also: none,
};

const KEYS: &[Key] = &[
    key("num_retries", Ty::Count(0, 100), "2", "Tries after the first, before fallbacks."),
    key(
        "timeout",
        Ty::Seconds(0.001, 604_800.0),
        "-",
        "Seconds for a whole answer; else \
        `litellm_settings.request_timeout`, else `millrace.total_timeout`.",
    ),
    key(
        "stream_timeout",
        Ty::Seconds(0.001, 604_800.0),
        "-",
        "Seconds until a stream's first event; else `timeout`, the deployment's or the one above, else \
        `millrace.first_token_timeout`.",
    ),
    key("retry_after", Ty::Seconds(0.0, 3600.0), "0", "Least wait before a retry, seconds."),
    key("fallbacks", Ty::Fallbacks, "[]", "What to try for a group that failed; `\"*\"` is for all others."),
    key("default_fallbacks", Ty::Names, "[]", "What to try for groups without an entry in `fallbacks`."),
    key("max_fallbacks", Ty::Count(0, 100), "5", "Fallback targets one request may go through."),
    key("model_group_alias", Ty::Section, "{}", "Other names for groups: `name: group`, or `{model, hidden}`."),
    key(
        "allowed_fails",
        Ty::Count(0, 1_000_000),
        "-",
        "Failures a minute before a deployment rests; else by share \
        of failures.",
    ),
    key("cooldown_time", Ty::Seconds(0.0, 604_800.0), "5", "How long it rests, seconds."),
    key("disable_cooldowns", Ty::Flag, "false", "No deployment ever rests."),
    key(
        "ignore_invalid_deployments",
        Ty::Flag,
        "true",
        "A deployment whose provider, or kind of model, LiteLLM has and we do not is named at start and left out, as \
        LiteLLM's proxy leaves out what it cannot make; `false`: the file is refused.",
    ),
    key(
        "routing_strategy",
        Ty::Choice(STRATEGIES),
        "simple-shuffle",
        "Any other of LiteLLM's is noted, and \
        simple-shuffle used.",
    ),
];

/// LiteLLM's strategies; the first is the one we have.
const STRATEGIES: &[&str] = &[
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
    "provider-budget-routing",
];

const NOT_YET: &[&str] = &[
    "allowed_fails_policy",
    "assistants_config",
    "cache_kwargs",
    "cache_responses",
    "caching_groups",
    "client_ttl",
    "content_policy_fallbacks",
    "context_window_fallbacks",
    "debug_level",
    "default_litellm_params",
    "default_priority",
    "deployment_affinity_ttl_seconds",
    "enable_health_check_routing",
    "enable_mid_stream_fallback_continuation",
    "enable_pre_call_checks",
    "enable_weighted_failover",
    "fallback_on_unsupported_params",
    "health_check_staleness_threshold",
    "max_retries",
    "model_group_affinity_config",
    "model_group_retry_policy",
    "optional_pre_call_checks",
    "polling_interval",
    "redis_db",
    "redis_host",
    "redis_password",
    "redis_port",
    "redis_ssl",
    "redis_url",
    "retry_policy",
    "router_general_settings",
    "routing_groups",
    "routing_strategy_args",
    "search_tools",
    "set_verbose",
    "tag_filtering_match_any",
    "tag_routing_prefix",
    "weights",
    "alerting_config",
    "cache",
    "deployment_affinity",
];

/// The long form of an alias.
pub(in crate::config) const ALIAS: Spec = Spec {
    name: "router_settings.model_group_alias.*",
    doc: "The long form of an alias.",
    keys: &[
        key("model", Ty::Text, "", "The group it stands for."),
        key("hidden", Ty::Flag, "false", "Not listed by `/v1/models`."),
    ],
    not_yet: &[],
    guards: &[],
    unknown: Unknown::Refuse,
    also: none,
};
