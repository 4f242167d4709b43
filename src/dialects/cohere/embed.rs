//! `/v2/embed`.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::pieces::Pieces;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::shape::{Billed, count};
use crate::dialects::embeddings::{self, Asked};

/// What a text is for, where the caller does not say: the provider insists on it, and LiteLLM says this.
const INPUT_TYPE: &str = "search_document";

/// The body of a call.
///
/// # Errors
/// The request cannot be carried.
pub fn embed_request(call: &EncodeCall<'_>) -> Result<(Pieces, Notes), Fault> {
    let Asked { texts, dimensions, mut rest, mut notes } = embeddings::read(call)?;
    let mut body = Map::new();
    body.insert("model".into(), call.model.into());
    body.insert("texts".into(), texts.into());
    body.insert("embedding_types".into(), json!(["float"]));
    if let Some(dimensions) = dimensions {
        body.insert("output_dimension".into(), dimensions);
        notes.add("dimensions", Did::Renamed, "output_dimension");
    }
    if !rest.contains_key("input_type") {
        body.insert("input_type".into(), INPUT_TYPE.into());
        notes.add("input_type", Did::Defaulted, INPUT_TYPE);
    }
    // other forms of numbers have no place in OpenAI's answer
    rest.shift_remove("embedding_types");
    body.extend(rest);
    Ok((Pieces::from(Bytes::from(Value::Object(body).to_string())), notes))
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    embeddings: Embeddings<'a>,
    #[serde(borrow, default)]
    meta: Option<Meta<'a>>,
}

#[derive(Deserialize)]
struct Embeddings<'a> {
    #[serde(borrow)]
    float: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow, default)]
    billed_units: Option<Billed<'a>>,
}

/// The answer in OpenAI's form; nothing where it is none of embeddings.
pub fn embed_answer(model: &str, whole: &[u8]) -> Option<Bytes> {
    let answer: Answer<'_> = serde_json::from_slice(whole).ok()?;
    let billed = answer.meta.and_then(|meta| meta.billed_units);
    let tokens = billed.map_or(0, |billed| count(billed.input_tokens) + count(billed.image_tokens));
    Some(embeddings::answer(model, &answer.embeddings.float, tokens))
}
