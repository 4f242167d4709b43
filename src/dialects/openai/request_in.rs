//! A caller's body, read.

use serde_json::{Value, json};

use super::super::BadRequest;
use super::super::request::{Format, Reasoning, Request, ToolChoice};
use super::fields::{Fields, Strays};
use super::{messages_in, tools};

/// The request that a body is.
///
/// What is normalized on the way: `developer` is `system`; a text that is a list of one part is a text; the older
/// `functions`, `function_call` and messages of role `function` are tools; `stop` is a list; `max_completion_tokens` wins
/// over `max_tokens`; members that are `null` are absent; `model` and `stream_options.include_usage` are the caller's
/// dealings with us and not part of it.
///
/// # Errors
/// A member has the wrong type or form.
pub fn read_request(body: &[u8]) -> Result<Request, BadRequest> {
    let unreadable =
        |e: serde_json::Error| BadRequest { pointer: String::new(), what: format!("This is no JSON: {e}") };
    read_fields(Fields::of(serde_json::from_slice(body).map_err(unreadable)?, String::new())?)
}

/// The same, of a body whose members stand already apart.
///
/// # Errors
/// As [`read_request`].
pub fn read_fields(mut fields: Fields) -> Result<Request, BadRequest> {
    fields.any("model");
    let mut request = Request { stream: fields.truth("stream")?.unwrap_or(false), ..Request::default() };
    let mut strays = messages(&mut fields, &mut request)?;
    tooling(&mut fields, &mut request, &mut strays)?;
    sampling(&mut fields, &mut request)?;
    let format = fields.any("response_format").map(|value| response_format(value, &fields.place("response_format")));
    let unknown_format = match format.transpose()? {
        Some(Read::Format(format)) => {
            request.format = format;
            None
        }
        Some(Read::Unknown(value)) => Some(value),
        None => None,
    };
    thinking(&mut fields, &mut request, &mut strays)?;
    stream_options(&mut fields)?;
    request.rest = fields.rest();
    // what every answer is made of asks for nothing
    request.rest.retain(|name, value| name != "modalities" || *value != json!(["text"]));
    request.rest.extend(unknown_format.map(|value| ("response_format".to_owned(), value)));
    request.rest.extend(strays.into_rest());
    Ok(request)
}

fn messages(fields: &mut Fields, request: &mut Request) -> Result<Strays, BadRequest> {
    let mut reader = messages_in::Reader::default();
    for (n, message) in fields.list("messages")?.into_iter().enumerate() {
        request.messages.push(reader.message(message, format!("/messages/{n}"))?);
    }
    Ok(reader.strays)
}

fn tooling(fields: &mut Fields, request: &mut Request, strays: &mut Strays) -> Result<(), BadRequest> {
    for (n, tool) in fields.list("tools")?.into_iter().enumerate() {
        request.tools.push(tools::read(tool, format!("/tools/{n}"), strays)?);
    }
    for (n, function) in fields.list("functions")?.into_iter().enumerate() {
        let function = Fields::of(function, format!("/functions/{n}"))?;
        request.tools.push(tools::read_function(function, None, strays)?);
    }
    for name in ["function_call", "tool_choice"] {
        if let Some(choice) = fields.any(name) {
            request.tool_choice = Some(tools::read_choice(choice, &fields.place(name))?);
        }
    }
    if let Some(ToolChoice::Function(name)) = &request.tool_choice
        && name.is_empty()
    {
        return Err(fields.bad("tool_choice", "This names a function without a name"));
    }
    request.parallel_tool_calls = fields.truth("parallel_tool_calls")?;
    Ok(())
}

