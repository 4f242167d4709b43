//! A caller's conversation, read.

use serde_json::{Value, json};

use super::fields::{Fields, bad, inner, open};
use crate::dialects::BadRequest;
use crate::dialects::request::{Content, Message, Part, Role, Source};
use crate::dialects::signature::{self, Read};

/// Takes `systemInstruction` and `contents`.
///
/// # Errors
/// A part has the wrong form, or a function's answer belongs to no call.
pub fn read(fields: &mut Fields) -> Result<Vec<Message>, BadRequest> {
    let mut reader = Reader::default();
    if let Some(value) = fields.take("systemInstruction") {
        let value = if value.is_string() { json!({"parts": [{"text": value}]}) } else { value };
        reader.content(open(value, "/systemInstruction")?, Some(Role::System))?;
    }
    let contents =
        fields.list("contents")?.ok_or_else(|| bad("/contents", "contents is missing; give a list of contents"))?;
    for (n, value) in contents.into_iter().enumerate() {
        reader.content(open(value, format!("/contents/{n}"))?, None)?;
    }
    Ok(reader.messages)
}

/// Reads contents in order.
#[derive(Default)]
struct Reader {
    messages: Vec<Message>,
    /// Calls without an answer so far: id, function.
    open: Vec<(String, String)>,
    /// Calls so far, for ids that the caller did not give.
    calls: usize,
    /// The part that is read.
    at: String,
}

impl Reader {
    fn content(&mut self, mut fields: Fields, role: Option<Role>) -> Result<(), BadRequest> {
        let said = fields.text("role")?;
        let role = match (role, said.as_deref()) {
            (Some(role), _) => role,
            (None, None | Some("" | "user" | "function" | "tool")) => Role::User,
            (None, Some("model")) => Role::Assistant,
            (None, Some("system")) => Role::System,
            (None, Some(_)) => return Err(bad(fields.at("role"), "is no role; it must be user or model")),
        };
        let at = fields.at("parts");
        let parts = match fields.take("parts") {
            Some(Value::Array(list)) => list,
            // one part alone, as JSON of protocol buffers lets pass nowhere and some clients send
            Some(one @ Value::Object(_)) => vec![one],
            _ => return Err(bad(at, "is missing; give a list of parts")),
        };
        for (n, value) in parts.into_iter().enumerate() {
            self.at = format!("{at}/{n}");
            self.part(open(value, self.at.as_str())?, role)?;
        }
        Ok(())
    }

    fn part(&mut self, mut fields: Fields, role: Role) -> Result<(), BadRequest> {
        let signature =
            fields.text("thoughtSignature")?.filter(|text| !text.is_empty()).map(|text| signature::read(&text));
        let thought = fields.flag("thought")?.unwrap_or(false);
        if let Some(text) = fields.text("text")? {
            self.text(text, thought, signature, role);
            return Ok(());
        }
        match signature {
            Some(Read::Signature(signature)) => self.thought(role, "", Some(signature)),
            Some(Read::Redacted(data)) => self.push(role, Content::Redacted { data }),
            None => {}
        }
        if let Some(call) = inner(&mut fields, "functionCall")? {
            return self.call(call, role);
        }
        if let Some(response) = inner(&mut fields, "functionResponse")? {
            let result = self.result(response)?;
            self.push(Role::Tool, result);
            return Ok(());
        }
        for (member, inline) in [("inlineData", true), ("fileData", false)] {
            if let Some(data) = inner(&mut fields, member)? {
                let content = media(data, inline)?;
                self.push(role, content);
                return Ok(());
            }
        }
        let rest = fields.rest();
        if !rest.is_empty() {
            self.push(role, Content::Other(rest.into()));
        }
        Ok(())
    }

    /// Thought that comes in pieces is one thought up to its signature. Text is signed behind it, for the signature is not
    /// of the text alone.
    fn text(&mut self, text: String, thought: bool, signed: Option<Read>, role: Role) {
        let (signature, redacted) = match signed {
            Some(Read::Signature(signature)) => (Some(signature), None),
            Some(Read::Redacted(data)) => (None, Some(data)),
            None => (None, None),
        };
        if let Some(data) = redacted {
            return self.push(role, Content::Redacted { data });
        }
        if !thought {
            self.said(role, text);
            if signature.is_some() {
                self.push(role, Content::Reasoning { text: String::new(), signature });
            }
            return;
        }
        self.thought(role, &text, signature);
    }

