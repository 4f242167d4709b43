//! The caller's content blocks, read.

use serde_json::Value;

use super::fields::{Fields, bad, wrong};
use crate::dialects::BadRequest;
use crate::dialects::request::{Content, Part, Source};

/// The parts of a content: a string is one text, an empty one is nothing.
///
/// # Errors
/// It is neither a string nor an array of blocks, or a block lacks what its type must have.
pub fn read(content: Value, at: &str) -> Result<Vec<Part>, BadRequest> {
    match content {
        Value::String(text) if text.is_empty() => Ok(Vec::new()),
        Value::String(text) => Ok(vec![Part::text(text).at(at)]),
        Value::Array(list) => {
            let blocks = list.into_iter().enumerate().map(|(n, value)| block(value, format!("{at}/{n}")));
            blocks.filter(|part| !part.as_ref().is_ok_and(says_nothing)).collect()
        }
        other => Err(wrong(at, "a string or an array of content blocks", &other)),
    }
}

/// The API refuses empty texts, but some of its servers don't.
fn says_nothing(part: &Part) -> bool {
    matches!(&part.content, Content::Text { text, citations } if text.is_empty() && citations.is_empty())
}

/// One block. A type that the model has no word for is kept whole, its mark within.
fn block(value: Value, at: String) -> Result<Part, BadRequest> {
    let source = value.get("source").and_then(|source| source.get("type")).and_then(Value::as_str);
    let placed = source.is_some_and(|kind| matches!(kind, "base64" | "url" | "file" | "text"));
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    let known = match kind {
        "text" | "thinking" | "redacted_thinking" | "tool_use" | "tool_result" => true,
        "image" | "document" => placed || source.is_none(),
        "" => return Err(bad(format!("{at}/type"), "is missing; it must name the kind of content block")),
        _ => false,
    };
    if !known {
        return Ok(Part::of(Content::Other(value)).at(at));
    }
    let kind = kind.to_owned();
    let mut fields = Fields::of(value, at.as_str())?;
    let cache_control = fields.take("cache_control");
    let content = match kind.as_str() {
        "text" => {
            let citations = fields.list("citations")?.unwrap_or_default();
            Content::Text { text: fields.need("text")?, citations }
        }
        "image" => Content::Image { source: place(&mut fields)?, detail: None },
        "document" => {
            let (source, name) = (place(&mut fields)?, fields.text("title")?);
            fields.take("type");
            Content::Document { source, name, more: fields.rest() }
        }
        "thinking" => {
            let signature = fields.text("signature")?.filter(|signature| !signature.is_empty());
            Content::Reasoning { text: fields.need("thinking")?, signature }
        }
        "redacted_thinking" => Content::Redacted { data: fields.need("data")? },
        "tool_use" => call(&mut fields)?,
        _ => result(&mut fields)?,
    };
    Ok(Part { cache_control, ..Part::of(content).at(at) })
}

fn place(fields: &mut Fields) -> Result<Source, BadRequest> {
    let at = fields.at("source");
    let mut source = fields.object("source")?.ok_or_else(|| bad(at, "is missing; it must be an object"))?;
    Ok(match source.need("type")?.as_str() {
        "url" => Source::Url(source.need("url")?),
        "file" => Source::File(source.need("file_id")?),
        "text" => Source::Text(source.need("data")?),
        _ => Source::Base64 { media_type: source.need("media_type")?, data: source.need("data")? },
    })
}

fn call(fields: &mut Fields) -> Result<Content, BadRequest> {
    let (id, name) = (fields.need("id")?, fields.need("name")?);
    let at = fields.at("input");
    let arguments = match fields.take("input") {
        None => String::new(),
        Some(Value::Object(input)) => Value::Object(input).to_string(),
        Some(other) => return Err(wrong(at, "an object", &other)),
    };
    Ok(Content::ToolCall { id, name, arguments })
}

/// Results nest no further: a call, a result or a thought within one is refused, which bounds the depth too.
fn result(fields: &mut Fields) -> Result<Content, BadRequest> {
    let (id, at) = (fields.need("tool_use_id")?, fields.at("content"));
    let is_error = fields.flag("is_error")?.unwrap_or(false);
    let content = fields.take("content").unwrap_or(Value::Array(Vec::new()));
    let nested = |block: &Value| {
        let kind = block.get("type").and_then(Value::as_str);
        matches!(kind, Some("tool_use" | "tool_result" | "thinking" | "redacted_thinking"))
    };
    if let Some(n) = content.as_array().and_then(|list| list.iter().position(nested)) {
        let what = "cannot stand in a tool's result; it takes text, image, document and search_result blocks";
        return Err(bad(format!("{at}/{n}/type"), what));
    }
    Ok(Content::ToolResult { id, parts: read(content, &at)?, is_error })
}