fn sampling(fields: &mut Fields, request: &mut Request) -> Result<(), BadRequest> {
    let older = fields.number("max_tokens")?;
    request.max_tokens = fields.number("max_completion_tokens")?.or(older);
    request.temperature = fields.number("temperature")?;
    request.top_p = fields.number("top_p")?;
    request.top_k = fields.number("top_k")?;
    request.stop = stop(fields)?;
    request.n = fields.number("n")?;
    request.seed = fields.number("seed")?;
    request.presence_penalty = fields.number("presence_penalty")?;
    request.frequency_penalty = fields.number("frequency_penalty")?;
    request.logit_bias = fields.object("logit_bias")?.map(|bias| Value::Object(bias.rest()));
    request.logprobs = fields.truth("logprobs")?;
    request.top_logprobs = fields.number("top_logprobs")?;
    request.user = fields.text("user")?;
    request.service_tier = fields.text("service_tier")?;
    request.metadata = fields.object("metadata")?.map(Fields::rest);
    Ok(())
}

fn stop(fields: &mut Fields) -> Result<Vec<String>, BadRequest> {
    let bad = fields.bad("stop", "This must be a string or an array of strings");
    match fields.any("stop") {
        None => Ok(vec![]),
        Some(Value::String(text)) => Ok(vec![text]),
        Some(Value::Array(list)) => {
            let texts = list.into_iter().map(|item| match item {
                Value::String(text) => Ok(text),
                _ => Err(bad.clone()),
            });
            texts.collect()
        }
        Some(_) => Err(bad),
    }
}

/// `response_format`, as far as it is known.
enum Read {
    Format(Option<Format>),
    Unknown(Value),
}

fn response_format(value: Value, at: &str) -> Result<Read, BadRequest> {
    let kind = value["type"].as_str().map(str::to_owned);
    let mut fields = Fields::of(value, at.to_owned())?;
    match kind.as_deref() {
        Some("text") => Ok(Read::Format(None)),
        Some("json_object") => Ok(Read::Format(Some(Format::JsonObject))),
        Some("json_schema") => {
            let missing = fields.bad("json_schema", "This is missing; give an object with `name` and `schema`");
            let mut inner = fields.object("json_schema")?.ok_or(missing)?;
            Ok(Read::Format(Some(Format::JsonSchema {
                name: inner.text("name")?,
                description: inner.text("description")?,
                // a schema that is left out permits everything, as `{}` does
                schema: inner.any("schema").unwrap_or_else(|| Value::Object(Default::default())),
                strict: inner.truth("strict")?,
            })))
        }
        // vLLM's `structural_tag` and its like
        Some(_) => Ok(Read::Unknown(Value::Object(fields.rest()))),
        None => Err(fields.bad("type", "This must be text, json_object or json_schema")),
    }
}

/// `reasoning_effort`, or Anthropic's `thinking`, which says more and wins.
fn thinking(fields: &mut Fields, request: &mut Request, strays: &mut Strays) -> Result<(), BadRequest> {
    let kind = fields.any("thinking");
    if let Some(value) = kind {
        let mut inner = Fields::of(value, fields.place("thinking"))?;
        request.reasoning = match inner.needed("type")?.as_str() {
            // without a budget, as DeepSeek and others have it, the measure is the model's
            "enabled" => Some(inner.number("budget_tokens")?.map_or(Reasoning::Adaptive, Reasoning::Budget)),
            "adaptive" => Some(Reasoning::Adaptive),
            "disabled" => Some(Reasoning::Off),
            _ => return Err(inner.bad("type", "This must be enabled, adaptive or disabled")),
        };
        strays.take("thinking", inner);
    }
    if request.reasoning.is_none() {
        request.reasoning = fields.text("reasoning_effort")?.map(Reasoning::Effort);
    }
    Ok(())
}

/// Whether usage is shown is ours to see to; anything else asked of the stream stays.
fn stream_options(fields: &mut Fields) -> Result<(), BadRequest> {
    if let Some(mut options) = fields.object("stream_options")? {
        options.truth("include_usage")?;
        let left = options.rest();
        if !left.is_empty() {
            fields.put("stream_options", Value::Object(left));
        }
    }
    Ok(())
}