    /// Text. What the model says comes back in as many pieces as it was streamed in (Google's SDK keeps each as a content of its
    /// own), and is one text all the same; what a user says in parts stays in parts.
    fn said(&mut self, role: Role, text: String) {
        let last = self.messages.last_mut().filter(|message| message.role == role && role == Role::Assistant);
        match last.and_then(|message| message.parts.last_mut()).map(|part| &mut part.content) {
            Some(Content::Text { text: known, .. }) => known.push_str(&text),
            _ if text.is_empty() => {}
            _ => self.push(role, Content::Text { text, citations: Vec::new() }),
        }
    }

    /// More of a thought, or its signature.
    fn thought(&mut self, role: Role, text: &str, signature: Option<String>) {
        let last = self.messages.last_mut().filter(|message| message.role == role);
        match last.and_then(|message| message.parts.last_mut()).map(|part| &mut part.content) {
            Some(Content::Reasoning { text: known, signature: open @ None }) => {
                known.push_str(text);
                *open = signature;
            }
            _ => self.push(role, Content::Reasoning { text: text.to_owned(), signature }),
        }
    }

    fn call(&mut self, mut call: Fields, role: Role) -> Result<(), BadRequest> {
        let name = call.need("name")?;
        let id = call.text("id")?.filter(|id| !id.is_empty()).unwrap_or_else(|| format!("call_{}", self.calls));
        self.calls += 1;
        self.open.push((id.clone(), name.clone()));
        let arguments = match call.take("args") {
            None => String::new(),
            Some(args @ Value::Object(_)) => args.to_string(),
            Some(_) => return Err(bad(call.at("args"), "must be an object")),
        };
        self.push(role, Content::ToolCall { id, name, arguments });
        Ok(())
    }

    /// What a function gave back: by its call's id, or else for the first call of that function that has no answer.
    fn result(&mut self, mut response: Fields) -> Result<Content, BadRequest> {
        let name = response.need("name")?;
        let id = response.text("id")?.filter(|id| !id.is_empty());
        let known = |(id_of, name_of): &(String, String)| id.as_ref().map_or(*name_of == name, |id| id_of == id);
        let Some(at) = self.open.iter().position(known) else {
            let what = format!(
                "answers a call of `{}` that no content before it makes",
                name.chars().take(64).collect::<String>()
            );
            return Err(bad(response.at("name"), what));
        };
        let (id, _) = self.open.remove(at);
        let (text, is_error) = told(response.take("response"));
        let mut parts = if text.is_empty() { Vec::new() } else { vec![Part::text(text)] };
        let at = response.at("parts");
        for (n, value) in response.list("parts")?.unwrap_or_default().into_iter().enumerate() {
            let mut part = open(value, format!("{at}/{n}"))?;
            let place = part.at("inlineData");
            let data =
                inner(&mut part, "inlineData")?.ok_or_else(|| bad(place, "is missing; give the bytes of a file"))?;
            parts.push(Part::of(media(data, true)?).at(format!("{at}/{n}")));
        }
        Ok(Content::ToolResult { id, parts, is_error })
    }

    fn push(&mut self, role: Role, content: Content) {
        let part = Part::of(content).at(self.at.as_str());
        match self.messages.last_mut().filter(|message| message.role == role) {
            Some(message) => message.parts.push(part),
            None => self.messages.push(Message { role, name: None, parts: vec![part] }),
        }
    }
}

/// The words of what a function gave back, and whether it failed (Google's reference, `FunctionResponse.response`; `result` is
/// what its SDKs write).
fn told(response: Option<Value>) -> (String, bool) {
    let Some(Value::Object(members)) = &response else {
        return (response.map(|value| value.to_string()).unwrap_or_default(), false);
    };
    match members.iter().next().filter(|_| members.len() == 1) {
        Some((name, Value::String(text))) if matches!(name.as_str(), "output" | "result" | "error") => {
            (text.clone(), name == "error")
        }
        _ => (Value::Object(members.clone()).to_string(), members.len() == 1 && members.contains_key("error")),
    }
}

/// A file, here or there.
fn media(mut data: Fields, inline: bool) -> Result<Content, BadRequest> {
    let kind = data.text("mimeType")?.unwrap_or_default();
    let source = match inline {
        true => Source::Base64 { media_type: kind.clone(), data: data.need("data")? },
        false => Source::Url(data.need("fileUri")?),
    };
    let name = data.text("displayName")?;
    Ok(match (kind.split_once('/').unwrap_or((kind.as_str(), "")), source) {
        (("image", _), source) => Content::Image { source, detail: None },
        (("audio", format), Source::Base64 { data, .. }) => {
            let format = if format == "mpeg" { "mp3" } else { format };
            Content::Audio { data, format: format.to_owned() }
        }
        (_, source) => Content::Document { source, name, more: serde_json::Map::new() },
    })
}
