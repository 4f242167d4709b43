//! The parts of a content, written.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::fields::bad;
use super::models::Traits;
use super::place::place;
use crate::dialects::custom;
use crate::dialects::foreign::{self, Foreign};
use crate::dialects::request::{Content, Part, Source};
use crate::dialects::{BadRequest, Did, Notes, signature};

/// What stands for the signature of a call that this provider did not make (Google's page "Thought signatures", on history
/// from other models).
const UNSIGNED: &str = "skip_thought_signature_validator";

/// Members of parts that are this API's own and that the model has no word for.
const OWN: [&str; 4] = ["executableCode", "codeExecutionResult", "videoMetadata", "toolCall"];

/// How ids begin that other providers gave to calls, or that were made up for want of one.
const FOREIGN_IDS: [&str; 4] = ["call_", "toolu_", "tooluse_", "fc_"];

/// Writes parts.
pub struct Writer<'a, 'n> {
    pub traits: Traits,
    pub notes: &'n mut Notes,
    /// The function of each call.
    pub names: HashMap<&'a str, &'a str>,
    /// A signature that waits for the part it is of.
    pub pending: Option<&'a str>,
}

impl<'a> Writer<'a, '_> {
    /// All parts of a message at `at`.
    ///
    /// # Errors
    /// The API has no form for one, and leaving it out would change what is said.
    pub fn parts(&mut self, parts: &'a [Part], at: &str, out: &mut Vec<Value>) -> Result<(), BadRequest> {
        for part in parts {
            if part.cache_control.is_some() {
                self.notes.add(
                    "messages.cache_control",
                    Did::Dropped,
                    "no such mark here; what repeats is cached by itself",
                );
            }
            self.part(&part.content, part.place(at), out)?;
        }
        self.flush(out);
        Ok(())
    }

    /// In a history of a model that signs, the first call of a step must be signed.
    pub fn sign(&mut self, parts: &mut [Value]) {
        let first = parts.iter_mut().find(|part| part.get("functionCall").is_some());
        if let Some(call) = first.filter(|call| self.traits.signs && call.get("thoughtSignature").is_none()) {
            call["thoughtSignature"] = UNSIGNED.into();
            self.notes.add("messages.thought_signature", Did::Defaulted, "a call that another model made");
        }
    }

    fn part(&mut self, content: &'a Content, at: &str, out: &mut Vec<Value>) -> Result<(), BadRequest> {
        match content {
            Content::Text { text, .. } | Content::Refusal(text) if text.is_empty() => {}
            Content::Text { text, citations } => {
                if !citations.is_empty() {
                    self.notes.add("messages.citations", Did::Dropped, "told in an earlier turn; no form for them");
                }
                self.push(json!({"text": text}), out);
            }
            Content::Refusal(text) => self.push(json!({"text": text}), out),
            Content::Image { source, detail } => {
                if detail.as_deref().is_some_and(|detail| detail != "auto") {
                    self.notes.add("messages.image_url.detail", Did::Dropped, "pictures have no detail here");
                }
                self.push(place(known(source, at)?), out);
            }
            Content::Document { source: Source::Text(text), name, more } => {
                let text = foreign::text(text, name.as_deref(), more, self.notes);
                self.push(json!({"text": text}), out);
            }
            Content::Document { source, name, more } => {
                foreign::lost(more, None, self.notes);
                if name.is_some() {
                    self.notes.add("messages.file.filename", Did::Dropped, "files have no names here");
                }
                self.push(place(known(source, at)?), out);
            }
            Content::Audio { data, format } => {
                self.push(json!({"inlineData": {"mimeType": format!("audio/{format}"), "data": data}}), out);
            }
            Content::Reasoning { text, signature } => self.reasoning(text, signature.as_deref(), out),
            Content::Redacted { .. } => {
                self.notes.add("messages.redacted_thinking", Did::Dropped, "thought of another provider");
            }
            Content::ToolCall { id, name, arguments } => self.call(id, name, arguments, out),
            Content::ToolResult { id, parts, is_error } => return self.result(id, (parts, *is_error), at, out),
            Content::Other(value) => {
                let own = value.as_object().is_some_and(|part| part.keys().any(|name| OWN.contains(&name.as_str())));
                if let Some(call) = custom::Call::of(value) {
                    self.call(call.id, call.name, &call.arguments(), out);
                    return Ok(());
                }
                if own {
                    self.push(value.clone(), out);
                    return Ok(());
                }
                match foreign::read(value, self.notes) {
                    Foreign::Nothing => {}
                    Foreign::Text(text) => self.push(json!({"text": text}), out),
                    Foreign::Unknown => {
                        let kind = value["type"].as_str().unwrap_or("?").chars().take(40).collect::<String>();
                        let what = format!("has a part of type `{kind}`, which Gemini has not; use text or a file");
                        return Err(bad(at, what));
                    }
                }
            }
        }
        Ok(())
    }

    /// Thought of this provider's goes back with what it signed; any other is not taken.
    fn reasoning(&mut self, text: &str, signed: Option<&'a str>, out: &mut Vec<Value>) {
        self.flush(out);
        self.pending = signed.and_then(signature::of_gemini);
        if text.is_empty() {
            return;
        }
        match self.pending {
            Some(_) => out.push(json!({"text": text, "thought": true})),
            None => {
                let why = "thought that this provider has not signed is not taken back";
                self.notes.add("messages.reasoning_content", Did::Dropped, why);
            }
        }
    }

    fn call(&mut self, id: &str, name: &str, arguments: &str, out: &mut Vec<Value>) {
        let args = match serde_json::from_str::<Value>(arguments) {
            Ok(args @ Value::Object(_)) => args,
            _ if arguments.trim().is_empty() => json!({}),
            // to refuse it would end a conversation for good whose history has a model's slip in it
            _ => {
                self.notes.add(
                    "messages.tool_calls.arguments",
                    Did::Renamed,
                    "they are no JSON object: in one as INVALID_JSON",
                );
                json!({"INVALID_JSON": arguments})
            }
        };
        let mut call = json!({"name": name, "args": args});
        if is_own(id) {
            call["id"] = id.into();
        }
        self.push(json!({"functionCall": call}), out);
    }

    fn result(
        &mut self,
        id: &str,
        (parts, is_error): (&'a [Part], bool),
        at: &str,
        out: &mut Vec<Value>,
    ) -> Result<(), BadRequest> {
        let Some(name) = self.names.get(id).copied() else {
            return Err(bad(at, "answers a call that no message makes; send the model's call with it"));
        };
        let (mut texts, mut inline, mut behind) = (Vec::new(), Vec::new(), Vec::new());
        let mut media = Vec::new();
        for part in parts {
            match &part.content {
                Content::Text { text, .. } => texts.push(text.clone()),
                Content::ToolCall { .. } | Content::ToolResult { .. } => {
                    return Err(bad(
                        at,
                        "has a call or a result within a tool's result; give it text, images or files",
                    ));
                }
                other => self.part(other, part.place(at), &mut media)?,
            }
            // what became text is the result's own; bytes may stand in it, for models that take them; all else follows it
            for mut part in std::mem::take(&mut media) {
                match part.get_mut("text").map(Value::take) {
                    Some(Value::String(text)) => texts.push(text),
                    _ if self.traits.rich_results && part.get("inlineData").is_some() => inline.push(part),
                    _ => behind.push(part),
                }
            }
        }
        let text = texts.join("\n");
        let response = match serde_json::from_str::<Value>(&text) {
            _ if is_error => json!({"error": text}),
            Ok(object @ Value::Object(_)) => object,
            _ => json!({"output": text}),
        };
        let mut result = json!({"name": name, "response": response});
        if is_own(id) {
            result["id"] = id.into();
        }
        if !inline.is_empty() {
            result["parts"] = inline.into();
        }
        out.push(json!({"functionResponse": result}));
        if !behind.is_empty() {
            // they come to stand behind the results of all calls, since nothing may stand between those
            let why = "pictures and files follow behind the results, each result's behind a line that names it";
            self.notes.add("messages.tool_result", Did::Renamed, why);
            out.push(json!({"text": format!("Result of `{name}`:")}));
            out.append(&mut behind);
        }
        Ok(())
    }

    /// A part, with the signature that waits for it.
    fn push(&mut self, mut part: Value, out: &mut Vec<Value>) {
        if let Some(signature) = self.pending.take() {
            part["thoughtSignature"] = signature.into();
        }
        out.push(part);
    }

    /// A signature that no part came for has one of its own, as in a stream of this API.
    fn flush(&mut self, out: &mut Vec<Value>) {
        if self.pending.is_some() {
            self.push(json!({"text": ""}), out);
        }
    }
}

/// A file that Google can get at: a file's id at another provider means nothing to it.
fn known(source: &Source, at: &str) -> Result<Source, BadRequest> {
    match source {
        Source::File(id) if !id.contains("://") && !id.starts_with("files/") => Err(bad(
            at,
            "has the id of a file at another provider; send the bytes in base64, or the file's URI at Google",
        )),
        source => Ok(source.clone()),
    }
}

/// Whether this provider gave the id: others mean nothing to it.
fn is_own(id: &str) -> bool {
    !FOREIGN_IDS.iter().any(|start| id.starts_with(start))
}
