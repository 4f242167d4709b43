//! A caller's body, read: a chat of one message, the prompt.

use serde_json::Value;

use super::super::BadRequest;
use super::super::openai::{self, Fields};
use super::super::request::{Message, Part, Request, Role};

/// Members of a chat's request that shape it otherwise than a prompt does. Whoever sends one with a prompt is told that it
/// has no effect, since the answer has no place for a call.
const CHATS: [&str; 7] =
    ["messages", "tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "top_logprobs"];

/// The request that a body is.
///
/// What is normalized on the way: the prompt is what the user says; `logprobs`, a number here, is a chat's `logprobs` and
/// `top_logprobs`; `echo` is ours to serve (see `echo`).
///
/// # Errors
/// A member has the wrong type or form, or the prompt is not one text: several would be several requests, and tokens are
/// another model's.
pub fn read_request(body: &[u8]) -> Result<Request, BadRequest> {
    let unreadable =
        |e: serde_json::Error| BadRequest { pointer: String::new(), what: format!("This is no JSON: {e}") };
    let mut fields = Fields::of(serde_json::from_slice(body).map_err(unreadable)?, String::new())?;
    let prompt = prompt(&mut fields)?;
    let logprobs = fields.number("logprobs")?;
    let echo = fields.truth("echo")?.filter(|echo| *echo && logprobs.is_some());
    let n = fields.number("n")?;
    // the best of as many as are told is all of them
    let as_many = n.as_ref().map_or(Some(1), |n| n.as_u64());
    let best_of = fields.number("best_of")?.filter(|many| many.as_u64() != as_many);
    let suffix = fields.text("suffix")?.filter(|text| !text.is_empty());
    let chats: Vec<_> = CHATS.iter().filter_map(|name| Some((*name, fields.any(name)?))).collect();
    let mut request = openai::read_fields(fields)?;
    request.messages = vec![Message { role: Role::User, name: None, parts: vec![Part::text(prompt)] }];
    request.n = n;
    request.logprobs = logprobs.as_ref().map(|_| true);
    request.top_logprobs = logprobs.filter(|others| others.as_u64() != Some(0));
    let others = [
        ("echo", echo.map(Value::Bool)),
        ("best_of", best_of.map(Value::Number)),
        ("suffix", suffix.map(Value::String)),
    ];
    let others = others.into_iter().filter_map(|(name, value)| Some((name, value?)));
    request.rest.extend(others.chain(chats).map(|(name, value)| (name.to_owned(), value)));
    Ok(request)
}

fn prompt(fields: &mut Fields) -> Result<String, BadRequest> {
    let one = "The model chats and takes one prompt, a text. Send one request for each prompt, as a string";
    match fields.any("prompt") {
        Some(Value::String(text)) => Ok(text),
        Some(Value::Array(list)) => match <[Value; 1]>::try_from(list) {
            Ok([Value::String(text)]) => Ok(text),
            _ => Err(fields.bad("prompt", one)),
        },
        _ => Err(fields.bad("prompt", "This must be a string")),
    }
}
