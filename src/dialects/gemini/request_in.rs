//! A caller's body, read: parameters here, the conversation in `contents_in.rs`, tools in `declarations.rs`.

use serde_json::Value;

use super::fields::{Fields, bad, inner, open, wrong};
use super::request_out::CONFIG;
use super::{contents_in, declarations, schema};
use crate::dialects::BadRequest;
use crate::dialects::request::{Format, Reasoning, Request};

/// Reads a body of `generateContent`.
///
/// What the model has no place for is in [`Request::rest`]: top-level members under their own names, those of
/// `generationConfig` under `generationConfig.<name>`.
///
/// # Errors
/// A member has the wrong type, or one is missing without which nothing can be said.
pub fn read_request(body: &[u8]) -> Result<Request, BadRequest> {
    let value = serde_json::from_slice(body).map_err(|why| bad("", format!("the body is not JSON: {why}")))?;
    let mut fields = open(value, "")?;
    fields.take("model");
    let mut request = Request { messages: contents_in::read(&mut fields)?, ..Request::default() };
    request.show_reasoning = Some(false);
    declarations::read(&mut fields, &mut request)?;
    if let Some(config) = inner(&mut fields, "generationConfig")? {
        read_config(config, &mut request)?;
    }
    // the default of every filter, and no labels, ask for nothing
    let asks = |value: &Value| !matches!(value, Value::Array(list) if list.is_empty());
    request.rest.extend(fields.rest().into_iter().filter(|(_, value)| asks(value)));
    Ok(request)
}

fn read_config(mut config: Fields, request: &mut Request) -> Result<(), BadRequest> {
    request.max_tokens = config.number("maxOutputTokens")?;
    request.temperature = config.number("temperature")?;
    request.top_p = config.number("topP")?;
    request.top_k = config.number("topK")?;
    request.n = config.number("candidateCount")?;
    request.seed = config.number("seed")?;
    request.presence_penalty = config.number("presencePenalty")?;
    request.frequency_penalty = config.number("frequencyPenalty")?;
    request.logprobs = config.flag("responseLogprobs")?;
    request.top_logprobs = config.number("logprobs")?;
    let at = config.at("stopSequences");
    for (n, value) in config.list("stopSequences")?.unwrap_or_default().into_iter().enumerate() {
        match value {
            Value::String(text) => request.stop.push(text),
            other => return Err(wrong(format!("{at}/{n}"), "a string", &other)),
        }
    }
    form(&mut config, request)?;
    if let Some(thinking) = inner(&mut config, "thinkingConfig")? {
        let (reasoning, shown) = reasoning(thinking)?;
        (request.reasoning, request.show_reasoning) = (reasoning, Some(shown));
    }
    // text is what every answer is made of unless more is asked for
    let text_only = |value: &Value| value.as_array().is_some_and(|list| list.len() == 1 && list[0] == "TEXT");
    if let Some(modalities) = config.take("responseModalities").filter(|value| !text_only(value)) {
        request.rest.insert(format!("{CONFIG}responseModalities"), modalities);
    }
    request.rest.extend(config.rest().into_iter().map(|(name, value)| (format!("{CONFIG}{name}"), value)));
    Ok(())
}

/// The form of the answer: JSON, by a schema of either kind.
fn form(config: &mut Fields, request: &mut Request) -> Result<(), BadRequest> {
    let kind = config.text("responseMimeType")?;
    let own = config.take("responseSchema").map(schema::read);
    let schema = config.take("responseJsonSchema").or(own);
    match (kind.as_deref(), schema) {
        (None | Some("application/json"), Some(schema)) => {
            request.format = Some(Format::JsonSchema { name: None, description: None, schema, strict: None });
        }
        (Some("application/json"), None) => request.format = Some(Format::JsonObject),
        (None | Some("text/plain"), _) => {}
        // one word of a list: a form that no other API has
        (Some(other), schema) => {
            request.rest.insert(format!("{CONFIG}responseMimeType"), other.into());
            request.rest.extend(schema.map(|schema| (format!("{CONFIG}responseSchema"), schema)));
        }
    }
    Ok(())
}

/// How much, and whether it shall be told.
fn reasoning(mut thinking: Fields) -> Result<(Option<Reasoning>, bool), BadRequest> {
    let shown = thinking.flag("includeThoughts")?.unwrap_or(false);
    let budget = thinking.number("thinkingBudget")?;
    if let Some(level) = thinking.text("thinkingLevel")? {
        let unsaid = level == "THINKING_LEVEL_UNSPECIFIED";
        return Ok(((!unsaid).then(|| Reasoning::Effort(level.to_ascii_lowercase())), shown));
    }
    let reasoning = match budget {
        Some(budget) if budget.as_i64() == Some(0) => Some(Reasoning::Off),
        Some(budget) if budget.as_i64().is_some_and(|tokens| tokens < 0) => Some(Reasoning::Adaptive),
        Some(budget) => Some(Reasoning::Budget(budget)),
        None => shown.then_some(Reasoning::Adaptive),
    };
    Ok((reasoning, shown))
}
