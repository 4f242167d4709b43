//! The parts of a message, written.

use serde_json::{Map, Value, json};

use super::super::foreign::{self, Foreign};
use super::super::request::{Content, Part, Source};
use super::super::{BadRequest, Did, Notes};
use super::names::Takes;
use super::object::object;

/// Kinds of parts that servers of this dialect know and the model does not: vLLM's and their like.
const OTHERS: [&str; 4] = ["video_url", "audio_url", "input_video", "image_embeds"];

/// What is needed to write parts.
pub struct Writer<'n> {
    pub takes: Takes,
    pub notes: &'n mut Notes,
}

impl Writer<'_> {
    /// A part of a system, user or tool message; nothing where it says nothing to this provider. `at` is its place.
    ///
    /// # Errors
    /// The dialect has no form for it, and leaving it out would change what is said.
    pub fn part(&mut self, part: &Part, at: &str) -> Result<Option<Value>, BadRequest> {
        let at = part.place(at);
        let bad = |what: String| Err(BadRequest { pointer: at.to_owned(), what });
        let mut written = match &part.content {
            Content::Text { text, citations } => {
                if !citations.is_empty() {
                    self.notes.add("messages.citations", Did::Dropped, "told in an earlier turn; no form for them");
                }
                object([("type", "text".into()), ("text", text.as_str().into())])
            }
            Content::Image { source, detail } => {
                let url = match source {
                    Source::Url(url) => url.clone(),
                    Source::Base64 { media_type, data } => data_url(media_type, data),
                    Source::File(_) | Source::Text(_) => {
                        return bad("The provider takes pictures as URLs or in base64, not by a file's id".into());
                    }
                };
                let mut image = object([("url", url.into())]);
                if let Some(detail) = detail {
                    image["detail"] = detail.as_str().into();
                }
                object([("type", "image_url".into()), ("image_url", image)])
            }
            Content::Document { source, .. } if foreign::is_elsewhere(source, "file_") => {
                return bad(format!("This {}", foreign::ELSEWHERE));
            }
            Content::Document { source, name, more } => match document(source, name.as_deref(), more, self.notes) {
                Some(written) => written,
                None => return bad("The provider takes files in base64 or by id, not from a URL".into()),
            },
            Content::Audio { data, format } => {
                let audio = object([("data", data.as_str().into()), ("format", format.as_str().into())]);
                object([("type", "input_audio".into()), ("input_audio", audio)])
            }
            Content::Other(value) if value["type"].as_str().is_some_and(|kind| OTHERS.contains(&kind)) => value.clone(),
            Content::Other(value) => match foreign::read(value, self.notes) {
                Foreign::Nothing => return Ok(None),
                Foreign::Text(text) => object([("type", "text".into()), ("text", text.into())]),
                Foreign::Unknown => {
                    let kind = value["type"].as_str().unwrap_or_default().chars().take(40).collect::<String>();
                    return bad(format!(
                        "The provider has no part of type `{kind}`; use text, image_url, file or input_audio"
                    ));
                }
            },
            _ => return bad("A part of this type cannot stand in a message of this role".into()),
        };
        self.mark(part, &mut written);
        Ok(Some(written))
    }

    /// The mark that the prompt up to here may be cached, in the form that the model takes.
    pub fn mark(&mut self, part: &Part, written: &mut Value) {
        let Some(mark) = &part.cache_control else { return };
        if self.takes.cache_control {
            written["cache_control"] = mark.clone();
        } else if self.takes.breakpoints && written["type"] != "function" && written["role"].is_null() {
            written["prompt_cache_breakpoint"] = json!({"mode": "explicit"});
            self.notes.add("messages.cache_control", Did::Renamed, "prompt_cache_breakpoint");
        } else {
            self.notes.add("messages.cache_control", Did::Dropped, "the model takes no such mark");
        }
    }
}

/// A file, or its text as text. A name is demanded beside bytes.
fn document(source: &Source, name: Option<&str>, more: &Map<String, Value>, notes: &mut Notes) -> Option<Value> {
    if let Some(text) = foreign::plain(source) {
        let text = foreign::text(&text, name, more, notes);
        return Some(object([("type", "text".into()), ("text", text.into())]));
    }
    foreign::lost(more, None, notes);
    let file = match source {
        Source::Base64 { media_type, data } => object([
            ("filename", name.unwrap_or(if media_type == "application/pdf" { "file.pdf" } else { "file" }).into()),
            ("file_data", data_url(media_type, data).into()),
        ]),
        Source::File(id) => {
            let mut file = object([("file_id", id.as_str().into())]);
            if let Some(name) = name {
                file["filename"] = name.into();
            }
            file
        }
        Source::Url(_) | Source::Text(_) => return None,
    };
    Some(object([("type", "file".into()), ("file", file)]))
}

fn data_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}
