//! Content blocks as Converse has them (`ContentBlock`), and how a part becomes one.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::dialects::anthropic::{Input, bad, input, of_claude, tool_id};
use crate::dialects::custom;
use crate::dialects::foreign::{self, Foreign};
use crate::dialects::request::{Content, Part, Source};
use crate::dialects::{BadRequest, Did, Notes};

/// A content block; borrows the request, since a picture is not to be copied on its way.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Block<'a> {
    Text(Cow<'a, str>),
    Image {
        format: &'static str,
        source: Place<'a>,
    },
    Audio {
        format: &'a str,
        source: Place<'a>,
    },
    Document {
        format: &'static str,
        name: String,
        source: Place<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        context: Option<&'a Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        citations: Option<&'a Value>,
    },
    ReasoningContent(Thought<'a>),
    ToolUse {
        tool_use_id: Cow<'a, str>,
        name: &'a str,
        input: Input<'a>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<&'static str>,
    },
    GuardContent {
        text: Guarded<'a>,
    },
    CachePoint {
        r#type: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        ttl: Option<&'static str>,
    },
}

/// Where a picture or document is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Place<'a> {
    Bytes(&'a str),
    Text(&'a str),
    S3Location { uri: &'a str },
}

/// Thought of an earlier turn.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Thought<'a> {
    ReasoningText { text: &'a str, signature: &'a str },
    RedactedContent(&'a str),
}

/// What the guardrail shall look at, where it shall not look at all.
#[derive(Serialize)]
pub struct Guarded<'a> {
    pub text: Cow<'a, str>,
}

/// Media types and `ImageFormat`.
const PICTURES: [(&str, &str); 5] =
    [("image/png", "png"), ("image/jpeg", "jpeg"), ("image/jpg", "jpeg"), ("image/gif", "gif"), ("image/webp", "webp")];

/// Media types and `DocumentFormat`.
const DOCUMENTS: [(&str, &str); 9] = [
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/msword", "doc"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    ("text/html", "html"),
    ("text/plain", "txt"),
    ("text/markdown", "md"),
];

/// One part as a block; nothing where there is nothing to say. `at` is the part's place.
///
/// # Errors
/// Converse has no such part, and to leave it out would change what is asked.
pub fn of_part<'a>(part: &'a Part, at: &str, notes: &mut Notes) -> Result<Option<Block<'a>>, BadRequest> {
    let at = part.place(at);
    Ok(Some(match &part.content {
        // the service refuses blank texts
        Content::Text { text, .. } | Content::Refusal(text) if text.trim().is_empty() => return Ok(None),
        Content::Text { text, citations } => {
            if !citations.is_empty() {
                notes.add("messages.citations", Did::Dropped, "sources of an earlier answer are not taken back");
            }
            Block::Text(text.into())
        }
        Content::Refusal(text) => Block::Text(text.into()),
        Content::Image { source, detail } => {
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                notes.add("messages.image_url.detail", Did::Dropped, "pictures have no detail here");
            }
            picture(source, at)?
        }
        Content::Audio { data, format } => Block::Audio { format, source: Place::Bytes(data) },
        Content::Document { source, name, more } => document(source, name.as_deref(), more, (at, notes))?,
        Content::Reasoning { text, signature: Some(signature) } if of_claude(signature) => {
            Block::ReasoningContent(Thought::ReasoningText { text, signature })
        }
        Content::Reasoning { .. } => {
            let why = "thought that the model has not signed is not taken back";
            notes.add("messages.reasoning_content", Did::Dropped, why);
            return Ok(None);
        }
        Content::Redacted { data } if !of_claude(data) => {
            notes.add("messages.thinking.signature", Did::Dropped, "sealed for another provider");
            return Ok(None);
        }
        Content::Redacted { data } => Block::ReasoningContent(Thought::RedactedContent(data)),
        Content::ToolCall { id, name, arguments } => {
            Block::ToolUse { tool_use_id: tool_id(id, notes), name, input: input(arguments, notes) }
        }
        Content::ToolResult { id, parts, is_error } => {
            let content = result(parts, at, notes)?;
            let status = is_error.then_some("error");
            Block::ToolResult { tool_use_id: tool_id(id, notes), content, status }
        }
        Content::Other(value) => return other(value, at, notes),
    }))
}

/// The cache point that stands behind a marked part; for models without them, a note.
pub fn mark<'a>(cache_control: Option<&Value>, caches: bool, notes: &mut Notes) -> Option<Block<'a>> {
    let mark = cache_control?;
    if !caches {
        notes.add("messages.cache_control", Did::Dropped, "this model has no cache of prompts");
        return None;
    }
    let ttl = match mark.get("ttl").and_then(Value::as_str) {
        Some("1h") => Some("1h"),
        Some("5m") => Some("5m"),
        _ => None,
    };
    Some(Block::CachePoint { r#type: "default", ttl })
}

fn result<'a>(parts: &'a [Part], at: &str, notes: &mut Notes) -> Result<Vec<Block<'a>>, BadRequest> {
    let mut blocks = Vec::new();
    for part in parts {
        if matches!(part.content, Content::ToolResult { .. } | Content::ToolCall { .. } | Content::Audio { .. }) {
            return Err(bad(at, "has a call, a result or sound within a tool's result; give it text or images"));
        }
        blocks.extend(of_part(part, at, notes)?);
    }
    if blocks.is_empty() {
        // a result must have content, and a tool may well have nothing to say
        blocks.push(Block::Text(Cow::Borrowed("(no content)")));
        notes.add("messages.tool.content", Did::Defaulted, "an empty result says (no content)");
    }
    Ok(blocks)
}

