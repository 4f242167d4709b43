//! Anthropic's betas for a Claude on Bedrock: there is no such header, they stand among the model's own fields.

use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::notes::{Did, Notes};
use serde_json::Value;

use crate::dialects::bedrock::FIELDS;
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

/// The betas for this call: those that the operator's `extra_headers` name, then those of the caller's header.
pub(super) fn of<'c>(call: &EncodeCall<'c>, notes: &mut Notes) -> Vec<&'c str> {
    let claude = call.model.contains("claude");
    let of_operator = anthropic::betas_in(&call.deployment.headers);
    let mut list: Vec<&str> = if claude { of_operator.collect() } else { Vec::new() };
    // what the operator writes goes in last, over ours
    let fields = call.deployment.extra_body.iter().rfind(|(name, _)| name == FIELDS);
    let fields = fields.and_then(|(_, raw)| serde_json::from_str::<Value>(raw).ok());
    let fixed = fields.as_ref().and_then(|fields| fields.get("anthropic_beta"));
    for beta in anthropic::betas_in(call.headers) {
        let lost = match fixed {
            _ if !claude => Some("betas are for Anthropic's models"),
            _ if !KNOWN.contains(&beta) => Some("a beta that Bedrock does not document"),
            Some(Value::Array(fixed)) if fixed.iter().any(|known| known == beta) => None,
            Some(_) => Some("the betas are set for this deployment"),
            None => None,
        };
        match lost {
            Some(why) => notes.add("anthropic-beta", Did::Dropped, why),
            None if list.contains(&beta) => {}
            None => list.push(beta),
        }
    }
    list
}
