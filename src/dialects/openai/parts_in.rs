//! The parts of a caller's message, read.

use serde_json::{Map, Value, json};

use super::super::BadRequest;
use super::super::request::{Content, Part, Source};
use super::fields::{Fields, Strays};

/// A message's content: a text or a list of parts. `at` is its place.
///
/// # Errors
/// It is neither, or a part has the wrong form.
pub fn read(content: Value, at: &str, strays: &mut Strays) -> Result<Vec<Part>, BadRequest> {
    match content {
        Value::String(text) => Ok(vec![Part::text(text).at(at)]),
        Value::Array(parts) => {
            let parts = parts.into_iter().enumerate();
            parts.map(|(n, value)| part(value, format!("{at}/{n}"), strays)).collect()
        }
        _ => Err(BadRequest { pointer: at.to_owned(), what: "This must be a string or an array of parts".into() }),
    }
}

/// One part.
///
/// # Errors
/// It has the wrong form.
pub fn part(value: Value, at: String, strays: &mut Strays) -> Result<Part, BadRequest> {
    if let Value::String(text) = value {
        return Ok(Part::text(text).at(at));
    }
    let read: fn(&mut Fields) -> Result<Content, BadRequest> = match value["type"].as_str() {
        Some("text" | "input_text" | "output_text") => text,
        Some("image_url") => image,
        Some("file") => file,
        Some("input_audio") => audio,
        Some("refusal") => |fields| Ok(Content::Refusal(fields.needed("refusal")?)),
        Some("thinking") => thinking,
        Some("redacted_thinking") => |fields| Ok(Content::Redacted { data: fields.needed("data")? }),
        // whoever writes it knows the kind or refuses it, with its place
        Some(_) => return Ok(Part::of(Content::Other(value)).at(at)),
        None => {
            let what = "A part must be an object with a `type`, such as text or image_url";
            return Err(BadRequest { pointer: format!("{at}/type"), what: what.into() });
        }
    };
    let mut fields = Fields::of(value, at)?;
    fields.any("type");
    let cache_control = mark(&mut fields);
    let content = read(&mut fields)?;
    let part = Part { cache_control, ..Part::of(content).at(fields.here()) };
    strays.take("messages.content", fields);
    Ok(part)
}

fn text(fields: &mut Fields) -> Result<Content, BadRequest> {
    Ok(Content::Text { text: fields.needed("text")?, citations: Vec::new() })
}

/// `cache_control`, or OpenAI's own mark with the same meaning (its description, `PromptCacheBreakpointParam`).
pub fn mark(fields: &mut Fields) -> Option<Value> {
    let own = fields.any("prompt_cache_breakpoint").map(|_| json!({"type": "ephemeral"}));
    fields.any("cache_control").or(own)
}

/// `image_url`: an object with the address, or the address alone, which LiteLLM takes too.
fn image(fields: &mut Fields) -> Result<Content, BadRequest> {
    let (url, at, detail, format) = match fields.any("image_url") {
        Some(Value::String(url)) => (url, fields.place("image_url"), None, None),
        Some(value) => {
            let mut inner = Fields::of(value, fields.place("image_url"))?;
            let url = inner.needed("url")?;
            (url, inner.place("url"), inner.text("detail")?, inner.text("format")?)
        }
        None => return Err(fields.bad("image_url", "This is missing; give an object with a `url`")),
    };
    Ok(Content::Image { source: address(url, at, format)?, detail })
}

fn file(fields: &mut Fields) -> Result<Content, BadRequest> {
    let missing = fields.bad("file", "This is missing; give an object with `file_data` or `file_id`");
    let mut inner = fields.object("file")?.ok_or(missing)?;
    let (name, format) = (inner.text("filename")?, inner.text("format")?);
    let source = match (inner.text("file_data")?, inner.text("file_id")?) {
        (Some(data), _) if is_data(&data) || is_url(&data) => address(data, inner.place("file_data"), format)?,
        (Some(data), _) => {
            let pdf = name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".pdf"));
            let media_type = format.or_else(|| pdf.then(|| "application/pdf".to_owned())).ok_or_else(|| {
                inner.bad("file_data", "This must be a data URL, such as `data:application/pdf;base64,...`")
            })?;
            Source::Base64 { media_type, data }
        }
        // LiteLLM takes an address for an id
        (None, Some(id)) if is_url(&id) => Source::Url(id),
        (None, Some(id)) => Source::File(id),
        (None, None) => return Err(inner.bad("file_data", "This or `file_id` must be given")),
    };
    Ok(Content::Document { source, name, more: Map::new() })
}

fn audio(fields: &mut Fields) -> Result<Content, BadRequest> {
    let missing = fields.bad("input_audio", "This is missing; give an object with `data` and `format`");
    let mut inner = fields.object("input_audio")?.ok_or(missing)?;
    Ok(Content::Audio { data: inner.needed("data")?, format: inner.needed("format")? })
}

/// Anthropic's block, or Mistral's, whose thought is a list of texts.
fn thinking(fields: &mut Fields) -> Result<Content, BadRequest> {
    let signature = fields.text("signature")?.filter(|signature| !signature.is_empty());
    let text = match fields.any("thinking") {
        Some(Value::String(text)) => text,
        Some(Value::Array(parts)) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        _ => return Err(fields.bad("thinking", "This must be a string")),
    };
    Ok(Content::Reasoning { text, signature })
}

fn is_url(text: &str) -> bool {
    ["http://", "https://", "gs://"].iter().any(|scheme| text.starts_with(scheme))
}

fn is_data(text: &str) -> bool {
    text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// An address, or the bytes themselves in a data URL (RFC 2397). `format` is LiteLLM's word for the media type, and wins.
///
/// # Errors
/// The data URL has the wrong form.
pub fn address(mut url: String, at: String, format: Option<String>) -> Result<Source, BadRequest> {
    if !is_data(&url) {
        return Ok(Source::Url(url));
    }
    let bad = |what: &str| BadRequest { pointer: at.clone(), what: what.into() };
    let comma = url.find(',').ok_or_else(|| bad("This data URL has no comma before its data"))?;
    let (kind, encoding) = url[5..comma].rsplit_once(';').unwrap_or((&url[5..comma], ""));
    if !encoding.trim().eq_ignore_ascii_case("base64") {
        return Err(bad("This data URL must be in base64: `data:image/png;base64,...`"));
    }
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let mut media_type = format.unwrap_or_else(|| kind.to_ascii_lowercase());
    if media_type == "image/jpg" {
        // what callers write and no registry has
        media_type = "image/jpeg".into();
    }
    if media_type.is_empty() {
        return Err(bad("This data URL names no media type: `data:image/png;base64,...`"));
    }
    url.drain(..=comma);
    Ok(Source::Base64 { media_type, data: url })
}
