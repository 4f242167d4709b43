//! What Anthropic asks of a request before it looks at anything else: its version header, and the fields that are required.

use crate::mock::{
    job::{Endpoint, Job},
    request::Head,
    writer::Refusal,
};

/// The versions there are ("Versions" of the API reference).
const VERSIONS: [&str; 2] = ["2023-06-01", "2023-01-01"];

/// How tokens of a subscription begin; they alone come as bearer tokens.
const OAUTH: &str = "sk-ant-oat";

/// The key in `x-api-key`, or a subscription's bearer token.
pub fn credential(head: &Head) -> Option<&str> {
    let bearer = head.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    head.api_key.as_deref().or(bearer.filter(|token| token.starts_with(OAUTH)))
}

/// The version is one there is, and no required field is missing.
pub fn check(job: &Job<'_>, head: &Head) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal { status: 400, message });
    match head.version.as_deref() {
        None => return refuse("anthropic-version: header is required".to_owned()),
        Some(version) if !VERSIONS.contains(&version) => {
            return refuse(format!("anthropic-version: \"{version}\" is not a valid version"));
        }
        Some(_) => {}
    }
    let required = [
        ("model", job.asked.model.is_some()),
        ("messages", job.asked.messages),
        ("max_tokens", job.asked.max_tokens || job.endpoint == Endpoint::CountTokens),
    ];
    match required.iter().find(|(_, there)| !there) {
        Some((field, _)) => refuse(format!("{field}: Field required")),
        None => Ok(()),
    }
}
