//! The items of a caller's `input`, read: a turn is a list of items here, and one message each elsewhere.

use serde_json::Value;

use super::super::BadRequest;
use super::super::media;
use super::super::openai::{Fields, Strays};
use super::super::request::{Content, Message, Part, Role, Source};
use super::{parts_in, thought};

/// Items that tell what the provider's own tools did in an earlier turn: what they found is in the text that follows, so a
/// provider without them goes on well, and is only told less.
const TOLD: [&str; 9] = [
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "mcp_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "tool_search_call",
    "tool_search_output",
];

/// The conversation of `input`.
///
/// # Errors
/// An item has the wrong form, or one that only OpenAI can read.
pub fn read(input: Value, strays: &mut Strays) -> Result<Vec<Message>, BadRequest> {
    let list = match input {
        Value::String(text) => {
            return Ok(vec![Message { role: Role::User, name: None, parts: vec![Part::text(text)] }]);
        }
        Value::Array(list) => list,
        _ => return Err(bad("/input", "This must be a string or an array of items")),
    };
    let mut out = Vec::new();
    for (n, item) in list.into_iter().enumerate() {
        if let Some((role, parts)) = read_item(item, format!("/input/{n}"), strays)? {
            add(&mut out, role, parts);
        }
    }
    Ok(out)
}

/// What the model made in one turn is one message: elsewhere thought, text and calls belong together.
fn add(out: &mut Vec<Message>, role: Role, parts: Vec<Part>) {
    match out.last_mut() {
        Some(last) if last.role == role && matches!(role, Role::Assistant | Role::Tool) => last.parts.extend(parts),
        _ => out.push(Message { role, name: None, parts }),
    }
}

fn read_item(item: Value, at: String, strays: &mut Strays) -> Result<Option<(Role, Vec<Part>)>, BadRequest> {
    let mut fields = Fields::of(item, at)?;
    let kind = match fields.text("type")? {
        Some(kind) => kind,
        None => "message".to_owned(),
    };
    // labels of an answer's items that come back with them
    for label in ["id", "status", "phase", "caller", "namespace"] {
        fields.any(label);
    }
    let read = match kind.as_str() {
        "message" => message(&mut fields, strays)?,
        "function_call" => {
            let (id, name) = (fields.needed("call_id")?, fields.needed("name")?);
            let arguments = fields.text("arguments")?.unwrap_or_default();
            (Role::Assistant, vec![Part::of(Content::ToolCall { id, name, arguments }).at(fields.here())])
        }
        "custom_tool_call" => {
            let (id, name, input) = (fields.needed("call_id")?, fields.needed("name")?, fields.needed("input")?);
            let call = Content::Other(super::tools::custom_call(&id, &name, &input));
            (Role::Assistant, vec![Part::of(call).at(fields.here())])
        }
        "function_call_output" | "custom_tool_call_output" => {
            let id = fields.needed("call_id")?;
            fields.any("name");
            let parts = match fields.any("output") {
                Some(output) => parts_in::read(output, &fields.place("output"), strays)?,
                None => return Err(fields.bad("output", "This is missing; give a string or an array of parts")),
            };
            (Role::Tool, vec![Part::of(Content::ToolResult { id, parts, is_error: false }).at(fields.here())])
        }
        "reasoning" => (Role::Assistant, thought::read(&mut fields)?.into_iter().collect()),
        "image_generation_call" => match fields.text("result")?.filter(|data| !data.is_empty()) {
            Some(data) => {
                let format = fields.text("output_format")?.map(|format| format!("image/{format}"));
                let media_type = format.unwrap_or_else(|| media::picture(&data).to_owned());
                for told in ["action", "background", "quality", "revised_prompt", "size"] {
                    fields.any(told);
                }
                let source = Source::Base64 { media_type, data };
                (Role::Assistant, vec![Part::of(Content::Image { source, detail: None }).at(fields.here())])
            }
            None => {
                strays.note("input.image_generation_call");
                return Ok(None);
            }
        },
        told if TOLD.contains(&told) => {
            strays.note(&format!("input.{told}"));
            return Ok(None);
        }
        "item_reference" => {
            let what = "This refers to an item that OpenAI keeps, and the model is served by another provider; send the \
                        item itself";
            return Err(fields.bad("type", what));
        }
        other => {
            let other: String = other.chars().take(40).collect();
            let what = format!("Items of type `{other}` are for OpenAI's own tools, which this model's provider lacks");
            return Err(fields.bad("type", what));
        }
    };
    strays.take("input", fields);
    Ok(Some(read))
}

fn message(fields: &mut Fields, strays: &mut Strays) -> Result<(Role, Vec<Part>), BadRequest> {
    let role = match fields.needed("role")?.as_str() {
        "system" | "developer" => Role::System,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        _ => return Err(fields.bad("role", "This must be user, assistant, system or developer")),
    };
    match fields.any("content") {
        Some(content) => Ok((role, parts_in::read(content, &fields.place("content"), strays)?)),
        None => Err(fields.bad("content", "This is missing; give a string or an array of parts")),
    }
}

fn bad(pointer: &str, what: &str) -> BadRequest {
    BadRequest { pointer: pointer.to_owned(), what: what.to_owned() }
}
