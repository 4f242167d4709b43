//! Strikes out what looks like a credential, before a record enters any queue (FAULTS K3).
//!
//! Records hold no content and no key by construction; but an error message quotes a provider, and providers quote keys,
//! and a caller may send its key as the model's name.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use millrace_actors::record::LogRecord;
use regex::Regex;

/// What stands in a credential's place.
const STRUCK: &str = "***";

/// Each with an optional group `keep` that stays before the struck part.
const PATTERNS: [&str; 7] = [
    // keys with a vendor's prefix: OpenAI, Anthropic, Stripe-like, xAI, Groq, Hugging Face, GitHub, Slack, Google, AWS
    r"\b(?:(?:sk|pk|rk|xai|gsk|hf|ghp|gho|ghs|xox[abprs]|github_pat|pplx|nvapi|r8|tgp)[-_][A-Za-z0-9_*.-]{6,}|AIza[A-Za-z0-9_-]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16})",
    // an Authorization value
    r"(?i)(?<keep>\b(?:bearer|basic)\s+)[A-Za-z0-9+/._~*=-]{6,}",
    // a JSON web token
    r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?",
    // `user:password@` in a URL; or what a record kept of it, if it was cut before the `@`
    r"(?<keep>://)[^/\s:@]+:[^/\s@]+(?:@|…$)",
    // a query parameter that is a credential
    r"(?i)(?<keep>[?&](?:api[-_]?key|key|access_token|token|sig|signature)=)[^&\s]+",
    // a name and its value: `api_key: ...`, `"x-api-key": "..."`
    r#"(?i)(?<keep>\b[a-z_-]*(?:api[-_]?key|secret|password|passwd|token|authorization|credentials?)["'`]?\s*[:=]\s*["'`]?)[^\s"'`,;&]{4,}"#,
    // a long run of key letters shortly after a word for a key: `Invalid token (3f9a...)`
    r"(?i)(?<keep>\b(?:keys?|tokens?|secret|password|credentials?)\b[^\n]{0,24}?)\b[A-Za-z0-9+/_=-]{20,}",
];

/// Compiled once. Dropping one that does not compile, rather than failing, is safe: a test compiles them all.
static COMPILED: LazyLock<Vec<Regex>> = LazyLock::new(|| PATTERNS.iter().filter_map(|p| Regex::new(p).ok()).collect());

/// `text` without credentials; borrowed when there are none.
pub(super) fn struck(text: &str) -> Cow<'_, str> {
    COMPILED.iter().fold(Cow::Borrowed(text), |text, pattern| {
        match pattern.replace_all(&text, format!("${{keep}}{STRUCK}").as_str()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(changed) => Cow::Owned(changed),
        }
    })
}

/// The record as sinks may have it. Only a failure is looked at: a success holds nothing that a caller or a provider
/// could choose, but for a model name that was served, and so is no key.
pub(super) fn redacted(record: &Arc<LogRecord>) -> Arc<LogRecord> {
    if record.outcome.is_success() {
        return Arc::clone(record);
    }
    let message = record.error_message.as_deref().unwrap_or_default();
    // a wildcard group goes by the name the caller chose, at the provider too
    let chosen = [message, &record.model, &record.model_group, &record.upstream_model].map(struck);
    if chosen.iter().all(|text| matches!(text, Cow::Borrowed(_))) {
        return Arc::clone(record);
    }
    let [message, model, model_group, upstream_model] = chosen.map(Cow::into_owned);
    let error_message = record.error_message.as_ref().map(|_| message);
    let [model, model_group, upstream_model] = [model, model_group, upstream_model].map(Arc::from);
    Arc::new(LogRecord { error_message, model, model_group, upstream_model, ..LogRecord::clone(record) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callbacks::testing::{failure, record};

    #[test]
    fn all_patterns_compile() {
        assert_eq!(COMPILED.len(), PATTERNS.len());
    }

    #[test]
    fn credentials_are_struck_out() {
        let key = "sk-proj-Abc123canaryXYZ987654321";
        for text in [
            format!("Incorrect API key provided: {key}. You can find yours at https://example.com"),
            format!("header was Authorization: Bearer {key}"),
            "Authorization: Bearer canary.token/abc+def".to_owned(),
            "bad eyJhbGciOi.eyJjYW5hcnkiOjF9.canarysignature here".to_owned(),
            "cannot reach https://user:canary@host/path".to_owned(),
            "a name that was cut: https://user:canary…".to_owned(),
            "GET /v1?key=canaryvalue&x=1 failed".to_owned(),
            "{\"x-api-key\": \"canary-1234\"}".to_owned(),
            "password=canary1".to_owned(),
            "Invalid token (canary0123456789abcdef01)".to_owned(),
            "AIzacanaryAAAABBBBCCCCDDDDEEEEFFFF".to_owned(),
        ] {
            let clean = struck(&text);
            assert!(!clean.contains("canary"), "{clean}");
            assert!(clean.contains(STRUCK), "{clean}");
        }
    }

    #[test]
    fn plain_words_stay() {
        for text in [
            "This model's maximum context length is 128000 tokens, however you requested 200000 tokens",
            "Rate limit reached for gpt-5 on tokens per min (TPM): Limit 30000, Used 29000",
            "No connection to the provider: cannot connect to https://api.example.com: refused",
        ] {
            assert_eq!(struck(text), text);
        }
    }

    #[test]
    fn a_record_is_copied_only_when_it_changes() {
        let plain = record("a");
        assert!(Arc::ptr_eq(&plain, &redacted(&plain)));
        let plain = failure("it broke");
        assert!(Arc::ptr_eq(&plain, &redacted(&plain)));
        let clean = redacted(&failure("key sk-abcdefgh12345678 is bad"));
        assert_eq!(clean.error_message.as_deref(), Some("key *** is bad"));
    }
}
