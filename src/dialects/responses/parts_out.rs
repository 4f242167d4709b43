//! The parts of a message or of a tool's result, written.

use serde_json::{Map, Value};

use super::super::foreign::{self, Foreign};
use super::super::openai::object;
use super::super::request::{Content, Part, Source};
use super::super::{BadRequest, Did, Notes};

/// A part of a system or user message, or of a tool's result; nothing where it says nothing to this provider. `at` is its
/// place.
///
/// # Errors
/// The dialect has no form for it, and leaving it out would change what is said.
pub fn write(part: &Part, at: &str, notes: &mut Notes) -> Result<Option<Value>, BadRequest> {
    let at = part.place(at);
    let bad = |what: String| Err(BadRequest { pointer: at.to_owned(), what });
    if part.cache_control.is_some() {
        notes.add("messages.cache_control", Did::Dropped, "OpenAI caches by itself");
    }
    Ok(Some(match &part.content {
        Content::Text { text, citations } => {
            if !citations.is_empty() {
                notes.add("messages.citations", Did::Dropped, "told in an earlier turn; no form for them");
            }
            object([("type", "input_text".into()), ("text", text.as_str().into())])
        }
        Content::Image { source, .. } | Content::Document { source, .. } if foreign::is_elsewhere(source, "file_") => {
            return bad(format!("This {}", foreign::ELSEWHERE));
        }
        Content::Image { source, detail } => {
            let mut image = object([("type", "input_image".into())]);
            match source {
                Source::Url(url) => image["image_url"] = url.as_str().into(),
                Source::Base64 { media_type, data } => {
                    image["image_url"] = format!("data:{media_type};base64,{data}").into();
                }
                Source::File(id) => image["file_id"] = id.as_str().into(),
                Source::Text(_) => return bad("An image cannot be a text; send it in base64, or its URL".into()),
            }
            image["detail"] = detail.as_deref().unwrap_or("auto").into();
            image
        }
        Content::Document { source, name, more } => document(source, name.as_deref(), more, notes),
        Content::Audio { .. } => return bad("Responses take no sound; send a transcript".into()),
        Content::Other(value) => match foreign::read(value, notes) {
            Foreign::Nothing => return Ok(None),
            Foreign::Text(text) => object([("type", "input_text".into()), ("text", text.into())]),
            Foreign::Unknown => {
                let kind = value["type"].as_str().unwrap_or_default().chars().take(40).collect::<String>();
                return bad(format!("Responses have no part of type `{kind}`; use text, images or files"));
            }
        },
        _ => return bad("A part of this type cannot stand in a message of this role".into()),
    }))
}

/// A file, or its text as text. A name is demanded beside bytes.
fn document(source: &Source, name: Option<&str>, more: &Map<String, Value>, notes: &mut Notes) -> Value {
    if let Source::Text(text) = source {
        let text = foreign::text(text, name, more, notes);
        return object([("type", "input_text".into()), ("text", text.into())]);
    }
    foreign::lost(more, None, notes);
    let kind = ("type", "input_file".into());
    match source {
        Source::Base64 { media_type, data } => object([
            kind,
            ("filename", name.unwrap_or("file.pdf").into()),
            ("file_data", format!("data:{media_type};base64,{data}").into()),
        ]),
        Source::Url(url) => object([kind, ("file_url", url.as_str().into())]),
        Source::File(id) => object([kind, ("file_id", id.as_str().into())]),
        Source::Text(text) => object([("type", "input_text".into()), ("text", text.as_str().into())]),
    }
}
