//! The one table of keys: what may be written, what it defaults to, and what becomes of LiteLLM's other keys.
//!
//! From it come the check for unknown keys, the ranges the reader enforces, `millrace check --defaults`, and the JSON
//! schema. A key that is not here does not exist.

mod general;
mod litellm;
mod millrace;
mod model;
mod provider_names;
mod router;
mod spec;
mod top;

pub(super) use general::GENERAL;
pub(super) use litellm::{CALLBACKS_ELSEWHERE, GUARD_CALLBACKS, LITELLM};
pub(super) use millrace::MILLRACE;
pub(super) use model::{ENTRY, MODEL_INFO, PARAMS, REQUEST_PARAMS};
pub(super) use provider_names::OTHER_PROVIDERS;
pub(super) use router::{ALIAS, ROUTER};
pub(super) use spec::{Key, Spec, Ty, Unknown, is_price};
pub(super) use top::TOP;

/// Every section, in the order of the documentation.
pub(super) const SECTIONS: &[&Spec] =
    &[&TOP, &ENTRY, &PARAMS, &MODEL_INFO, &ROUTER, &ALIAS, &LITELLM, &GENERAL, &MILLRACE];

/// Whether a value behind `name` may be shown to people: a supported key, in every section that has it, without secrets.
pub(super) fn shown(name: &str) -> bool {
    let mut keys = SECTIONS.iter().filter_map(|spec| spec.find(name)).peekable();
    keys.peek().is_some() && keys.all(|key| !key.ty.is_secret())
}

/// Whether the last name of `path` is a supported key that holds a secret.
pub(super) fn secret(path: &str) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    SECTIONS.iter().filter_map(|spec| spec.find(name)).any(|key| key.ty.is_secret())
}

/// Whether everything below `path` is names of models, callbacks and files, which are no secrets.
pub(super) fn never_secret(path: &str) -> bool {
    const OPEN: &[&str] = &[
        "router_settings.fallbacks",
        "router_settings.default_fallbacks",
        "router_settings.model_group_alias",
        "litellm_settings.fallbacks",
        "litellm_settings.default_fallbacks",
        "litellm_settings.callbacks",
        "litellm_settings.success_callback",
        "litellm_settings.failure_callback",
        "millrace.accept_unenforced",
        "include",
    ];
    OPEN.iter().any(|open| path == *open || path.strip_prefix(open).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use super::{SECTIONS, is_price, never_secret, shown};

    #[test]
    fn no_key_stands_in_two_lists_of_one_section() {
        for spec in SECTIONS {
            let mut names: Vec<&str> = spec.names();
            names.extend(spec.not_yet);
            names.extend(spec.guards.iter().map(|guard| guard.name));
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{} has a key twice", spec.name);
        }
    }

    #[test]
    fn only_harmless_keys_are_shown() {
        assert!(shown("num_retries") && shown("model") && shown("model_name"));
        for name in ["api_key", "master_key", "extra_headers", "extra_body", "environment_variables", "redis_password"]
        {
            assert!(!shown(name), "{name}");
        }
        assert!(never_secret("router_settings.fallbacks.a") && !never_secret("router_settings.fallbacksx"));
    }

    #[test]
    fn price_keys_are_known_by_their_form() {
        for name in ["input_cost_per_token", "cache_read_input_token_cost", "cost_per_ptu_per_hour", "tiered_pricing"] {
            assert!(is_price(name), "{name}");
        }
        assert!(!is_price("costume") && !is_price("cooldown_time"));
    }
}
