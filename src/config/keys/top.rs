//! The sections of the file.

use super::spec::{Key, Spec, Ty, Unknown, guard, key, none};

/// The top level.
pub(in crate::config) const TOP: Spec = Spec {
    name: "",
    doc: "The top level of the file.",
    keys: KEYS,
    not_yet: &[
        "assistant_settings",
        "files_settings",
        "finetune_settings",
        "mcp_servers",
        "mcp_tools",
        "prompts",
        "search_tools",
        "vector_store_registry",
        "worker_registry",
        "agent_list",
    ],
    guards: &[
        guard("guardrails", "without them, what they check for goes through"),
        guard(
            "credential_list",
            "without it, deployments that name a credential would be called with another, or none",
        ),
        guard("policies", "without them, the guardrails they attach do not run"),
    ],
    unknown: Unknown::Refuse,
    also: none,
};

const KEYS: &[Key] = &[
    key("model_list", Ty::Section, "[]", "The deployments. Several with one `model_name` share its traffic."),
    key("router_settings", Ty::Section, "{}", "Retries, fallbacks, aliases, cooldowns."),
    key("litellm_settings", Ty::Section, "{}", "Callbacks and switches."),
    key("general_settings", Ty::Section, "{}", "The master key and limits."),
    key("callback_settings", Ty::Free, "{}", "Parameters of callbacks, by the callback's name."),
    key("millrace", Ty::Section, "{}", "Settings that LiteLLM does not have."),
    key("environment_variables", Ty::Free, "{}", "Variables for `os.environ/NAME`; looked at before the environment."),
    key(
        "include",
        Ty::Names,
        "[]",
        "Files to read as well, relative to this one. Lists are appended, mappings merged. `os.environ/NAME` is looked up in the environment alone.",
    ),
];
