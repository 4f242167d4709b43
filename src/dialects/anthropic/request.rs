//! The caller's body, read: parameters here, the conversation in `messages.rs`.

use serde_json::{Map, Value};

use super::fields::{Fields, bad, wrong};
use super::messages;
use super::writing::OUTPUT;
use crate::dialects::BadRequest;
use crate::dialects::hidden::shows_block;
use crate::dialects::request::{Format, Reasoning, Request, Tool, ToolChoice};

/// A conversation that the server holds between turns (a beta): only a provider of this API can. It is never left out, since
/// a caller who continues one sends no more than the last turn.
const THREAD: &str = "thread";

const UNKEPT: &str = "This asks for a conversation that the provider would have to keep, and the model's provider keeps none; \
                      send all `messages` instead, without `thread`";

/// Reads a body of `POST /v1/messages`.
///
/// What the model has no place for is in [`Request::rest`] under its own name, and what is part of something that has one
/// under a path: a `thinking.display` that is new, `tools.<member>` (an object from the tool's name to the member's value), and
/// `output_config.<member>`.
///
/// # Errors
/// A member has the wrong type, or one is missing without which nothing can be said.
pub fn read_request(body: &[u8]) -> Result<Request, BadRequest> {
    let value = serde_json::from_slice(body).map_err(|why| bad("", format!("the body is not JSON: {why}")))?;
    let mut fields = Fields::of(value, "")?;
    fields.take("model");
    if fields.take(THREAD).is_some() {
        return Err(bad(fields.at(THREAD), UNKEPT));
    }
    let mut request = Request { messages: messages::read(&mut fields)?, ..Request::default() };
    request.max_tokens = fields.number("max_tokens")?;
    request.temperature = fields.number("temperature")?;
    request.top_p = fields.number("top_p")?;
    request.top_k = fields.number("top_k")?;
    request.stop = stop(&mut fields)?;
    request.service_tier = fields.text("service_tier")?;
    request.stream = fields.flag("stream")?.unwrap_or(false);
    if let Some(mut metadata) = fields.object("metadata")? {
        request.user = metadata.text("user_id")?;
        request.metadata = Some(metadata.rest()).filter(|rest| !rest.is_empty());
    }
    let extras = tools(&mut fields, &mut request)?;
    choice(&mut fields, &mut request)?;
    // without a word about it, how it is told is the model's own affair
    let thinking = fields.peek("thinking");
    let told = shows_block(thinking);
    request.show_reasoning = (!told || thinking["display"].is_string()).then_some(told);
    let display = output(&mut fields, &mut request)?;
    request.rest.extend(fields.rest());
    request.rest.extend(extras);
    if request.max_tokens.is_none() {
        // as the API itself: a client that forgot it must not learn so only when it meets another provider
        return Err(bad("/max_tokens", "max_tokens is missing; give the most tokens the answer may have"));
    }
    request.rest.extend(display.map(|display| ("thinking.display".to_owned(), display)));
    Ok(request)
}

fn stop(fields: &mut Fields) -> Result<Vec<String>, BadRequest> {
    let list = fields.list("stop_sequences")?.unwrap_or_default();
    let text = |(n, value)| match value {
        Value::String(text) => Ok(text),
        other => Err(wrong(format!("/stop_sequences/{n}"), "a string", &other)),
    };
    list.into_iter().enumerate().map(text).collect()
}

/// Tools that the caller runs have no `type` or `custom`; all others are Anthropic's own. Returns the members that
/// [`Tool::Function`] has no place for, under `tools.<member>`.
fn tools(fields: &mut Fields, request: &mut Request) -> Result<Map<String, Value>, BadRequest> {
    let mut extras = Map::new();
    for (n, value) in fields.list("tools")?.unwrap_or_default().into_iter().enumerate() {
        let kind = value.get("type").and_then(Value::as_str);
        if kind.is_some_and(|kind| kind != "custom") {
            request.tools.push(Tool::Native(value));
            continue;
        }
        let mut tool = Fields::of(value, format!("/tools/{n}"))?;
        tool.take("type");
        let name = tool.need("name")?;
        request.tools.push(Tool::Function {
            name: name.clone(),
            description: tool.text("description")?,
            parameters: tool.take("input_schema"),
            strict: tool.flag("strict")?,
            cache_control: tool.take("cache_control"),
        });
        for (member, value) in tool.rest() {
            let of_tools = extras.entry(format!("tools.{member}")).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(of_tools) = of_tools {
                of_tools.insert(name.clone(), value);
            }
        }
    }
    Ok(extras)
}

fn choice(fields: &mut Fields, request: &mut Request) -> Result<(), BadRequest> {
    let Some(value) = fields.take("tool_choice") else { return Ok(()) };
    let mut choice = Fields::of(value.clone(), "/tool_choice")?;
    request.parallel_tool_calls = choice.flag("disable_parallel_tool_use")?.map(|disabled| !disabled);
    request.tool_choice = Some(match choice.need("type")?.as_str() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Function(choice.need("name")?),
        _ => ToolChoice::Native(value),
    });
    Ok(())
}

/// `thinking`, `output_config` and its older form `output_format`. Returns a `thinking.display` of a newer word.
///
/// An effort says more than `adaptive`, and less than a budget: what is not taken stays under `output_config`.
fn output(fields: &mut Fields, request: &mut Request) -> Result<Option<Value>, BadRequest> {
    let mut display = None;
    if let Some(value) = fields.take("thinking") {
        let mut thinking = Fields::of(value.clone(), "/thinking")?;
        request.reasoning = match thinking.need("type")?.as_str() {
            "adaptive" => Some(Reasoning::Adaptive),
            "disabled" => Some(Reasoning::Off),
            "enabled" => Some(Reasoning::Budget(thinking.number("budget_tokens")?.ok_or_else(|| {
                bad("/thinking/budget_tokens", "is missing; it must be a number of tokens below max_tokens")
            })?)),
            // a form that is newer than this reader, for the provider to judge
            _ => {
                request.rest.insert("thinking".into(), value);
                None
            }
        };
        // the words that there are, are told by `show_reasoning`
        let unknown = |display: &Value| !matches!(display.as_str(), Some("omitted" | "summarized"));
        display = request.reasoning.is_some().then(|| thinking.take("display")).flatten().filter(unknown);
    }
    if let Some(mut config) = fields.object("output_config")? {
        if matches!(request.reasoning, None | Some(Reasoning::Adaptive)) && !request.rest.contains_key("thinking") {
            request.reasoning = config.text("effort")?.map(Reasoning::Effort).or(request.reasoning.take());
        }
        request.format = config.object("format")?.map(format).transpose()?;
        request.rest.extend(config.rest().into_iter().map(|(name, value)| (format!("{OUTPUT}.{name}"), value)));
    }
    if let Some(old) = fields.object("output_format")? {
        request.format = Some(format(old)?);
    }
    Ok(display)
}

fn format(mut fields: Fields) -> Result<Format, BadRequest> {
    let at = fields.at("type");
    match fields.need("type")?.as_str() {
        "json_schema" => {
            let at = fields.at("schema");
            let schema = fields.take("schema").ok_or_else(|| bad(at, "is missing; it must be a JSON schema"))?;
            Ok(Format::JsonSchema { name: None, description: None, schema, strict: None })
        }
        _ => Err(bad(at, "is not a format of this API; it must be json_schema")),
    }
}
