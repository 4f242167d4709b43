//! `/v2/embed`.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, EncodeCall};
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
    let mut asked = embeddings::read(call)?;
    let mut body = Map::new();
    body.insert("model".into(), call.model.into());
    embed_body(&mut asked, &mut body);
    body.extend(asked.rest);
    Ok((Pieces::from(Bytes::from(Value::Object(body).to_string())), asked.notes))
}

/// What is the same wherever Cohere's models are served.
pub fn embed_body(asked: &mut Asked, body: &mut Map<String, Value>) {
    body.insert("texts".into(), std::mem::take(&mut asked.texts).into());
    body.insert("embedding_types".into(), json!(["float"]));
    if let Some(dimensions) = asked.dimensions.take() {
        body.insert("output_dimension".into(), dimensions);
        asked.notes.add("dimensions", Did::Renamed, "output_dimension");
    }
    let input_type = asked.own(&["input_type"]);
    if input_type.is_none() {
        asked.notes.add("input_type", Did::Defaulted, INPUT_TYPE);
    }
    body.insert("input_type".into(), input_type.unwrap_or_else(|| INPUT_TYPE.into()));
    // other forms of numbers have no place in OpenAI's answer
    if asked.own(&["embedding_types"]).is_some_and(|asked| asked != json!(["float"])) {
        asked.notes.add("embedding_types", Did::Renamed, "float");
    }
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

/// The answer in OpenAI's form.
///
/// # Errors
/// It is none with embeddings.
pub fn embed_answer(facts: &AnswerFacts, whole: &[u8]) -> Result<Bytes, Fault> {
    let answer: Answer<'_> = serde_json::from_slice(whole).map_err(|why| embeddings::invalid(&why.to_string()))?;
    let billed = answer.meta.and_then(|meta| meta.billed_units);
    let told = billed.map(|billed| count(billed.input_tokens).saturating_add(count(billed.image_tokens)));
    let in_header = facts.vectors.and_then(|vectors| vectors.tokens);
    embeddings::answer(facts, &answer.embeddings.float, told.or(in_header).unwrap_or_default())
}
