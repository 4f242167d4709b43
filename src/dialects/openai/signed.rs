//! Signatures of Gemini's on calls of tools, in the form that LiteLLM's clients know: within the call's id, which every client
//! sends back, and beside it in `provider_specific_fields`, which some do.

use std::borrow::Cow;

use serde_json::Value;

use super::super::request::{Content, Part};
use super::super::signature;
use super::fields::Fields;

/// Stands between an id and its signature.
const MARK: &str = "__thought__";

/// The id of a call that Gemini signed.
pub fn id<'i>(id: &'i str, signature: Option<&str>) -> Cow<'i, str> {
    signature.map_or(Cow::Borrowed(id), |signature| format!("{id}{MARK}{signature}").into())
}

/// The id as its provider gave it.
pub fn own_id(mut id: String) -> String {
    if let Some(at) = id.find(MARK) {
        id.truncate(at);
    }
    id
}

/// The signature of a caller's call.
pub fn take(call: &mut Fields, id: &str) -> Option<String> {
    let beside = call.any("provider_specific_fields");
    let beside = beside.as_ref().and_then(|fields| fields.get("thought_signature")).and_then(Value::as_str);
    let beside = beside.filter(|signature| !signature.is_empty()).map(signature::marked);
    beside.or_else(|| within(id))
}

/// The signature within an id.
pub fn within(id: &str) -> Option<String> {
    let (_, signature) = id.split_once(MARK)?;
    (!signature.is_empty()).then(|| signature::marked(signature))
}

/// Puts a signature before the call that it is of. Told among the blocks of thought as well, it is taken from there, with the
/// words that it signs.
pub fn place(parts: &mut Vec<Part>, signature: String) {
    let same =
        |part: &Part| matches!(&part.content, Content::Reasoning { signature: Some(known), .. } if *known == signature);
    let block = parts.iter().position(same).map(|at| parts.remove(at));
    let text = String::new();
    parts.push(block.unwrap_or_else(|| Part::of(Content::Reasoning { text, signature: Some(signature) })));
}
