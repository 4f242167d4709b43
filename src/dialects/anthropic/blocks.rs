//! The provider's content blocks, as they are written, and how a part becomes one.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::fields::bad;
use crate::dialects::custom;
use crate::dialects::foreign::{self, Foreign};
use crate::dialects::request::{Content, Part, Source};
use crate::dialects::{BadRequest, Did, Notes, signature};

/// A content: one text, or blocks.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Said<'a> {
    /// A text without a mark.
    Text(Cow<'a, str>),
    /// Anything else.
    Blocks(Vec<Block<'a>>),
}

/// A content block; borrows the request, since a picture is not to be copied on its way.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block<'a> {
    Text {
        text: Cow<'a, str>,
        #[serde(skip_serializing_if = "<[Value]>::is_empty")]
        citations: &'a [Value],
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    Image {
        source: Place<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    Document {
        source: Place<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
        #[serde(flatten)]
        more: &'a Map<String, Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: Input<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<Said<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        cache_control: Option<&'a Value>,
    },
    /// A block of the caller's that is one of this API's.
    #[serde(untagged)]
    Whole(&'a Value),
}

/// Where a picture or document is.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Place<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
    File { file_id: &'a str },
    Text { media_type: &'static str, data: Cow<'a, str> },
}

/// The arguments of a call, which this API wants as an object.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Input<'a> {
    /// As the model wrote them.
    Raw(&'a RawValue),
    /// None.
    Empty {},
    /// What a custom tool was given.
    Custom { input: &'a str },
    /// What is no object, wrapped in one in the way of Anthropic's page "Fine-grained tool streaming". To refuse it would
    /// end a conversation for good whose history has a model's slip in it.
    Invalid {
        #[serde(rename = "INVALID_JSON")]
        text: &'a str,
    },
}

/// Media types of pictures (Anthropic's page "Vision").
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// Blocks of this API that the model has no word for, besides all whose name ends in `_tool_result`.
const WHOLE: [&str; 7] =
    ["search_result", "server_tool_use", "mcp_tool_use", "container_upload", "tool_reference", "document", "image"];

/// One part as a block; nothing where there is nothing to say. `at` is the message's place.
///
/// # Errors
/// The API has no such part, and to leave it out would change what is asked.
pub fn of_part<'a>(part: &'a Part, at: &str, notes: &mut Notes) -> Result<Option<Block<'a>>, BadRequest> {
    let at = part.place(at);
    let cache_control = part.cache_control.as_ref();
    Ok(Some(match &part.content {
        Content::Text { text, .. } | Content::Refusal(text) if text.is_empty() => return Ok(None),
        Content::Text { text, citations } => Block::Text { text: text.into(), citations, cache_control },
        Content::Refusal(text) => Block::Text { text: text.into(), citations: &[], cache_control },
        Content::Image { source, detail } => {
            if detail.as_deref().is_some_and(|detail| detail != "auto") {
                notes.add("messages.image_url.detail", Did::Dropped, "pictures have no detail here");
            }
            Block::Image { source: picture(source, at)?, cache_control }
        }
        Content::Document { source, name, more } => {
            Block::Document { source: document(source, at)?, title: name.as_deref(), more, cache_control }
        }
        Content::Audio { .. } => {
            return Err(bad(at, "has sound, which Anthropic's models don't take; send a transcript"));
        }
        Content::Reasoning { text, signature: Some(signature) } if of_claude(signature) => {
            Block::Thinking { thinking: text, signature }
        }
        Content::Reasoning { .. } => {
            notes.add(
                "messages.reasoning_content",
                Did::Dropped,
                "thought that this provider has not signed is not taken back",
            );
            return Ok(None);
        }
        Content::Redacted { data } if !of_claude(data) => {
            notes.add("messages.thinking.signature", Did::Dropped, "sealed for another provider");
            return Ok(None);
        }
        Content::Redacted { data } => Block::RedactedThinking { data },
        Content::ToolCall { id, name, arguments } => {
            Block::ToolUse { id: tool_id(id, notes), name, input: input(arguments, notes), cache_control }
        }
        Content::ToolResult { id, parts, is_error } => {
            let mut blocks = Vec::new();
            for part in parts {
                if matches!(part.content, Content::ToolResult { .. } | Content::ToolCall { .. }) {
                    return Err(bad(
                        at,
                        "has a call or a result within a tool's result; give it text, images or documents",
                    ));
                }
                blocks.extend(of_part(part, at, notes)?);
            }
            let content = (!blocks.is_empty()).then(|| said(blocks));
            Block::ToolResult { tool_use_id: tool_id(id, notes), content, is_error: *is_error, cache_control }
        }
        Content::Other(value) => return whole(value, at, notes),
    }))
}

/// Whether a signature or sealed thought is not known to be another provider's, which the API would refuse.
pub fn of_claude(sealed: &str) -> bool {
    signature::of_gemini(sealed).is_none()
        && signature::of_openai(sealed).is_none()
        && signature::words(sealed).is_none()
}

/// Blocks, or the text alone where it is one without more.
pub fn said(mut blocks: Vec<Block<'_>>) -> Said<'_> {
    match blocks.as_mut_slice() {
        [Block::Text { text, citations: [], cache_control: None }] => Said::Text(std::mem::take(text)),
        _ => Said::Blocks(blocks),
    }
}

fn picture<'a>(source: &'a Source, at: &str) -> Result<Place<'a>, BadRequest> {
    match source {
        Source::Base64 { media_type, .. } if !PICTURES.contains(&media_type.as_str()) => Err(bad(
            at,
            format!("has an image of a type that Anthropic does not take; it must be one of {}", PICTURES.join(", ")),
        )),
        Source::Text(_) => Err(bad(at, "has an image that is text; send it in base64, or its URL")),
        other => place(other, at),
    }
}

fn document<'a>(source: &'a Source, at: &str) -> Result<Place<'a>, BadRequest> {
    if let Some(data) = foreign::plain(source) {
        return Ok(Place::Text { media_type: "text/plain", data });
    }
    match source {
        Source::Base64 { media_type, .. } if media_type != "application/pdf" => Err(bad(
            at,
            "has a file of a type that Anthropic does not take; send a PDF (application/pdf) or plain text",
        )),
        other => place(other, at),
    }
}

