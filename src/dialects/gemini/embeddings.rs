//! Embeddings: OpenAI's request and list; Google's `batchEmbedContents` (its reference, "Embeddings"), and at Vertex AI
//! `embedContent` and `predict` (its "Text embeddings API").

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::AnswerFacts;
use millrace_actors::wire::answer;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::dialects::embeddings::{self, Asked};
use crate::dialects::{BadRequest, Written};

/// The verb of a batch.
pub const BATCH: &str = "batchEmbedContents";

/// The verb for one content.
pub const ONE: &str = "embedContent";

/// The verb of Vertex AI's older models.
pub const PREDICT: &str = "predict";

/// The verb by which Vertex AI's `model` is asked: Gemini's second generation has one of its own.
pub fn verb_at_vertex(model: &str) -> &'static str {
    let older = !model.starts_with("gemini") || model.starts_with("gemini-embedding-001");
    if older { PREDICT } else { ONE }
}

/// The body of `batchEmbedContents` for a body of OpenAI's `/embeddings`. `model` is the provider's name.
///
/// # Errors
/// There is no input, or it is given as tokens, which only OpenAI's models read.
pub fn write_batch(body: &[u8], model: &str) -> Result<Written, BadRequest> {
    let mut asked = embeddings::read_body(body)?;
    let own = own(&mut asked, [("taskType", "task_type"), ("title", "title")]);
    let requests: Vec<Value> = std::mem::take(&mut asked.texts)
        .into_iter()
        .map(|text| {
            let mut request = Map::new();
            request.insert("model".into(), format!("models/{model}").into());
            request.insert("content".into(), content(text));
            request.extend(own.clone());
            Value::Object(request)
        })
        .collect();
    Ok(Written { body: json!({ "requests": requests }).to_string().into(), notes: asked.told() })
}

/// The body of Vertex AI's `embedContent`.
///
/// # Errors
/// As [`write_batch`]; or there is more than one text.
pub fn write_one(body: &[u8]) -> Result<Written, BadRequest> {
    let mut asked = embeddings::read_body(body)?;
    let mut one = Map::new();
    one.insert("content".into(), content(asked.one()?));
    one.extend(own(&mut asked, [("taskType", "task_type"), ("title", "title"), ("autoTruncate", "auto_truncate")]));
    Ok(Written { body: Value::Object(one).to_string().into(), notes: asked.told() })
}

/// The body of Vertex AI's `predict`. Gemini's first generation takes one instance in a call (Google's page "Get text
/// embeddings").
///
/// # Errors
/// As [`write_batch`]; or there is more than one text for a model that takes one.
pub fn write_predict(body: &[u8], model: &str) -> Result<Written, BadRequest> {
    let mut asked = embeddings::read_body(body)?;
    if model.starts_with("gemini") {
        asked.texts = vec![asked.one()?];
    }
    // here the task is spelt in the other way
    let mut each = Map::new();
    each.extend(asked.own(&["task_type", "taskType"]).map(|task| ("task_type".to_owned(), task)));
    each.extend(asked.own(&["title"]).map(|title| ("title".to_owned(), title)));
    let instances: Vec<Value> = std::mem::take(&mut asked.texts)
        .into_iter()
        .map(|text| {
            let mut instance = Map::new();
            instance.insert("content".into(), text.into());
            instance.extend(each.clone());
            Value::Object(instance)
        })
        .collect();
    let mut body = Map::new();
    body.insert("instances".into(), instances.into());
    let parameters = own(&mut asked, [("autoTruncate", "auto_truncate")]);
    if !parameters.is_empty() {
        body.insert("parameters".into(), parameters.into());
    }
    Ok(Written { body: Value::Object(body).to_string().into(), notes: asked.told() })
}

fn content(text: String) -> Value {
    json!({"parts": [{"text": text}]})
}

/// The number of dimensions, and what a caller says in Google's words, which may be spelt in two ways.
fn own<const N: usize>(asked: &mut Asked, names: [(&str, &str); N]) -> Map<String, Value> {
    let dimensions = asked.dimensions.take();
    let mut own: Map<String, Value> =
        dimensions.map(|dimensions| ("outputDimensionality".to_owned(), dimensions)).into_iter().collect();
    for (name, other) in names {
        own.extend(asked.own(&[name, other]).map(|value| (name.to_owned(), value)));
    }
    own
}

/// An answer has one of these.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    embeddings: Option<Vec<Embedding<'a>>>,
    #[serde(borrow, default)]
    embedding: Option<Embedding<'a>>,
    #[serde(borrow, default)]
    predictions: Option<Vec<Prediction<'a>>>,
}

#[derive(Deserialize)]
struct Embedding<'a> {
    #[serde(borrow)]
    values: &'a RawValue,
    #[serde(default)]
    statistics: Option<Statistics>,
}

#[derive(Deserialize)]
struct Prediction<'a> {
    #[serde(borrow)]
    embeddings: Embedding<'a>,
}

/// Numbers in Google's `Struct`, which has no whole ones.
#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    token_count: f64,
}

/// OpenAI's list for Google's answer. Numbers are as Google wrote them.
///
/// # Errors
/// It is no answer with embeddings.
pub fn read_answer(body: &[u8], facts: &AnswerFacts) -> Result<Bytes, Fault> {
    let read: Answer<'_> = serde_json::from_slice(body).map_err(|why| embeddings::invalid(&why.to_string()))?;
    let list: Vec<Embedding<'_>> = match read {
        Answer { embeddings: Some(list), .. } => list,
        Answer { embedding: Some(one), .. } => vec![one],
        Answer { predictions: Some(list), .. } => list.into_iter().map(|one| one.embeddings).collect(),
        _ => return Err(embeddings::invalid("there are no embeddings in it")),
    };
    let counted: f64 = list.iter().filter_map(|one| one.statistics.as_ref()).map(|of| of.token_count).sum();
    // what was read is told in `usageMetadata` by newer models only; a client of OpenAI's insists on the object
    let metered = || answer::Answer::scan(body).ok()?.usage.map(|usage| usage.prompt_tokens);
    let tokens = if counted > 0.0 { counted as u64 } else { metered().unwrap_or_default() };
    let vectors: Vec<&RawValue> = list.iter().map(|one| one.values).collect();
    embeddings::answer(facts, &vectors, tokens)
}
