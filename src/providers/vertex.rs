//! Google's Vertex AI: where the models of others are called there, and what their bodies differ in.

use std::borrow::Cow;

use millrace_actors::fault::Fault;
use millrace_actors::ports::{EncodeCall, Encoded};
use millrace_actors::wire::envelope::{Edits, Endpoint, Envelope, ScanRules};
use millrace_actors::wire::protocol::Protocol;
use serde_json::Value;

use super::segment;
use crate::dialects::bridge;

/// The version of Anthropic's API that a body names, in place of its header (Anthropic, "Claude on Vertex AI").
const CLAUDE_VERSION: &str = r#""vertex-2023-10-16""#;

/// What counts tokens of every Claude; the body names the model.
const CLAUDE_COUNT: &str = "/anthropic/models/count-tokens:rawPredict";

/// A call to one of Anthropic's models: its messages API, with the model in the path, and version and betas in the body.
///
/// # Errors
/// The request cannot be carried, or the model's name is none that a path can hold.
pub(super) fn claude(call: &EncodeCall<'_>, model_in_path: bool, betas: &[&[u8]]) -> Result<Encoded, Fault> {
    let count = call.endpoint == Endpoint::CountTokens;
    let verb = if call.envelope.stream() { ":streamRawPredict" } else { ":rawPredict" };
    let path: Cow<'static, str> = match (count, model_in_path) {
        (true, true) => CLAUDE_COUNT.into(),
        (false, true) => format!("/anthropic/models/{}{verb}", segment::of_model(call.model)?).into(),
        (false, false) => verb.into(),
        (true, false) => return Err(bridge::not_served(call, "Vertex AI, by an address that leads to one model,")),
    };
    // the model stands in the path; but for counting, which has a path of its own
    let (model, out) = if count { (call.model, &[][..]) } else { ("", &["model"][..]) };
    let mut put = vec![("anthropic_version".to_owned(), CLAUDE_VERSION.to_owned())];
    let betas: Vec<_> =
        betas.iter().flat_map(|list| list.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
    if !betas.is_empty() {
        let list: Value = betas.iter().map(|beta| String::from_utf8_lossy(beta).into_owned()).collect();
        put.push(("anthropic_beta".to_owned(), list.to_string()));
    }
    let (body, notes) = match call.endpoint {
        Endpoint::Messages | Endpoint::CountTokens => {
            bridge::edited_with(&EncodeCall { model, ..*call }, false, out, put)?
        }
        Endpoint::Chat | Endpoint::Completions | Endpoint::Responses | Endpoint::Generate => {
            let (written, notes) = bridge::written(call, Protocol::Messages)?;
            let scanned = Envelope::scan(written.to_bytes(), Endpoint::Messages, &ScanRules::NONE);
            let envelope =
                scanned.map_err(|rejected| Fault::BadRequest { message: rejected.message, param: rejected.param })?;
            (envelope.rewrite(&Edits { model, stream_usage: false, drop: out, set: &put }), notes)
        }
        _ => return Err(bridge::not_served(call, "Claude on Vertex AI")),
    };
    Ok(Encoded { path, headers: Vec::new(), body, notes })
}
