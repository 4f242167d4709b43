//! A caller's body, read for a provider that does not speak this protocol.

use serde_json::Value;

use super::super::BadRequest;
use super::super::openai::{Fields, Strays};
use super::super::request::{Format, Message, Part, Reasoning, Request, Role};
use super::{items_in, tools};

/// Fields that only the provider who keeps the conversation can answer.
const KEPT: [(&str, &str); 4] = [
    ("previous_response_id", "an earlier response"),
    ("conversation", "a conversation"),
    ("prompt", "a prompt"),
    ("background", "a response that is made in the background"),
];

/// The request that a body is.
///
/// What is normalized on the way: `instructions` is the first system message; items that the model made in a row are one
/// message; `include` of encrypted reasoning is let pass, since sealed thought is always told.
///
/// # Errors
/// A member has the wrong type or form, or asks for what OpenAI keeps.
pub fn read_request(body: &[u8]) -> Result<Request, BadRequest> {
    let unreadable =
        |e: serde_json::Error| BadRequest { pointer: String::new(), what: format!("This is no JSON: {e}") };
    let mut fields = Fields::of(serde_json::from_slice(body).map_err(unreadable)?, String::new())?;
    fields.any("model");
    for (name, _) in KEPT {
        let asked = fields.any(name).is_some_and(|value| value != Value::Bool(false));
        if asked && let Some(bad) = kept(name) {
            return Err(bad);
        }
    }
    let mut strays = Strays::default();
    let mut request = Request { stream: fields.truth("stream")?.unwrap_or(false), ..Request::default() };
    if let Some(text) = fields.text("instructions")?.filter(|text| !text.is_empty()) {
        request.messages.push(Message { role: Role::System, name: None, parts: vec![Part::text(text)] });
    }
    let missing = fields.bad("input", "This is missing; give a string or an array of items");
    request.messages.extend(items_in::read(fields.any("input").ok_or(missing)?, &mut strays)?);
    for (n, tool) in fields.list("tools")?.into_iter().enumerate() {
        request.tools.extend(tools::read(tool, format!("/tools/{n}"), &mut strays)?);
    }
    request.tool_choice = fields.any("tool_choice").map(tools::read_choice).transpose()?;
    request.parallel_tool_calls = fields.truth("parallel_tool_calls")?;
    request.max_tokens = fields.number("max_output_tokens")?;
    request.temperature = fields.number("temperature")?;
    request.top_p = fields.number("top_p")?;
    request.top_logprobs = fields.number("top_logprobs")?.filter(|number| number.as_u64() != Some(0));
    request.logprobs = request.top_logprobs.as_ref().map(|_| true);
    request.user = fields.text("user")?;
    request.service_tier = fields.text("service_tier")?;
    request.metadata = fields.object("metadata")?.map(Fields::rest).filter(|labels| !labels.is_empty());
    text(&mut fields, &mut request, &mut strays)?;
    reasoning(&mut fields, &mut request, &mut strays)?;
    include(&mut fields, &mut request, &mut strays)?;
    // padding of the wire, which nobody has to have; and the default
    if let Some(mut options) = fields.object("stream_options")? {
        options.any("include_obfuscation");
        strays.take("stream_options", options);
    }
    if fields.text("truncation")?.is_some_and(|word| word != "disabled") {
        fields.put("truncation", "auto".into());
    }
    request.rest.extend(fields.rest());
    request.rest.extend(strays.into_rest());
    Ok(request)
}

/// The complaint about a member that asks for what the provider would have to keep, if it is one.
pub fn kept(name: &str) -> Option<BadRequest> {
    let (_, what) = KEPT.iter().find(|(known, _)| *known == name)?;
    let what = format!(
        "This asks for {what}, which the provider would have to keep, and the model's provider keeps none; send the whole \
         `input` instead"
    );
    Some(BadRequest { pointer: format!("/{name}"), what })
}

fn text(fields: &mut Fields, request: &mut Request, strays: &mut Strays) -> Result<(), BadRequest> {
    let Some(mut text) = fields.object("text")? else { return Ok(()) };
    if let Some(verbosity) = text.any("verbosity") {
        request.rest.insert("verbosity".into(), verbosity);
    }
    if let Some(format) = text.any("format") {
        request.format = read_format(Fields::of(format, "/text/format".into())?, strays)?;
    }
    strays.take("text", text);
    Ok(())
}

fn read_format(mut fields: Fields, strays: &mut Strays) -> Result<Option<Format>, BadRequest> {
    match fields.needed("type")?.as_str() {
        "text" => Ok(None),
        "json_object" => Ok(Some(Format::JsonObject)),
        "json_schema" => {
            let missing = fields.bad("schema", "This is missing; give a JSON schema");
            let format = Format::JsonSchema {
                name: fields.text("name")?,
                description: fields.text("description")?,
                schema: fields.any("schema").ok_or(missing)?,
                strict: fields.truth("strict")?,
            };
            strays.take("text.format", fields);
            Ok(Some(format))
        }
        _ => Err(fields.bad("type", "This must be text, json_object or json_schema")),
    }
}

fn reasoning(fields: &mut Fields, request: &mut Request, strays: &mut Strays) -> Result<(), BadRequest> {
    request.show_reasoning = Some(false);
    let Some(mut reasoning) = fields.object("reasoning")? else { return Ok(()) };
    request.reasoning = reasoning.text("effort")?.map(Reasoning::Effort);
    let shown = [reasoning.text("summary")?, reasoning.text("generate_summary")?];
    request.show_reasoning = Some(shown.iter().any(Option::is_some));
    strays.take("reasoning", reasoning);
    Ok(())
}

fn include(fields: &mut Fields, request: &mut Request, strays: &mut Strays) -> Result<(), BadRequest> {
    for name in fields.list("include")? {
        match name.as_str() {
            Some("reasoning.encrypted_content") => {}
            Some("message.output_text.logprobs") => request.logprobs = Some(true),
            Some(name) => strays.note(&format!("include.{name}")),
            None => return Err(fields.bad("include", "This must be an array of strings")),
        }
    }
    Ok(())
}
