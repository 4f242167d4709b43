//! A caller's tools and their choice, read.

use serde_json::{Map, Value};

use super::fields::{Fields, bad, inner, open, wrong};
use super::schema;
use crate::dialects::BadRequest;
use crate::dialects::request::{Request, Tool, ToolChoice};

/// Takes `tools` and `toolConfig`. Members of a declaration that the model has no place for go into [`Request::rest`] under
/// `tools.<member>`.
///
/// # Errors
/// A member has the wrong type, or a declaration has no name.
pub fn read(fields: &mut Fields, request: &mut Request) -> Result<(), BadRequest> {
    for (n, value) in fields.list("tools")?.unwrap_or_default().into_iter().enumerate() {
        let at = format!("/tools/{n}");
        let mut tool = open(value, &*at)?;
        for (m, value) in tool.list("functionDeclarations")?.unwrap_or_default().into_iter().enumerate() {
            let tool = declaration(open(value, format!("{at}/functionDeclarations/{m}"))?, &mut request.rest)?;
            request.tools.push(tool);
        }
        let rest = tool.rest();
        if !rest.is_empty() {
            request.tools.push(Tool::Native(rest.into()));
        }
    }
    let Some(mut config) = inner(fields, "toolConfig")? else { return Ok(()) };
    if let Some(calling) = config.take("functionCallingConfig") {
        request.tool_choice = Some(choice(calling)?);
    }
    request.rest.extend(config.rest().into_iter().map(|(name, value)| (format!("toolConfig.{name}"), value)));
    Ok(())
}

fn declaration(mut fields: Fields, rest: &mut Map<String, Value>) -> Result<Tool, BadRequest> {
    let name = fields.need("name")?;
    let own = fields.take("parameters").map(schema::read);
    let tool = Tool::Function {
        description: fields.text("description")?.filter(|text| !text.is_empty()),
        parameters: fields.take("parametersJsonSchema").or(own),
        strict: None,
        cache_control: None,
        name: name.clone(),
    };
    for (member, value) in fields.rest() {
        let of_tools = rest.entry(format!("tools.{member}")).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(of_tools) = of_tools {
            of_tools.insert(name.clone(), value);
        }
    }
    Ok(tool)
}

fn choice(value: Value) -> Result<ToolChoice, BadRequest> {
    let at = "/toolConfig/functionCallingConfig";
    let mut calling = open(value.clone(), at)?;
    let names = calling.list("allowedFunctionNames")?.unwrap_or_default();
    let mode = calling.text("mode")?.unwrap_or_else(|| "AUTO".to_owned());
    Ok(match (mode.to_ascii_uppercase().as_str(), names.as_slice()) {
        ("AUTO" | "MODE_UNSPECIFIED", []) => ToolChoice::Auto,
        ("NONE", _) => ToolChoice::None,
        ("ANY", []) => ToolChoice::Required,
        ("ANY", [Value::String(name)]) => ToolChoice::Function(name.clone()),
        ("ANY", [other]) => return Err(wrong(format!("{at}/allowedFunctionNames/0"), "a string", other)),
        // some of several, or VALIDATED: choices that no other API has
        ("AUTO" | "ANY" | "VALIDATED", _) => ToolChoice::Native(serde_json::json!({ "functionCallingConfig": value })),
        _ => return Err(bad(format!("{at}/mode"), "is no mode; it must be AUTO, ANY, NONE or VALIDATED")),
    })
}
