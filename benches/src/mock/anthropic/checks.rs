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

/// What Vertex AI asks instead: its own version in the body, and the model in the path, where a verb says what is wanted
/// (Anthropic, "Claude on Vertex AI"). Returns the version that its own stands for.
fn vertex(job: &Job<'_>, head: &Head) -> Result<Option<&'static str>, Refusal> {
    let asked = job.asked;
    let streams = head.path.ends_with(":streamRawPredict");
    let complaint = match asked.anthropic_version.as_deref() {
        None => "anthropic_version: Field required",
        Some(version) if version != "vertex-2023-10-16" => "anthropic_version: not a valid version",
        Some(_) if job.endpoint == Endpoint::Messages && asked.stream != streams => "stream: not what the verb says",
        Some(_) => return Ok(Some("2023-06-01")),
    };
    Err(Refusal { status: 400, message: complaint.to_owned() })
}

/// The version is one there is, no required field is missing, and none is there that the version has not.
pub fn check(job: &Job<'_>, head: &Head) -> Result<(), Refusal> {
    let refuse = |message: String| Err(Refusal { status: 400, message });
    let asked = job.asked;
    let told = if head.path.ends_with("awPredict") { vertex(job, head)? } else { head.version.as_deref() };
    let version = match told {
        None => return refuse("anthropic-version: header is required".to_owned()),
        Some(version) if !VERSIONS.contains(&version) => {
            return refuse(format!("anthropic-version: \"{version}\" is not a valid version"));
        }
        Some(version) => version,
    };
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
