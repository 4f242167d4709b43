//! `/api/embed`.

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, EncodeCall};
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::pieces::Pieces;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::dialects::embeddings::{self, Asked};

/// The body of a call.
///
/// # Errors
/// The request cannot be carried.
pub fn embed_request(call: &EncodeCall<'_>) -> Result<(Pieces, Notes), Fault> {
    let Asked { texts, dimensions, rest, notes } = embeddings::read(call)?;
    let mut body = Map::new();
    body.insert("model".into(), call.model.into());
    body.insert("input".into(), texts.into());
    body.extend(dimensions.map(|dimensions| ("dimensions".to_owned(), dimensions)));
    body.extend(rest);
    Ok((Pieces::from(Bytes::from(Value::Object(body).to_string())), notes))
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    embeddings: Vec<&'a RawValue>,
    #[serde(default)]
    prompt_eval_count: Option<u64>,
}

/// The answer in OpenAI's form.
///
/// # Errors
/// It is none with embeddings.
pub fn embed_answer(facts: &AnswerFacts, whole: &[u8]) -> Result<Bytes, Fault> {
    let answer: Answer<'_> = serde_json::from_slice(whole).map_err(|why| embeddings::invalid(&why.to_string()))?;
    embeddings::answer(facts, &answer.embeddings, answer.prompt_eval_count.unwrap_or_default())
}
