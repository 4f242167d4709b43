//! Embeddings for providers that have a form of their own: OpenAI's request read, OpenAI's answer written (OpenAI's
//! description, `CreateEmbeddingRequest` and `CreateEmbeddingResponse`).

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::EncodeCall;
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::scan;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::bridge;

/// What is to be embedded.
pub struct Asked {
    /// The texts.
    pub texts: Vec<String>,
    /// How many numbers a vector shall have.
    pub dimensions: Option<Value>,
    /// Fields that OpenAI has no word for: the provider's own, as the caller or the operator wrote them.
    pub rest: Map<String, Value>,
    /// What is not carried as it was written.
    pub notes: Notes,
}

/// Reads the caller's request, with what the operator adds to it.
///
/// # Errors
/// `input` is no text and no list of texts.
pub fn read(call: &EncodeCall<'_>) -> Result<Asked, Fault> {
    let body = bridge::edited(call, false).to_bytes();
    let mut rest: Map<String, Value> = serde_json::from_slice(&body).map_err(|e| bad(&format!("{e}")))?;
    rest.shift_remove("model");
    let texts = match rest.shift_remove("input") {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.into_iter().map(text).collect::<Result<_, _>>()?,
        _ => return Err(bad("The field 'input' must be a text or a list of texts")),
    };
    let mut notes = Notes::default();
    match rest.shift_remove("encoding_format") {
        Some(Value::String(format)) if format != "float" => {
            notes.add("encoding_format", Did::Renamed, "float: the provider is asked for numbers");
        }
        _ => {}
    }
    if rest.shift_remove("user").is_some() {
        notes.add("user", Did::Dropped, "the provider has no such parameter");
    }
    let dimensions = rest.shift_remove("dimensions").filter(|dimensions| !dimensions.is_null());
    Ok(Asked { texts, dimensions, rest, notes })
}

fn text(value: Value) -> Result<String, Fault> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(bad("The model is served by a provider that takes texts in 'input', not tokens. Send texts")),
    }
}

fn bad(message: &str) -> Fault {
    Fault::BadRequest { message: format!("{message}."), param: Some("input".into()) }
}

/// The answer: vectors as the provider wrote them, in their order, and the tokens that it counted.
pub fn answer(model: &str, vectors: &[&RawValue], tokens: u64) -> Bytes {
    let data: Vec<String> = vectors
        .iter()
        .enumerate()
        .map(|(index, vector)| format!("{{\"object\":\"embedding\",\"index\":{index},\"embedding\":{}}}", vector.get()))
        .collect();
    let (model, data) = (scan::quoted(model), data.join(","));
    let usage = format!("{{\"prompt_tokens\":{tokens},\"total_tokens\":{tokens}}}");
    Bytes::from(format!("{{\"object\":\"list\",\"data\":[{data}],\"model\":{model},\"usage\":{usage}}}"))
}
