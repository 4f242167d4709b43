//! Strikes out what looks like a credential, before a record enters any queue (FAULTS K3).
//!
//! Records hold no content and no key by construction; but an error message quotes a provider, and providers quote keys,
//! and a caller may send its key as the model's name.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use millrace_actors::record::LogRecord;
use regex::Regex;

use crate::logging;

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

/// `text` without credentials, those that look like one and those we know; borrowed when there are none.
pub(super) fn struck(text: &str) -> Cow<'_, str> {
    let text = COMPILED.iter().fold(Cow::Borrowed(text), |text, pattern| {
        match pattern.replace_all(&text, format!("${{keep}}{STRUCK}").as_str()) {
            Cow::Borrowed(_) => text,
            Cow::Owned(changed) => Cow::Owned(changed),
        }
    });
    match logging::clean(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    }
}

thread_local! {
    /// The names of the last success that held nothing: most exchanges of a gateway are of a few models.
    static CLEAN: RefCell<Option<[Arc<str>; 3]>> = const { RefCell::new(None) };
}

/// The record as sinks may have it. Of a success only the names are looked at, since a caller may have chosen them: a wildcard
/// group goes by the name that was asked for, at the provider too, and some providers serve every name.
pub(super) fn redacted(record: &Arc<LogRecord>) -> Arc<LogRecord> {
    let names = [&record.model, &record.model_group, &record.upstream_model];
    let known = record.error_message.is_none()
        && CLEAN.with_borrow(|clean| clean.as_ref().is_some_and(|clean| clean.iter().eq(names)));
    if known {
        return Arc::clone(record);
    }
    let [model, model_group, upstream_model] = names.map(|name| struck(name));
    let message = record.error_message.as_deref().map(struck);
    let clean = |text: &Cow<'_, str>| matches!(text, Cow::Borrowed(_));
    if [&model, &model_group, &upstream_model].into_iter().chain(&message).all(clean) {
        if message.is_none() {
            CLEAN.set(Some(names.map(Arc::clone)));
        }
        return Arc::clone(record);
    }
    let error_message = message.map(Cow::into_owned);
    let [model, model_group, upstream_model] = [model, model_group, upstream_model].map(Arc::from);
    Arc::new(LogRecord { error_message, model, model_group, upstream_model, ..LogRecord::clone(record) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callbacks::testing::{failure, record};
    use millrace_actors::record::Outcome;

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
        for _ in 0..2 {
            let served = LogRecord { model: "sk-abcdefgh12345678".into(), ..LogRecord::clone(&plain) };
            let served = LogRecord { error_message: None, outcome: Outcome::Ok, ..served };
            assert_eq!(
                &*redacted(&Arc::new(served)).model,
                "***",
                "a wildcard before a provider that serves every name"
            );
        }
        let clean = redacted(&failure("key sk-abcdefgh12345678 is bad"));
        assert_eq!(clean.error_message.as_deref(), Some("key *** is bad"));
    }
}
