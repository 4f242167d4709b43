//! Parts of a conversation that are one protocol's own, on their way to a provider that speaks another: what its own tools did
//! in an earlier turn is left out (what they found is in the text that stands around it), and what is text at heart becomes
//! text. And documents as text, for whoever has no documents.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::request::Source;
use super::{Did, Notes};

/// What such a part is elsewhere.
#[derive(Debug, PartialEq)]
pub enum Foreign {
    /// Nothing.
    Nothing,
    /// This text.
    Text(String),
    /// Unknown: to leave it out might change what is said.
    Unknown,
}

/// Blocks of Anthropic's own tools, besides all whose name ends in `_tool_result` (its reference, `ContentBlock`).
const BLOCKS: [&str; 4] = ["server_tool_use", "mcp_tool_use", "tool_reference", "compaction"];

/// Members of Google's parts for its own tools (its reference, `Part`).
const PARTS: [&str; 4] = ["executableCode", "codeExecutionResult", "toolCall", "toolResponse"];

/// What a part of another protocol is; what is left out of it is noted.
pub fn read(value: &Value, notes: &mut Notes) -> Foreign {
    let kind = value["type"].as_str().unwrap_or_default();
    let own = value.as_object().and_then(|members| PARTS.iter().find(|own| members.contains_key(**own)));
    if let Some(own) = own {
        return nothing(own, notes);
    }
    match kind {
        own if BLOCKS.contains(&own) || own.ends_with("_tool_result") => nothing(own, notes),
        // sound that OpenAI made and keeps
        "audio" => match value["audio"]["transcript"].as_str().filter(|text| !text.is_empty()) {
            Some(text) => {
                notes.add("messages.audio", Did::Renamed, "what is said in it");
                Foreign::Text(text.to_owned())
            }
            None => {
                notes.add("messages.audio", Did::Dropped, "sound that its provider keeps");
                Foreign::Nothing
            }
        },
        "search_result" => {
            notes.add("messages.search_result", Did::Renamed, "its text");
            joined(&[&value["title"], &value["source"]], &value["content"])
        }
        "document" => {
            let text = joined(&[&value["title"], &value["context"]], &value["source"]["content"]);
            if matches!(text, Foreign::Text(_)) {
                notes.add("messages.document", Did::Renamed, "its text");
                if value["citations"]["enabled"] == true {
                    notes.add("messages.document.citations", Did::Dropped, "texts are not cited");
                }
            }
            text
        }
        _ => Foreign::Unknown,
    }
}

fn nothing(kind: &str, notes: &mut Notes) -> Foreign {
    notes.add(&format!("messages.{kind}"), Did::Dropped, "of the provider's own tools");
    Foreign::Nothing
}

/// The texts of blocks behind a heading. Whoever has more than texts in it must not lose the rest.
fn joined(heading: &[&Value], content: &Value) -> Foreign {
    let heading = heading.iter().filter_map(|value| value.as_str()).filter(|text| !text.is_empty());
    let mut texts: Vec<&str> = heading.collect();
    match content {
        Value::String(text) => texts.push(text),
        Value::Array(blocks) => {
            for block in blocks {
                match block["text"].as_str().filter(|_| block["type"] == "text") {
                    Some(text) => texts.push(text),
                    None => return Foreign::Unknown,
                }
            }
        }
        _ => return Foreign::Unknown,
    }
    Foreign::Text(texts.join("\n\n"))
}

/// The text of a document that is one: given as such, or as the bytes of a plain text.
pub fn plain(source: &Source) -> Option<Cow<'_, str>> {
    match source {
        Source::Text(text) => Some(text.into()),
        Source::Base64 { media_type, data } if media_type.starts_with("text/") => {
            String::from_utf8(STANDARD.decode(data).ok()?).ok().map(Cow::Owned)
        }
        _ => None,
    }
}

/// Whether a file's id is another provider's, which nobody else can read: Anthropic's begin with `file_`, OpenAI's with `file-`
/// (the references of both), and neither service takes the other's.
pub fn is_elsewhere(source: &Source, start: &str) -> bool {
    matches!(source, Source::File(id) if id.starts_with(start))
}

/// A complaint about such a file.
pub const ELSEWHERE: &str = "has the id of a file at another provider; send the file itself";

/// A document's text behind its title and its context, which Anthropic's model would have been told beside it; other members
/// are noted.
pub fn text(text: &str, name: Option<&str>, more: &Map<String, Value>, notes: &mut Notes) -> String {
    let context = more.get("context").and_then(Value::as_str);
    lost(more, Some("context"), notes);
    let heading = [name, context].into_iter().flatten().filter(|text| !text.is_empty());
    heading.chain([text]).collect::<Vec<_>>().join("\n\n")
}

/// Notes members of a document but one.
pub fn lost(more: &Map<String, Value>, kept: Option<&str>, notes: &mut Notes) {
    for member in more.keys().filter(|member| Some(member.as_str()) != kept) {
        notes.add(&format!("messages.document.{member}"), Did::Dropped, "the provider has no such member");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn own_parts_are_left_out_and_texts_are_kept() {
        let text = |text: &str| Foreign::Text(text.to_owned());
        let blocks = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
        for (value, want, noted) in [
            (json!({"type": "server_tool_use"}), Foreign::Nothing, "dropped=messages.server_tool_use"),
            (json!({"type": "mcp_tool_result"}), Foreign::Nothing, "dropped=messages.mcp_tool_result"),
            (json!({"executableCode": {"code": "1"}}), Foreign::Nothing, "dropped=messages.executableCode"),
            (json!({"type": "audio", "audio": {"id": "a"}}), Foreign::Nothing, "dropped=messages.audio"),
            (json!({"type": "audio", "audio": {"transcript": "t"}}), text("t"), "renamed=messages.audio"),
            (
                json!({"type": "search_result", "title": "t", "source": "s", "content": blocks}),
                text("t\n\ns\n\na\n\nb"),
                "renamed=messages.search_result",
            ),
            (
                json!({"type": "document", "source": {"type": "content", "content": "x"}, "citations": {"enabled": true}}),
                text("x"),
                "dropped=messages.document.citations; renamed=messages.document",
            ),
            (
                json!({"type": "document", "source": {"type": "content", "content": [{"type": "image"}]}}),
                Foreign::Unknown,
                "",
            ),
            (json!({"type": "container_upload", "file_id": "f"}), Foreign::Unknown, ""),
            (json!({"type": "tool_result"}), Foreign::Unknown, ""),
            (json!(7), Foreign::Unknown, ""),
        ] {
            let mut notes = Notes::default();
            assert_eq!((read(&value, &mut notes), notes.to_string()), (want, noted.to_owned()), "{value}");
        }
    }

    #[test]
    fn plain_texts_are_read_and_others_are_not() {
        let base64 = |kind: &str, data: &str| Source::Base64 { media_type: kind.into(), data: data.into() };
        assert_eq!(plain(&base64("text/plain", "aMOp")).as_deref(), Some("hé"));
        assert_eq!(plain(&base64("text/csv", "/w==")), None);
        assert_eq!(plain(&base64("application/pdf", "aGk=")), None);
        let mut notes = Notes::default();
        let more = Map::from_iter([("context".to_owned(), json!("c")), ("citations".to_owned(), json!({}))]);
        assert_eq!(text("x", Some("t"), &more, &mut notes), "t\n\nc\n\nx");
        assert_eq!(notes.to_string(), "dropped=messages.document.citations");
    }
}
