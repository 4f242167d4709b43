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

use std::borrow::Cow;

use super::scan::Key;
use super::skip;

/// What a scan of a request body refuses.
#[derive(Debug, Clone, Copy)]
pub struct ScanRules {
    /// Names of refused fields, lowercase (names are compared without regard to case). `name_*` is a prefix; `^name` is
    /// refused at the top level only, for words that are harmless elsewhere.
    forbidden: &'static [&'static str],
    /// The first letter of each: one search among these tells most names apart, where a walk over all patterns was half of
    /// a small body's scan.
    initials: &'static [u8],
    /// How deep arrays and objects may nest, the body itself being level 1; at most [`MAX_DEPTH`] holds.
    pub max_depth: usize,
}

/// Nesting allowed by default: serde_json's own limit, which it doesn't keep for values it only skips.
pub const MAX_DEPTH: usize = skip::DEEPEST;

/// Fields whose inner keys are the caller's own words, each with the reason. Not searched.
pub const CONTENT: &[(&str, &str)] = &[
    ("messages", "the conversation: tool results and custom parts hold any keys"),
    ("tools", "JSON Schema: property names are the caller's"),
    ("functions", "JSON Schema, in the older spelling"),
    ("response_format", "JSON Schema: property names are the caller's"),
    ("contents", "the conversation, in Google's form"),
    ("systemInstruction", "a part of it"),
    ("system_instruction", "a part of it"),
    ("generationConfig", "holds a JSON Schema"),
    ("generation_config", "holds a JSON Schema"),
    ("generateContentRequest", "a whole request, to be counted"),
    ("input", "what to embed; or a conversation, whose tool results hold any keys"),
    ("text", "JSON Schema of a response's format: property names are the caller's"),
    ("prompt", "what to complete"),
    ("documents", "what to put in order: each may be an object of the caller's own"),
    ("query", "what to order documents by"),
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

/// Names that nearly every request has, and no pattern fits: three or four patterns begin as each of them does.
const HARMLESS: [&str; 4] = ["model", "messages", "stream", "max_tokens"];

impl Default for ScanRules {
    fn default() -> Self {
        Self::STRICT
    }
}

impl ScanRules {
    /// Every name of [`FORBIDDEN`], and the deepest nesting there may be.
    pub const STRICT: Self = {
        const INITIALS: [u8; FORBIDDEN.len()] = initials(FORBIDDEN);
        Self { forbidden: FORBIDDEN, initials: &INITIALS, max_depth: MAX_DEPTH }
    };

    /// Nothing is refused: for bodies that we wrote ourselves.
    pub const NONE: Self = Self { forbidden: &[], initials: &[], max_depth: MAX_DEPTH };

    /// Whether `name` is refused; `top` where it stands at the top level (of the body or of `extra_body`).
    pub fn forbids(&self, name: &str, top: bool) -> bool {
        if HARMLESS.contains(&name) {
            return false;
        }
        let Some(first) = name.as_bytes().first().map(u8::to_ascii_lowercase) else { return false };
        memchr::memchr_iter(first, self.initials)
            .any(|at| self.forbidden.get(at).is_some_and(|p| refuses(p, name, top)))
    }

    /// The path of the first refused name within `value`, the valid raw JSON of the top-level field `field`.
    pub(super) fn forbidden_within(&self, field: &str, value: &[u8]) -> Option<String> {
        let nested = matches!(value.first(), Some(b'{' | b'['));
        if !nested || CONTENT.iter().any(|(name, _)| *name == field) {
            return None;
        }
        // For each open bracket the key it's the value of; then the last key seen on this level.
        let (mut path, mut last, mut pos) = (Vec::new(), Cow::Borrowed(field), 0);
        while let Some(&byte) = value.get(pos) {
            pos += 1;
            match byte {
                b'{' | b'[' => path.push(std::mem::take(&mut last)),
                b'}' | b']' => last = path.pop().unwrap_or_default(),
                b'"' => {
                    let end = skip::string(value, pos - 1).unwrap_or(value.len());
                    let (raw, behind) = value.split_at(end);
                    if behind.trim_ascii_start().starts_with(b":") {
                        // A key with half of a surrogate pair isn't compared by everyone alike: refused as well.
                        let key = serde_json::from_slice::<Key<'_>>(&raw[pos - 1..]);
                        let top = path.len() == 1 && field == "extra_body";
                        let refused = key.as_ref().map_or(true, |Key(name)| self.forbids(name, top));
                        last = key.map_or(Cow::Borrowed("?"), |Key(name)| name);
                        if refused {
                            path.push(last);
                            path.retain(|key| !key.is_empty());
                            return Some(path.join("."));
                        }
                    }
                    pos = end;
                }
                _ => {}
            }
        }
        None
    }
}

fn refuses(pattern: &str, name: &str, top: bool) -> bool {
    let pattern = match pattern.strip_prefix('^') {
        Some(_) if !top => return false,
        Some(rest) => rest,
        None => pattern,
    };
    match pattern.strip_suffix('*') {
        Some(prefix) => name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

/// The first letters of names.
const fn initials<const N: usize>(names: &[&str]) -> [u8; N] {
    let mut letters = [0; N];
    let mut at = 0;
    while at < N {
        let name = names[at].as_bytes();
        letters[at] = if name[0] == b'^' { name[1] } else { name[0] };
        assert!(letters[at].is_ascii_lowercase(), "a pattern begins with a lowercase letter");
        at += 1;
    }
    letters
}

#[cfg(test)]
#[path = "forbidden_tests.rs"]
mod tests;
