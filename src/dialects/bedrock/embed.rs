//! Embeddings by `InvokeModel`, whose bodies are each maker's own (Amazon Bedrock's user guide, "Amazon Titan Embeddings",
//! "Amazon Titan Multimodal Embeddings" and "Cohere Embed").

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::AnswerFacts;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::dialects::cohere;
use crate::dialects::embeddings::{self, Asked};
use crate::dialects::{BadRequest, Did, Written};

/// Whose form a model's bodies have.
#[derive(Clone, Copy)]
enum Form {
    Titan { dimensions: Titan },
    Cohere,
}

/// How a Titan is told the number of dimensions.
#[derive(Clone, Copy)]
enum Titan {
    /// It has one number of them.
    Fixed,
    Plain,
    /// Within a configuration.
    Configured,
}

fn form(model: &str) -> Option<Form> {
    let titan = |dimensions| Some(Form::Titan { dimensions });
    match () {
        () if model.contains("cohere.embed") => Some(Form::Cohere),
        () if model.contains("amazon.titan-embed-text-v2") => titan(Titan::Plain),
        () if model.contains("amazon.titan-embed-image") => titan(Titan::Configured),
        () if model.contains("amazon.titan-embed") => titan(Titan::Fixed),
        () => None,
    }
}

/// The body of `POST /model/{id}/invoke` for a body of OpenAI's `/embeddings`.
///
/// # Errors
/// It is none; or a Titan is to embed more than one text; or the model's form is not known.
pub fn write_embed(body: &[u8], model: &str) -> Result<Written, BadRequest> {
    let Some(form) = form(model) else {
        let what = "is no model whose embeddings are supported at Amazon Bedrock; those are amazon.titan-embed-* and \
                    cohere.embed-*";
        return Err(BadRequest { pointer: "/model".to_owned(), what: what.to_owned() });
    };
    let mut asked = embeddings::read_body(body)?;
    let body = match form {
        Form::Titan { dimensions } => titan(&mut asked, dimensions)?,
        Form::Cohere => {
            let mut body = Map::new();
            cohere::embed_body(&mut asked, &mut body);
            for name in ["truncate", "max_tokens"] {
                body.extend(asked.own(&[name]).map(|value| (name.to_owned(), value)));
            }
            body
        }
    };
    Ok(Written { body: Value::Object(body).to_string().into(), notes: asked.told() })
}

fn titan(asked: &mut Asked, takes: Titan) -> Result<Map<String, Value>, BadRequest> {
    let mut body = Map::new();
    body.insert("inputText".into(), asked.one()?.into());
    match (takes, asked.dimensions.take()) {
        (_, None) => {}
        (Titan::Plain, Some(dimensions)) => drop(body.insert("dimensions".into(), dimensions)),
        (Titan::Configured, Some(dimensions)) => {
            asked.notes.add("dimensions", Did::Renamed, "embeddingConfig.outputEmbeddingLength");
            body.insert("embeddingConfig".into(), json!({ "outputEmbeddingLength": dimensions }));
        }
        (Titan::Fixed, Some(_)) => asked.notes.add("dimensions", Did::Dropped, "the model has one number of them"),
    }
    if matches!(takes, Titan::Plain) {
        body.extend(asked.own(&["normalize"]).map(|value| ("normalize".to_owned(), value)));
    }
    Ok(body)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfTitan<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
    #[serde(default)]
    input_text_token_count: Option<u64>,
}

/// OpenAI's list for the answer. Cohere's models tell their tokens in a header, which is among `facts`.
///
/// # Errors
/// It is no answer with embeddings.
pub fn read_embed(facts: &AnswerFacts, whole: &[u8]) -> Result<Bytes, Fault> {
    match serde_json::from_slice::<OfTitan<'_>>(whole) {
        Ok(OfTitan { embedding, input_text_token_count: told }) => {
            let in_header = facts.vectors.and_then(|vectors| vectors.tokens);
            embeddings::answer(facts, &[embedding], told.or(in_header).unwrap_or_default())
        }
        Err(_) => cohere::embed_answer(facts, whole),
    }
}
