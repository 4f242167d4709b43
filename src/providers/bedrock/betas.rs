//! Anthropic's betas for a Claude on Bedrock: there is no such header, they stand among the model's own fields.

use bytes::Bytes;
use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::pieces::Pieces;
use serde_json::{Map, Value};

use crate::providers::anthropic;

/// Betas that Bedrock documents (its user guide, "Anthropic Claude Messages API", `anthropic_beta`). It refuses a whole
/// request for one that it does not know, and clients made for Anthropic's own host send several of those unasked: a
/// caller's pass by this list. What the operator writes passes as it is.
const KNOWN: [&str; 11] = [
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "dev-full-thinking-2025-05-14",
    "effort-2025-11-24",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "token-efficient-tools-2025-02-19",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
];

/// The body of Converse with the betas in it that the operator's `extra_headers` and the caller's header name.
pub(super) fn put(call: &EncodeCall<'_>, body: Pieces, notes: &mut Notes) -> Pieces {
    let claude = call.model.contains("claude");
    let of_operator = anthropic::betas_in(&call.deployment.headers);
    let mut list: Vec<&str> = if claude { of_operator.collect() } else { Vec::new() };
    for beta in anthropic::betas_in(call.headers) {
        match claude && KNOWN.contains(&beta) {
            true if list.contains(&beta) => {}
            true => list.push(beta),
            false => notes.add("anthropic-beta", Did::Dropped, "a beta that Bedrock does not document"),
        }
    }
    if list.is_empty() { body } else { merged(&body.to_bytes(), &list).unwrap_or(body) }
}

/// `additionalModelRequestFields.anthropic_beta`, behind what is there already.
fn merged(body: &[u8], list: &[&str]) -> Option<Pieces> {
    let mut body: Map<String, Value> = serde_json::from_slice(body).ok()?;
    let fields = body.entry("additionalModelRequestFields").or_insert_with(|| Map::new().into()).as_object_mut()?;
    let betas = fields.entry("anthropic_beta").or_insert_with(|| Value::Array(Vec::new())).as_array_mut()?;
    for beta in list {
        if !betas.iter().any(|known| known == beta) {
            betas.push((*beta).into());
        }
    }
    Some(Pieces::from(Bytes::from(Value::Object(body).to_string())))
}
