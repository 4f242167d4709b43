//! What Anthropic asks of a request before it looks at anything else: its version header, and the fields that are required.

use crate::mock::{
    job::{Endpoint, Job},
    request::Head,
    writer::Refusal,
};

/// The versions there are ("Versions" of the API reference, 2026-11), oldest first.
const VERSIONS: [&str; 3] = ["2023-01-01", "2023-06-01", LATEST];

/// The version that the SDKs send since October 2026. It has no parameters of sampling any more.
const LATEST: &str = "2026-10-21";

/// The key in `x-api-key`, which wins where both come, or the bearer token, as which newer SDKs send it.
pub fn credential(head: &Head) -> Option<&str> {
    let bearer = head.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    head.api_key.as_deref().or(bearer)
}

/// The version is one there is, no required field is missing, and none is there that the version has not.
pub fn check(job: &Job<'_>, head: &Head) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal { status: 400, message });
    let version = match head.version.as_deref() {
        None => return refuse("anthropic-version: header is required".to_owned()),
        Some(version) if !VERSIONS.contains(&version) => {
            return refuse(format!("anthropic-version: \"{version}\" is not a valid version"));
        }
        Some(version) => version,
    };
    let asked = job.asked;
    let required = [
        ("model", asked.model.is_some()),
        ("messages", asked.messages),
        ("max_tokens", asked.max_tokens || job.endpoint == Endpoint::CountTokens),
    ];
    if let Some((field, _)) = required.iter().find(|(_, there)| !there) {
        return refuse(format!("{field}: Field required"));
    }
    let sampling = [("temperature", asked.temperature), ("top_p", asked.top_p), ("top_k", asked.top_k)];
    match sampling.iter().find(|(_, there)| *there && version == LATEST) {
        Some((field, _)) => refuse(format!("{field}: Extra inputs are not permitted")),
        None => Ok(()),
    }
}