fn picture<'a>(source: &'a Source, at: &str) -> Result<Block<'a>, BadRequest> {
    let kinds = "it must be a png, jpeg, gif or webp";
    let format = match source {
        Source::Base64 { media_type, .. } => lookup(&PICTURES, media_type),
        Source::Url(url) => by_name(url, &["png", "jpeg", "gif", "webp"]).or(by_name(url, &["jpg"]).map(|_| "jpeg")),
        _ => None,
    };
    let source = place(source, at)?;
    let format =
        format.ok_or_else(|| bad(at, format!("has an image of a type that Bedrock does not take; {kinds}")))?;
    Ok(Block::Image { format, source })
}

fn document<'a>(
    source: &'a Source,
    name: Option<&str>,
    more: &'a Map<String, Value>,
    (at, notes): (&str, &mut Notes),
) -> Result<Block<'a>, BadRequest> {
    const ENDINGS: [&str; 9] = ["pdf", "csv", "docx", "doc", "xlsx", "xls", "html", "txt", "md"];
    let format = match source {
        Source::Base64 { media_type, .. } => lookup(&DOCUMENTS, media_type),
        Source::Url(url) => by_name(url, &ENDINGS),
        Source::Text(_) => Some("txt"),
        Source::File(_) => None,
    };
    let source = place(source, at)?;
    let format = format.ok_or_else(|| {
        bad(at, format!("has a file of a type that Bedrock does not take; it must be one of {}", ENDINGS.join(", ")))
    })?;
    if more.keys().any(|member| member != "context" && member != "citations") {
        notes.add("messages.document", Did::Dropped, "documents have a context and citations, and no other members");
    }
    let (context, citations) = (more.get("context"), more.get("citations"));
    Ok(Block::Document { format, name: file_name(name, at, notes), source, context, citations })
}

/// `DocumentBlock.name`: letters, digits, single spaces, hyphens, brackets, at most 200. One that is made up is the same
/// each time, so that a cached prompt stays the same.
fn file_name(given: Option<&str>, at: &str, notes: &mut Notes) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']');
    let source = given.unwrap_or(at);
    let words: String = source.chars().map(|c| if fits(c) { c } else { ' ' }).collect();
    let name = words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect::<String>();
    if given.is_some_and(|given| given != name) {
        notes.add("messages.file.filename", Did::Renamed, "letters, digits, spaces, hyphens and brackets only");
    }
    if name.is_empty() { "document".to_owned() } else { name }
}

fn place<'a>(source: &'a Source, at: &str) -> Result<Place<'a>, BadRequest> {
    match source {
        Source::Base64 { data, .. } => Ok(Place::Bytes(data)),
        Source::Text(text) => Ok(Place::Text(text)),
        Source::Url(uri) if uri.starts_with("s3://") => Ok(Place::S3Location { uri }),
        // never fetched by us, and Bedrock fetches from nowhere else
        Source::Url(_) => {
            Err(bad(at, "has a URL, which Bedrock does not fetch; send the bytes in base64, or an s3:// URL"))
        }
        Source::File(_) => Err(bad(at, "has a file's id, and Bedrock keeps no files; send the bytes in base64")),
    }
}

/// LiteLLM's `guarded_text` is a text that a guardrail shall look at.
fn other<'a>(value: &'a Value, at: &str, notes: &mut Notes) -> Result<Option<Block<'a>>, BadRequest> {
    let text = value.get("text").and_then(Value::as_str);
    if let (Some("guarded_text"), Some(text)) = (value.get("type").and_then(Value::as_str), text) {
        return Ok(Some(Block::GuardContent { text: Guarded { text: text.into() } }));
    }
    if let Some(call) = custom::Call::of(value) {
        let (tool_use_id, input) = (tool_id(call.id, notes), Input::Custom { input: call.input });
        return Ok(Some(Block::ToolUse { tool_use_id, name: call.name, input }));
    }
    match foreign::read(value, notes) {
        Foreign::Nothing => Ok(None),
        Foreign::Text(text) => Ok(Some(Block::Text(text.into()))),
        Foreign::Unknown => {
            Err(bad(at, "has a kind of content that Converse does not have; send text, images, sound or documents"))
        }
    }
}

fn lookup(table: &[(&str, &'static str)], media_type: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(media_type)).map(|(_, format)| *format)
}

fn by_name(url: &str, endings: &[&'static str]) -> Option<&'static str> {
    let ending = url.rsplit('.').next()?.to_ascii_lowercase();
    endings.iter().find(|known| **known == ending).copied()
}
