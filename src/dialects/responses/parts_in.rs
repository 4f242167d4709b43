//! The parts of a caller's message or of a tool's output, read.

use serde_json::{Map, Value};

use super::super::BadRequest;
use super::super::openai::{Fields, Strays, address, mark, other_part};
use super::super::request::{Content, Part, Source};

/// A content: a text, or a list of parts. `at` is its place.
///
/// # Errors
/// It is neither, or a part has the wrong form.
pub fn read(content: Value, at: &str, strays: &mut Strays) -> Result<Vec<Part>, BadRequest> {
    match content {
        Value::String(text) => Ok(vec![Part::text(text).at(at)]),
        Value::Array(parts) => {
            parts.into_iter().enumerate().map(|(n, value)| part(value, format!("{at}/{n}"), strays)).collect()
        }
        _ => Err(BadRequest { pointer: at.to_owned(), what: "This must be a string or an array of parts".into() }),
    }
}

fn part(value: Value, at: String, strays: &mut Strays) -> Result<Part, BadRequest> {
    let read: fn(&mut Fields) -> Result<Content, BadRequest> = match value["type"].as_str() {
        Some("input_image") => image,
        Some("input_file") => file,
        Some("output_text") => said,
        _ => return other_part(value, at, strays),
    };
    let mut fields = Fields::of(value, at)?;
    fields.any("type");
    let cache_control = mark(&mut fields);
    let content = read(&mut fields)?;
    let part = Part { cache_control, ..Part::of(content).at(fields.here()) };
    strays.take("input.content", fields);
    Ok(part)
}

/// What the model said in an earlier turn; its sources and probabilities tell of that answer, and no provider reads them.
fn said(fields: &mut Fields) -> Result<Content, BadRequest> {
    fields.any("annotations");
    fields.any("logprobs");
    Ok(Content::Text { text: fields.needed("text")?, citations: Vec::new() })
}

fn image(fields: &mut Fields) -> Result<Content, BadRequest> {
    let source = match (fields.text("image_url")?, fields.text("file_id")?) {
        (Some(url), _) => address(url, fields.place("image_url"), None)?,
        (None, Some(id)) => Source::File(id),
        (None, None) => return Err(fields.bad("image_url", "This or `file_id` must be given")),
    };
    Ok(Content::Image { source, detail: fields.text("detail")? })
}

fn file(fields: &mut Fields) -> Result<Content, BadRequest> {
    let name = fields.text("filename")?;
    fields.any("detail");
    let source = match (fields.text("file_data")?, fields.text("file_url")?, fields.text("file_id")?) {
        (Some(data), ..) if data.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) => {
            address(data, fields.place("file_data"), None)?
        }
        (Some(data), ..) => match name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".pdf")) {
            true => Source::Base64 { media_type: "application/pdf".into(), data },
            false => {
                return Err(
                    fields.bad("file_data", "This must be a data URL, such as `data:application/pdf;base64,...`")
                );
            }
        },
        (None, Some(url), _) => Source::Url(url),
        (None, None, Some(id)) => Source::File(id),
        (None, None, None) => return Err(fields.bad("file_data", "This, `file_url` or `file_id` must be given")),
    };
    Ok(Content::Document { source, name, more: Map::new() })
}