fn place<'a>(source: &'a Source, at: &str) -> Result<Place<'a>, BadRequest> {
    match source {
        Source::Base64 { media_type, data } => Ok(Place::Base64 { media_type, data }),
        // never fetched by us; a scheme that the provider cannot fetch from is refused here, where the place is known
        Source::Url(url) if !url.starts_with("https://") && !url.starts_with("http://") => {
            Err(bad(at, "has a URL that is neither https nor http; send the bytes in base64"))
        }
        Source::Url(url) => Ok(Place::Url { url }),
        source if foreign::is_elsewhere(source, "file-") => Err(bad(at, foreign::ELSEWHERE)),
        Source::File(file_id) => Ok(Place::File { file_id }),
        Source::Text(data) => Ok(Place::Text { media_type: "text/plain", data: data.into() }),
    }
}

/// The arguments of a call as an object.
pub fn input<'a>(arguments: &'a str, notes: &mut Notes) -> Input<'a> {
    if arguments.trim_ascii().is_empty() {
        return Input::Empty {};
    }
    match serde_json::from_str::<&RawValue>(arguments) {
        Ok(raw) if raw.get().starts_with('{') => Input::Raw(raw),
        _ => {
            notes.add("messages.tool_calls.arguments", Did::Renamed, "no JSON object: wrapped in INVALID_JSON");
            Input::Invalid { text: arguments }
        }
    }
}

/// The API takes ids of letters, digits, `_` and `-` only. The same id becomes the same in a call and in its result.
pub fn tool_id<'a>(id: &'a str, notes: &mut Notes) -> Cow<'a, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.chars().all(fits) {
        return Cow::Borrowed(id);
    }
    notes.add("messages.tool_calls.id", Did::Renamed, "letters, digits, _ and - only");
    Cow::Owned(id.chars().map(|c| if fits(c) { c } else { '_' }).collect())
}

fn whole<'a>(value: &'a Value, at: &str, notes: &mut Notes) -> Result<Option<Block<'a>>, BadRequest> {
    if let Some(call) = custom::Call::of(value) {
        let (id, input) = (tool_id(call.id, notes), Input::Custom { input: call.input });
        return Ok(Some(Block::ToolUse { id, name: call.name, input, cache_control: None }));
    }
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    if WHOLE.contains(&kind) || kind.ends_with("_tool_result") {
        return Ok(Some(Block::Whole(value)));
    }
    match foreign::read(value, notes) {
        Foreign::Nothing => Ok(None),
        Foreign::Text(text) => Ok(Some(Block::Text { text: text.into(), citations: &[], cache_control: None })),
        Foreign::Unknown => {
            Err(bad(at, "has a kind of content that Anthropic's API does not have; send text, images or documents"))
        }
    }
}
