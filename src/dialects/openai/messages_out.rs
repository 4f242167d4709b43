//! The conversation, written.
//!
//! A tool's result is a message of its own here and holds text only (OpenAI's description,
//! `ChatCompletionRequestToolMessageContentPart`), so its pictures and files go into the user's message after it, each
//! result's behind a line that names the call.

use serde_json::{Value, json};

use super::super::custom;
use super::super::request::{Content, Message, Part, Role};
use super::super::{BadRequest, Did, Notes};
use super::names::Takes;
use super::object::object;
use super::parts_out::Writer;

/// The messages.
///
/// # Errors
/// A part has no form in this dialect, and leaving it out would change what is said.
pub fn write(messages: &[Message], takes: Takes, notes: &mut Notes) -> Result<Vec<Value>, BadRequest> {
    let mut out = Out { list: vec![], moved: vec![], writer: Writer { takes, notes } };
    for (n, message) in messages.iter().enumerate() {
        out.message(message, &format!("/messages/{n}/content"))?;
    }
    out.flush();
    Ok(out.list)
}

struct Out<'n> {
    list: Vec<Value>,
    /// Parts of tools' results that wait for the user's message.
    moved: Vec<Value>,
    writer: Writer<'n>,
}

impl Out<'_> {
    fn message(&mut self, message: &Message, at: &str) -> Result<(), BadRequest> {
        if message.role == Role::Assistant {
            self.flush();
            let written = self.assistant(message, at)?;
            // what it said had no form here, and to say nothing is no turn
            let bare = written.as_object().is_some_and(|members| members.len() == 2) && written["content"] == "";
            match bare && !message.parts.is_empty() {
                true => self.writer.notes.add("messages.content", Did::Dropped, "a message that says nothing"),
                false => self.list.push(written),
            }
            return Ok(());
        }
        let mut parts = vec![];
        for (n, part) in message.parts.iter().enumerate() {
            let at = format!("{at}/{n}");
            match &part.content {
                Content::ToolResult { .. } => self.result(message, part, &at)?,
                _ => parts.extend(self.writer.part(part, &at)?),
            }
        }
        if parts.is_empty() && !message.parts.is_empty() {
            return Ok(());
        }
        let role = match message.role {
            Role::System => "system",
            _ => "user",
        };
        if role == "user" {
            parts.splice(0..0, self.moved.drain(..));
        } else {
            self.flush();
        }
        let mut written = object([("role", role.into()), ("content", plain(parts))]);
        self.name(message, &mut written);
        self.list.push(written);
        Ok(())
    }

    /// What waits becomes a user's message of its own.
    fn flush(&mut self) {
        if !self.moved.is_empty() {
            let parts: Vec<Value> = self.moved.drain(..).collect();
            self.list.push(object([("role", "user".into()), ("content", parts.into())]));
        }
    }

    fn name(&self, message: &Message, written: &mut Value) {
        if let Some(name) = &message.name {
            written["name"] = name.as_str().into();
        }
    }

    fn result(&mut self, message: &Message, part: &Part, at: &str) -> Result<(), BadRequest> {
        let Content::ToolResult { id, parts, is_error } = &part.content else { return Ok(()) };
        let (mut texts, mut others) = (vec![], vec![]);
        for (n, part) in parts.iter().enumerate() {
            let Some(written) = self.writer.part(part, &format!("{at}/content/{n}"))? else { continue };
            if written["type"] == "text" { texts.push(written) } else { others.push(written) }
        }
        if !others.is_empty() {
            self.writer.notes.add("messages.tool_result", Did::Renamed, "pictures and files follow in a user message");
            let line = format!("Result of tool call {id}:");
            if texts.is_empty() {
                texts.push(json!({"type": "text", "text": "The result is in the next user message."}));
            }
            self.moved.push(json!({"type": "text", "text": line}));
            self.moved.append(&mut others);
        }
        if *is_error {
            self.fail(&mut texts);
        }
        let id = ("tool_call_id", id.as_str().into());
        let mut written = object([("role", "tool".into()), id, ("content", plain(texts))]);
        self.writer.mark(part, &mut written);
        self.name(message, &mut written);
        self.list.push(written);
        Ok(())
    }

    /// That the tool failed is said in words: this dialect has no sign for it.
    fn fail(&mut self, texts: &mut Vec<Value>) {
        self.writer.notes.add("messages.tool_result.is_error", Did::Renamed, "said in the text of the result");
        let first = texts.first().and_then(|part| part["text"].as_str()).unwrap_or_default();
        if !first.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("error")) {
            let text = format!("Error: {first}");
            match texts.first_mut() {
                Some(part) => part["text"] = text.into(),
                None => texts.push(json!({"type": "text", "text": text})),
            }
        }
    }

    fn assistant(&mut self, message: &Message, at: &str) -> Result<Value, BadRequest> {
        let (mut content, mut calls, mut images) = (vec![], vec![], vec![]);
        let mut thought = Thought::default();
        let mut written = json!({"role": "assistant"});
        for (n, part) in message.parts.iter().enumerate() {
            match &part.content {
                Content::Reasoning { text, signature } => thought.add(text, signature.as_deref()),
                Content::Redacted { data } => {
                    thought.sealed = true;
                    thought.blocks.push(json!({"type": "redacted_thinking", "data": data}));
                }
                Content::Refusal(text) => written["refusal"] = text.as_str().into(),
                Content::ToolCall { id, name, arguments } => {
                    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
                    let function = object([("name", name.as_str().into()), ("arguments", arguments.into())]);
                    let id = ("id", id.as_str().into());
                    let mut call = object([id, ("type", "function".into()), ("function", function)]);
                    self.writer.mark(part, &mut call);
                    calls.push(call);
                }
                Content::Other(value) if value["type"] == "custom" => {
                    calls.push(match custom::Call::of(value).filter(|_| !self.writer.takes.only_openai) {
                        Some(call) => {
                            let function = json!({"name": call.name, "arguments": call.arguments()});
                            json!({"id": call.id, "type": "function", "function": function})
                        }
                        None => value.clone(),
                    });
                }
                Content::Other(value) if value["type"] == "audio" && self.writer.takes.only_openai => {
                    written["audio"] = json!({"id": value["audio"]["id"]});
                }
                Content::Image { .. } => images.extend(self.writer.part(part, &format!("{at}/{n}"))?),
                Content::Audio { .. } => {
                    self.writer.notes.add("messages.audio", Did::Dropped, "sound of the model's is not taken back");
                }
                _ => content.extend(self.writer.part(part, &format!("{at}/{n}"))?),
            }
        }
        self.images(images, &mut written);
        self.thought(thought, &mut written);
        let silent = !calls.is_empty() || written["refusal"].is_string() || written["audio"].is_object();
        written["content"] = if content.is_empty() && silent { Value::Null } else { plain(content) };
        if !calls.is_empty() {
            written["tool_calls"] = calls.into();
        }
        self.name(message, &mut written);
        Ok(written)
    }

    /// Pictures of the model's stand where OpenRouter's and LiteLLM's answers have them; OpenAI's own models make none.
    fn images(&mut self, mut images: Vec<Value>, written: &mut Value) {
        if images.is_empty() {
            return;
        }
        if self.writer.takes.only_openai {
            return self.writer.notes.add(
                "messages.images",
                Did::Dropped,
                "pictures of the model's are not taken back",
            );
        }
        for (n, image) in images.iter_mut().enumerate() {
            image["index"] = n.into();
        }
        written["images"] = images.into();
    }

    /// Thought is handed back in the form that the model takes.
    fn thought(&mut self, thought: Thought, written: &mut Value) {
        let takes = self.writer.takes;
        let notes = &mut self.writer.notes;
        if thought.sealed && takes.cache_control {
            written["thinking_blocks"] = thought.blocks.into();
        } else if thought.sealed {
            notes.add("messages.thinking.signature", Did::Dropped, "signed or sealed for another provider");
        }
        if !thought.words.is_empty() && takes.only_openai {
            notes.add("messages.thinking", Did::Dropped, "OpenAI's models keep their own thought");
        } else if !thought.words.is_empty() {
            written["reasoning_content"] = thought.words.into();
        }
    }
}

/// The thought of one message.
#[derive(Default)]
struct Thought {
    words: String,
    blocks: Vec<Value>,
    /// Some block is signed or sealed, so the blocks must go back as they are.
    sealed: bool,
}

impl Thought {
    fn add(&mut self, text: &str, signature: Option<&str>) {
        self.words.push_str(text);
        self.sealed |= signature.is_some();
        self.blocks.push(json!({"type": "thinking", "thinking": text, "signature": signature.unwrap_or_default()}));
    }
}

/// A text where that says it all, or else the list.
fn plain(mut parts: Vec<Value>) -> Value {
    match parts.as_mut_slice() {
        [] => "".into(),
        [one] if one["type"] == "text" && one.as_object().is_some_and(|members| members.len() == 2) => {
            one["text"].take()
        }
        _ => parts.into(),
    }
}
