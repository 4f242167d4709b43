//! Fields a caller may not send: those that would choose the upstream, its key, its price or a fallback.
//!
//! This gateway takes none of these from a request in any case: routing comes from the configuration alone. They are
//! refused nevertheless, since the deployment behind may be a gateway that does take them, and because a silent drop
//! would hide an attack. They are refused wherever they stand: at the top level, and at any depth of any field but those
//! in [`CONTENT`], whose inner keys are the caller's own words. (Looking at the top level alone was a hole in LiteLLM
//! twice over: CVE-2026-59823, CVE-2026-84377.)
//!
//! Two choices: `metadata` is checked, though OpenAI's values there are strings only, because gateways read their own
//! settings out of it; and `extra_body` is checked and passed on, its members counting as top-level ones, because that's
//! what a gateway behind makes of them.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::scan::Key;

/// What a scan of a request body refuses.
#[derive(Debug, Clone, Copy)]
pub struct ScanRules {
    /// Names of refused fields, lowercase (names are compared without regard to case). `name_*` is a prefix; `^name` is
    /// refused at the top level only, for words that are harmless elsewhere.
    pub forbidden: &'static [&'static str],
    /// How deep arrays and objects may nest, the body itself being level 1.
    pub max_depth: usize,
}

/// Nesting allowed by default: serde_json's own limit, which it doesn't keep for values it only skips.
pub const MAX_DEPTH: usize = 128;

/// Fields whose inner keys are the caller's own words, each with the reason. Not searched.
pub const CONTENT: &[(&str, &str)] = &[
    ("messages", "the conversation: tool results and custom parts hold any keys"),
    ("tools", "JSON Schema: property names are the caller's"),
    ("functions", "JSON Schema, in the older spelling"),
    ("response_format", "JSON Schema: property names are the caller's"),
    ("input", "what to embed"),
    ("prompt", "what to complete"),
    ("prediction", "the expected output: content parts"),
    ("tool_choice", "names of the caller's own tools"),
    ("function_call", "the name of a caller's own function"),
];

/// The refused names.
pub const FORBIDDEN: &[&str] = &[
    // Where the request goes.
    "api_base",
    "base_url",
    "api_version",
    "api_type",
    "endpoint_url",
    "proxy_url",
    "^endpoint",
    "^url",
    "^proxy",
    "^proxies",
    "^deployment",
    "deployment_id",
    "specific_deployment",
    "region_name",
    "allowed_model_region",
    "custom_llm_provider",
    "use_in_pass_through",
    "use_litellm_proxy",
    // Whose key it carries, and what else is said to the upstream.
    "api_key",
    "api_keys",
    "^organization",
    "litellm_credential_name",
    "credential_list",
    "configurable_clientside_auth_params",
    "extra_headers",
    "default_headers",
    "^headers",
    "aws_*",
    "azure_*",
    "vertex_*",
    "watsonx_*",
    "oci_*",
    "gcs_*",
    "s3_*",
    "ssl_verify",
    "ssl_certificate",
    // Which models serve it: authorised for one, served by another.
    "user_config",
    "model_list",
    "^models",
    "model_group",
    "model_group_alias",
    "model_info",
    "base_model",
    "fallbacks",
    "default_fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "router_settings",
    "routing_strategy",
    "routing_strategy_args",
    "litellm_params",
    "litellm_settings",
    "general_settings",
    "secret_fields",
    "proxy_server_request",
    "user_api_key_*",
    // What it answers without an upstream, and what it costs.
    "mock_*",
    "custom_pricing",
    "input_cost_per_*",
    "output_cost_per_*",
    "cache_creation_input_token_cost*",
    "cache_read_input_token_cost*",
];

impl Default for ScanRules {
    fn default() -> Self {
        Self { forbidden: FORBIDDEN, max_depth: MAX_DEPTH }
    }
}

impl ScanRules {
    /// Whether `name` is refused; `top` where it stands at the top level (of the body or of `extra_body`).
    pub fn forbids(&self, name: &str, top: bool) -> bool {
        self.forbidden.iter().any(|pattern| {
            let pattern = match pattern.strip_prefix('^') {
                Some(_) if !top => return false,
                Some(rest) => rest,
                None => pattern,
            };
            match pattern.strip_suffix('*') {
                Some(prefix) => name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
                None => name.eq_ignore_ascii_case(pattern),
            }
        })
    }

    /// The path of the first refused name within `value`, the raw JSON of the top-level field `field`.
    pub(super) fn forbidden_within(&self, field: &str, value: &str) -> Option<String> {
        let nested = value.starts_with(['{', '[']);
        if !nested || CONTENT.iter().any(|(name, _)| *name == field) {
            return None;
        }
        let mut search = Search { rules: self, top: field == "extra_body", found: None, path: field.to_owned() };
        let mut reader = serde_json::Deserializer::from_str(value);
        // The value was scanned before, so the one error there can be is a key with half of a surrogate pair: such a name
        // can't be compared by anyone alike, so it's refused.
        let read = (&mut search).deserialize(&mut reader);
        search.found.or_else(|| read.err().map(|_| search.path))
    }
}

/// Looks at every key of a value, depth first.
struct Search<'a> {
    rules: &'a ScanRules,
    /// The keys of this level count as top-level.
    top: bool,
    found: Option<String>,
    path: String,
}

impl<'de> DeserializeSeed<'de> for &mut Search<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Search<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (top, length) = (std::mem::take(&mut self.top), self.path.len());
        while let Some(Key(key)) = map.next_key()? {
            self.path.push('.');
            self.path.push_str(&key);
            if self.found.is_none() && self.rules.forbids(&key, top) {
                self.found = Some(self.path.clone());
            }
            if self.found.is_some() {
                map.next_value::<IgnoredAny>()?;
            } else {
                map.next_value_seed(&mut *self)?;
            }
            self.path.truncate(length);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.top = false;
        while seq.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "forbidden_tests.rs"]
mod tests;
