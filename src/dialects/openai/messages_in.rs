//! A caller's messages, read.

use serde_json::Value;

use super::super::request::{Content, Message, Part, Role};
use super::super::{BadRequest, custom};
use super::fields::{Fields, Strays};
use super::{parts_in, signed};

/// Members that stand in an answer's message and come back with it: they tell of an answer that is over, and no provider
/// reads them.
const OF_AN_ANSWER: [&str; 8] = [
    "annotations",
    "provider_specific_fields",
    "reasoning_details",
    "index",
    "id",
    "finish_reason",
    "stop_reason",
    "logprobs",
];

/// Reads the conversation.
#[derive(Default)]
pub struct Reader {
    /// Ids made up for calls of the older form, which have none.
    functions: usize,
    /// What had no place.
    pub strays: Strays,
}

impl Reader {
    /// One message.
    ///
    /// # Errors
    /// It has the wrong form.
    pub fn message(&mut self, value: Value, at: String) -> Result<Message, BadRequest> {
        let mut fields = Fields::of(value, at)?;
        let role = fields.needed("role")?;
        let mut name = fields.text("name")?;
        let mark = parts_in::mark(&mut fields);
        let (role, mut parts) = match role.as_str() {
            "system" | "developer" => (Role::System, self.content(&mut fields, true)?),
            "user" => (Role::User, self.content(&mut fields, true)?),
            "assistant" => (Role::Assistant, self.assistant(&mut fields)?),
            "tool" => {
                let id = signed::own_id(fields.needed("tool_call_id")?);
                (Role::Tool, vec![self.result(&mut fields, id)?])
            }
            "function" => {
                // the older form has a name and no id: it answers the call before it
                name = None;
                let id = function_id(self.functions);
                (Role::Tool, vec![self.result(&mut fields, id)?])
            }
            _ => {
                let what = "This must be one of system, developer, user, assistant, tool, function";
                return Err(fields.bad("role", what));
            }
        };
        if let (Some(mark), Some(last)) = (mark, parts.last_mut()) {
            last.cache_control.get_or_insert(mark);
        }
        if role == Role::Assistant {
            for name in OF_AN_ANSWER {
                fields.any(name);
            }
        }
        self.strays.take("messages", fields);
        Ok(Message { role, name, parts })
    }

    fn content(&mut self, fields: &mut Fields, needed: bool) -> Result<Vec<Part>, BadRequest> {
        match fields.any("content") {
            Some(content) => parts_in::read(content, &fields.place("content"), &mut self.strays),
            None if needed => Err(fields.bad("content", "This is missing; give a string or an array of parts")),
            None => Ok(vec![]),
        }
    }

    /// What a tool gave back; nothing at all is let pass.
    fn result(&mut self, fields: &mut Fields, id: String) -> Result<Part, BadRequest> {
        let parts = self.content(fields, false)?;
        let is_error = fields.truth("is_error")?.unwrap_or(false);
        Ok(Part::of(Content::ToolResult { id, parts, is_error }).at(fields.here()))
    }

    /// Thought, text, refusal and calls, in the order in which a model makes them.
    fn assistant(&mut self, fields: &mut Fields) -> Result<Vec<Part>, BadRequest> {
        let mut parts = self.thought(fields)?;
        let content = self.content(fields, false)?;
        let said = |part: &Part| !matches!(&part.content, Content::Text { text, .. } if text.is_empty());
        parts.extend(content.into_iter().filter(said));
        if let Some(refusal) = fields.text("refusal")?.filter(|refusal| !refusal.is_empty()) {
            parts.push(Part::of(Content::Refusal(refusal)));
        }
        let at = fields.place("images");
        for (n, image) in fields.list("images")?.into_iter().enumerate() {
            let mut image = Fields::of(image, format!("{at}/{n}"))?;
            image.any("index");
            image.put("type", "image_url".into());
            parts.push(parts_in::part(image.rest().into(), format!("{at}/{n}"), &mut self.strays)?);
        }
        if let Some(audio) = fields.any("audio") {
            let content = Content::Other(serde_json::json!({"type": "audio", "audio": audio}));
            parts.push(Part::of(content).at(fields.place("audio")));
        }
        let at = fields.place("tool_calls");
        for (n, call) in fields.list("tool_calls")?.into_iter().enumerate() {
            let (signature, call) = self.call(call, format!("{at}/{n}"))?;
            if let Some(signature) = signature {
                signed::place(&mut parts, signature);
            }
            parts.push(call);
        }
        if let Some(mut function) = fields.object("function_call")? {
            self.functions += 1;
            let (name, arguments) = (function.needed("name")?, arguments(&mut function)?);
            let id = function_id(self.functions);
            parts.push(Part::of(Content::ToolCall { id, name, arguments }));
        }
        Ok(parts)
    }

    /// Blocks, which have signatures, or else the words alone.
    fn thought(&mut self, fields: &mut Fields) -> Result<Vec<Part>, BadRequest> {
        let mut words = [fields.text("reasoning_content")?, fields.text("reasoning")?].into_iter().flatten();
        let words = words.find(|words| !words.is_empty());
        match fields.any("thinking_blocks") {
            Some(blocks @ Value::Array(_)) if blocks.as_array().is_some_and(|blocks| !blocks.is_empty()) => {
                parts_in::read(blocks, &fields.place("thinking_blocks"), &mut self.strays)
            }
            None | Some(Value::Array(_)) => {
                let part = words.map(|text| Part::of(Content::Reasoning { text, signature: None }));
                Ok(part.into_iter().collect())
            }
            Some(_) => Err(fields.bad("thinking_blocks", "This must be an array of blocks")),
        }
    }

    /// A call, and Gemini's signature of it.
    fn call(&mut self, mut value: Value, at: String) -> Result<(Option<String>, Part), BadRequest> {
        if value["type"] == "custom" {
            let Some(call) = custom::Call::of(&value) else {
                let what = "This must have an `id`, and in `custom` a `name` and an `input`";
                return Err(BadRequest { pointer: at, what: what.into() });
            };
            let (signature, id) = (signed::within(call.id), signed::own_id(call.id.to_owned()));
            value["id"] = id.into();
            return Ok((signature, Part::of(Content::Other(value)).at(at)));
        }
        let mut fields = Fields::of(value, at)?;
        fields.any("type");
        fields.any("index");
        let id = fields.needed("id")?;
        let signature = signed::take(&mut fields, &id);
        let id = signed::own_id(id);
        let cache_control = parts_in::mark(&mut fields);
        let missing = fields.bad("function", "This is missing; give an object with `name` and `arguments`");
        let mut function = fields.object("function")?.ok_or(missing)?;
        let (name, arguments) = (function.needed("name")?, arguments(&mut function)?);
        let part = Part { cache_control, ..Part::of(Content::ToolCall { id, name, arguments }).at(fields.here()) };
        self.strays.take("messages.tool_calls", fields);
        Ok((signature, part))
    }
}

/// JSON in a string; an object itself is taken for what it means.
fn arguments(function: &mut Fields) -> Result<String, BadRequest> {
    match function.any("arguments") {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text),
        Some(object @ Value::Object(_)) => Ok(object.to_string()),
        Some(_) => Err(function.bad("arguments", "This must be a string of JSON")),
    }
}

fn function_id(number: usize) -> String {
    format!("call_function_{number}")
}
