//! The shape of the table: a key, its type, a section.

/// One supported key.
#[derive(Debug)]
pub(in crate::config) struct Key {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) ty: Ty,
    /// As it would be written; `""`: required; `"-"`: nothing, or what `doc` says.
    pub(in crate::config) default: &'static str,
    pub(in crate::config) doc: &'static str,
}

/// What may stand behind a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::config) enum Ty {
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
pub(in crate::config) struct Guard {
    pub(in crate::config) name: &'static str,
    /// What is unprotected if it is ignored: "without it, ...".
    pub(in crate::config) why: &'static str,
}

/// What happens to a key that is in none of a section's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Unknown {
    /// Refused.
    Refuse,
    /// Refused if it looks like a mistyped supported key; else a notice. For sections in which LiteLLM takes anything.
    RefuseNear,
    /// Kept.
    Keep,
}

/// One section of the file.
#[derive(Debug)]
pub(in crate::config) struct Spec {
    pub(in crate::config) name: &'static str,
    pub(in crate::config) doc: &'static str,
    pub(in crate::config) keys: &'static [Key],
    /// LiteLLM's keys that have no effect here.
    pub(in crate::config) not_yet: &'static [&'static str],
    pub(in crate::config) guards: &'static [Guard],
    pub(in crate::config) unknown: Unknown,
    /// Keys that are supported by their form, without a row of their own.
    pub(in crate::config) also: fn(&str) -> bool,
}

pub(in crate::config) const fn key(name: &'static str, ty: Ty, default: &'static str, doc: &'static str) -> Key {
    Key { name, ty, default, doc }
}

pub(in crate::config) const fn guard(name: &'static str, why: &'static str) -> Guard {
    Guard { name, why }
}

/// For [`Spec::also`]: nothing.
pub(in crate::config) fn none(_: &str) -> bool {
    false
}

impl Spec {
    pub(in crate::config) fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(in crate::config) fn guard(&self, name: &str) -> Option<&'static Guard> {
        self.guards.iter().find(|guard| guard.name == name)
    }

    pub(in crate::config) fn names(&self) -> Vec<&'static str> {
        self.keys.iter().map(|key| key.name).collect()
    }
}

impl Ty {
    pub(in crate::config) fn is_secret(self) -> bool {
        matches!(self, Self::Secret | Self::Headers | Self::Free)
    }
}

/// Whether a key of `litellm_params` or `model_info` is a price. By its form, not by a list: LiteLLM has some 250 of
/// them and adds more each month.
pub(in crate::config) fn is_price(name: &str) -> bool {
    name.contains("_cost") || name.starts_with("cost_per_") || name == "tiered_pricing" || name.ends_with("_multiplier")
}
