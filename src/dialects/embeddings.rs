//! Embeddings for providers that have a form of their own: OpenAI's request read, OpenAI's answer written (OpenAI's
//! description, `CreateEmbeddingRequest` and `CreateEmbeddingResponse`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, EncodeCall};
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::scan;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{BadRequest, bridge};

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

impl Asked {
    /// Takes a field that is the provider's own, by the first of its names that is given.
    pub fn own(&mut self, names: &[&str]) -> Option<Value> {
        let taken: Vec<Value> = names.iter().filter_map(|name| self.rest.shift_remove(*name)).collect();
        taken.into_iter().find(|value| !value.is_null())
    }

    /// Notes what is left, which has no place in the provider's form.
    pub fn told(mut self) -> Notes {
        for (name, _) in self.rest.iter().filter(|(_, value)| !value.is_null()) {
            self.notes.add(name, Did::Dropped, "no such parameter here");
        }
        self.notes
    }

    /// The one text, for a form that holds no more.
    ///
    /// # Errors
    /// There are more, or none.
    pub fn one(&mut self) -> Result<String, BadRequest> {
        const ADVICE: &str = "this model takes one text in a call; send each text in a call of its own";
        match (self.texts.len(), self.texts.pop()) {
            (1, Some(text)) => Ok(text),
            (0, _) => Err(bad("/input", "is an empty list; it must hold a text")),
            _ => Err(bad("/input/1", ADVICE)),
        }
    }
}

/// Reads the caller's request, with what the operator adds to it.
///
/// # Errors
/// As [`read_body`].
pub fn read(call: &EncodeCall<'_>) -> Result<Asked, Fault> {
    read_body(&bridge::edited(call, false)?.0.to_bytes()).map_err(bridge::refused)
}

/// Reads a body of OpenAI's `/embeddings`.
///
/// # Errors
/// `input` is no text and no list of texts: tokens are read by OpenAI's own models only.
pub fn read_body(body: &[u8]) -> Result<Asked, BadRequest> {
    let mut rest: Map<String, Value> =
        serde_json::from_slice(body).map_err(|why| bad("", &format!("the body is no JSON object: {why}")))?;
    rest.shift_remove("model");
    let texts = match rest.shift_remove("input") {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(list)) => list.into_iter().enumerate().map(text).collect::<Result<_, _>>()?,
        _ => return Err(bad("/input", "must be a text or a list of texts")),
    };
    let mut notes = Notes::default();
    match rest.shift_remove("encoding_format") {
        // numbers are asked for, and written as base64 here
        Some(Value::String(format)) if !matches!(&*format, "float" | BASE64) => {
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

/// The word for vectors as text (OpenAI's `encoding_format`).
const BASE64: &str = "base64";

fn text((n, value): (usize, Value)) -> Result<String, BadRequest> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(bad(&format!("/input/{n}"), "must be a text: the model is served by a provider that reads no tokens")),
    }
}

fn bad(pointer: &str, what: &str) -> BadRequest {
    BadRequest { pointer: pointer.to_owned(), what: what.to_owned() }
}

/// The answer: vectors as the provider wrote them, in their order, and the tokens that it counted.
///
/// # Errors
/// The caller wants base64, and a vector is no list of numbers.
pub fn answer(facts: &AnswerFacts, vectors: &[&RawValue], tokens: u64) -> Result<Bytes, Fault> {
    let as_text = facts.vectors.is_some_and(|vectors| vectors.base64);
    let mut data = String::new();
    for (index, vector) in vectors.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let vector = if as_text { &*encoded(vector)? } else { vector.get() };
        data.push_str(&format!("{comma}{{\"object\":\"embedding\",\"index\":{index},\"embedding\":{vector}}}"));
    }
    let model = scan::quoted(&facts.model);
    let usage = format!("{{\"prompt_tokens\":{tokens},\"total_tokens\":{tokens}}}");
    Ok(Bytes::from(format!("{{\"object\":\"list\",\"data\":[{data}],\"model\":{model},\"usage\":{usage}}}")))
}

/// The numbers as OpenAI packs them: 32 bits each, the lowest byte first.
fn encoded(vector: &RawValue) -> Result<String, Fault> {
    let numbers: Vec<f32> =
        serde_json::from_str(vector.get()).map_err(|why| invalid(&format!("a vector cannot be read: {why}")))?;
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    Ok(format!("\"{}\"", STANDARD.encode(bytes)))
}

/// An answer to a request for embeddings that has none, or cannot be read.
pub fn invalid(cause: &str) -> Fault {
    Fault::InvalidAnswer { cause: cause.to_owned() }
}

#[cfg(test)]
mod tests {
    use millrace_actors::ports::Vectors;
    use serde_json::json;

    use super::*;
    use crate::dialects::testing::facts;

    #[test]
    fn vectors_are_numbers_or_their_bits() {
        let raw = RawValue::from_string("[1, -0.5,2.5e-1]".to_owned()).unwrap();
        let told = |base64| {
            let facts = AnswerFacts { vectors: Some(Vectors { base64, tokens: None }), ..facts() };
            serde_json::from_slice::<Value>(&answer(&facts, &[&raw, &raw], 3).unwrap()).unwrap()
        };
        assert_eq!(told(false)["data"][1], json!({"object": "embedding", "index": 1, "embedding": [1, -0.5, 0.25]}));
        assert_eq!(told(true)["data"][0]["embedding"], "AACAPwAAAL8AAIA+");
        assert_eq!(told(true)["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
        let odd = RawValue::from_string("\"no vector\"".to_owned()).unwrap();
        let facts = AnswerFacts { vectors: Some(Vectors { base64: true, tokens: None }), ..facts() };
        assert!(matches!(answer(&facts, &[&odd], 0), Err(Fault::InvalidAnswer { .. })));
    }

    #[test]
    fn what_is_no_text_is_pointed_at() {
        for (body, pointer) in [
            (json!({"input": ["a", [1, 2]]}), "/input/1"),
            (json!({"input": [1, 2]}), "/input/0"),
            (json!({"input": {}}), "/input"),
            (json!({}), "/input"),
        ] {
            let Err(refused) = read_body(body.to_string().as_bytes()) else { panic!("{body} was read") };
            assert_eq!(refused.pointer, pointer, "{body}");
        }
        let pair = || read_body(br#"{"input": ["a", "b"]}"#).unwrap();
        assert_eq!(pair().one().unwrap_err().pointer, "/input/1");
        assert_eq!(read_body(br#"{"input": []}"#).unwrap().one().unwrap_err().pointer, "/input");
        assert_eq!(read_body(br#"{"input": "a"}"#).unwrap().one().as_deref(), Ok("a"));
    }
}
