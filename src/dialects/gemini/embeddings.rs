//! Embeddings: OpenAI's request and list, Google's `batchEmbedContents` (its reference, "Embeddings").

use bytes::Bytes;
use millrace_actors::fault::Fault;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::fields::{Fields, bad, wrong};
use super::shape::invalid;
use crate::dialects::{BadRequest, Did, Notes, Written};

/// The body of `batchEmbedContents` for a body of OpenAI's `/embeddings`. `model` is the provider's name.
///
/// # Errors
/// There is no input, or it is given as tokens, which only OpenAI's models read.
pub fn write_request(body: &[u8], model: &str) -> Result<Written, BadRequest> {
    let value = serde_json::from_slice(body).map_err(|why| bad("", format!("the body is not JSON: {why}")))?;
    let mut fields = Fields::of(value, "")?;
    let mut notes = Notes::default();
    fields.take("model");
    let texts = match fields.take("input") {
        Some(Value::Array(list)) => list,
        Some(text) => vec![text],
        None => return Err(bad("/input", "is missing; it must be a text or a list of texts")),
    };
    let dimensions = fields.number("dimensions")?;
    let mut requests = Vec::with_capacity(texts.len());
    for (n, text) in texts.into_iter().enumerate() {
        let Value::String(text) = text else {
            return Err(wrong(format!("/input/{n}"), "a text; this provider reads no tokens", &text));
        };
        let mut request = json!({"model": format!("models/{model}"), "content": {"parts": [{"text": text}]}});
        if let Some(dimensions) = &dimensions {
            request["outputDimensionality"] = dimensions.clone().into();
        }
        requests.push(request);
    }
    if fields.text("encoding_format")?.is_some_and(|format| format != "float") {
        notes.add("encoding_format", Did::Clamped, "float, which every client reads");
    }
    for (name, _) in fields.rest() {
        notes.add(&name, Did::Dropped, "no such parameter here");
    }
    Ok(Written { body: json!({ "requests": requests }).to_string().into(), notes })
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    embeddings: Option<Vec<Embedding<'a>>>,
}

#[derive(Deserialize)]
struct Embedding<'a> {
    #[serde(borrow)]
    values: &'a RawValue,
}

/// OpenAI's list for Google's answer; nothing where it is no answer with embeddings. Numbers are as Google wrote them.
///
/// # Errors
/// It is no JSON of the right form.
pub fn read_answer(body: &[u8], model: &str) -> Result<Option<Bytes>, Fault> {
    let answer: Answer<'_> = serde_json::from_slice(body).map_err(|why| invalid(why.to_string()))?;
    let Some(list) = answer.embeddings else { return Ok(None) };
    let data = list
        .iter()
        .enumerate()
        .map(|(n, one)| format!("{{\"object\":\"embedding\",\"index\":{n},\"embedding\":{}}}", one.values.get()));
    let data = data.collect::<Vec<_>>().join(",");
    let text = format!("{{\"object\":\"list\",\"data\":[{data}],\"model\":{}", json!(model));
    // what was read is told by newer models only; a client of OpenAI's insists on the object
    let prompt = millrace_actors::wire::answer::Answer::scan(body).ok().and_then(|answer| answer.usage);
    let prompt = prompt.map_or(0, |usage| usage.prompt_tokens);
    Ok(Some(format!("{text},\"usage\":{{\"prompt_tokens\":{prompt},\"total_tokens\":{prompt}}}}}").into()))
}
