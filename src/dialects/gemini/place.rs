//! A file as a part: its bytes, or where it is.

use serde_json::Value;

use crate::dialects::openai::object;
use crate::dialects::request::Source;

/// A file, here or there, as a part.
pub fn place(source: Source) -> Value {
    match source {
        Source::Base64 { media_type, data } => {
            object([("inlineData", object([("mimeType", media_type.into()), ("data", data.into())]))])
        }
        Source::Text(text) => object([("text", text.into())]),
        Source::Url(url) | Source::File(url) => {
            let mut file = object([("fileUri", url.as_str().into())]);
            if let Some(kind) = media_type(&url) {
                file["mimeType"] = kind.into();
            }
            object([("fileData", file)])
        }
    }
}

/// The type that an address tells by its ending: a file at Google knows its own.
fn media_type(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let ending = path.rsplit('/').next()?.rsplit_once('.')?.1.to_ascii_lowercase();
    Some(match ending.as_str() {
        "jpg" | "jpeg" => "image/jpeg".to_owned(),
        "png" | "webp" | "heic" | "heif" | "gif" => format!("image/{ending}"),
        "pdf" => "application/pdf".to_owned(),
        "txt" | "md" => "text/plain".to_owned(),
        "html" | "csv" | "xml" => format!("text/{ending}"),
        "mp4" | "webm" | "mpeg" | "mov" => format!("video/{ending}"),
        "mp3" | "wav" | "ogg" | "flac" | "aac" => format!("audio/{ending}"),
        _ => return None,
    })
}
