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
mod top;

pub(super) use general::GENERAL;
pub(super) use litellm::{CALLBACKS_ELSEWHERE, GUARD_CALLBACKS, LITELLM};
pub(super) use millrace::MILLRACE;
pub(super) use model::{ENTRY, MODEL_INFO, PARAMS, REQUEST_PARAMS};
pub(super) use provider_names::OTHER_PROVIDERS;
pub(super) use router::{ALIAS, ROUTER};
pub(super) use top::TOP;

/// One supported key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) ty: Ty,
    /// As it would be written; `""`: required; `"-"`: nothing, or what `doc` says.
    pub(super) default: &'static str,
    pub(super) doc: &'static str,
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ty {
    /// A text.
    Text,
    /// A text that is never shown.
    Secret,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds, both included.
    Count(u64, u64),
    /// A whole number that may be negative.
    Whole,
    /// A number that is not negative.
    Number,
    /// A length of time in seconds within bounds, both included; fractions are fine.
    Seconds(f64, f64),
    /// `http(s)://host[:port][/path]`.
    Url,
    /// The name of a file or folder.
    Path,
    /// A numeric IP address.
    Address,
    /// A list of texts; a single text stands for a list of one.
    Names,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A mapping of names to texts that are never shown.
    Headers,
    /// A mapping with anything in it.
    Free,
    /// A list of mappings from a model group to a list of model groups.
    Fallbacks,
    /// A mapping or list that has its own rows in this table, or its own reader.
    Section,
}

/// A key of LiteLLM's that protects something and is not served.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) name: &'static str,
    /// What is unprotected if it is ignored: "without it, ...".
    pub(super) why: &'static str,
}

/// What happens to a key that is in none of a section's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Refused.
    Refuse,
    /// Refused if it looks like a mistyped supported key; else a notice. For sections in which LiteLLM takes anything.
    RefuseNear,
    /// Kept.
    Keep,
}

/// One section of the file.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) doc: &'static str,
    pub(super) keys: &'static [Key],
    /// LiteLLM's keys that have no effect here.
    pub(super) not_yet: &'static [&'static str],
    pub(super) guards: &'static [Guard],
    pub(super) unknown: Unknown,
    /// Keys that are supported by their form, without a row of their own.
    pub(super) also: fn(&str) -> bool,
}

/// Every section, in the order of the documentation.
pub(super) const SECTIONS: &[&Spec] =
    &[&TOP, &ENTRY, &PARAMS, &MODEL_INFO, &ROUTER, &ALIAS, &LITELLM, &GENERAL, &MILLRACE];

pub(super) const fn key(name: &'static str, ty: Ty, default: &'static str, doc: &'static str) -> Key {
    Key { name, ty, default, doc }
}

pub(super) const fn guard(name: &'static str, why: &'static str) -> Guard {
    Guard { name, why }
}

/// For [`Spec::also`]: nothing.
pub(super) fn none(_: &str) -> bool {
    false
}

impl Spec {
    pub(super) fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(super) fn guard(&self, name: &str) -> Option<&'static Guard> {
        self.guards.iter().find(|guard| guard.name == name)
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }
}

impl Ty {
    fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::Headers | Self::Free)
    }
}

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

/// Whether a key of `litellm_params` or `model_info` is a price. By its form, not by a list: LiteLLM has some 250 of
/// them and adds more each month.
pub(super) fn is_price(name: &str) -> bool {
    name.contains("_cost") || name.starts_with("cost_per_") || name == "tiered_pricing" || name.ends_with("_multiplier")
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
