//! What is wrong with a caller's request whatever provider it is written for: a conversation without a message, a tool's
//! result without its call, bytes that are no base64. Said with its place before a provider says so in words of its own,
//! about a body that the caller has never seen.

use std::collections::HashSet;

use millrace_actors::wire::protocol::Protocol;

use super::BadRequest;
use super::request::{Content, Part, Request, Source};

/// Ids that are compared for the nearest: their length in bytes, and their number.
const LONGEST: usize = 64;
const MOST: usize = 256;

/// Looks at a request of a caller who speaks `protocol`.
///
/// # Errors
/// No provider could answer it.
pub fn check(request: &Request, protocol: Protocol) -> Result<(), BadRequest> {
    if request.messages.is_empty() {
        let list = match protocol {
            Protocol::Responses => "/input",
            Protocol::GenerateContent => "/contents",
            _ => "/messages",
        };
        return Err(BadRequest { pointer: list.into(), what: "This is empty; give at least one message".into() });
    }
    let mut calls = HashSet::new();
    for (n, message) in request.messages.iter().enumerate() {
        for (m, part) in message.parts.iter().enumerate() {
            let at = format!("/messages/{n}/content/{m}");
            let at = part.place(&at);
            match &part.content {
                Content::ToolCall { id, .. } => drop(calls.insert(id.as_str())),
                // calls of custom tools, and of the provider's own
                Content::Other(value) => calls.extend(value["id"].as_str()),
                Content::ToolResult { id, parts, .. } => {
                    answers(id, &calls, at, protocol)?;
                    parts.iter().try_for_each(|part| bytes(part, at))?;
                }
                _ => bytes(part, at)?,
            }
        }
    }
    Ok(())
}

fn answers(id: &str, calls: &HashSet<&str>, at: &str, protocol: Protocol) -> Result<(), BadRequest> {
    if calls.contains(id) {
        return Ok(());
    }
    let member = match protocol {
        Protocol::Messages => "tool_use_id",
        Protocol::Responses => "call_id",
        _ => "tool_call_id",
    };
    // of ids as providers make them, and of no more than can be looked at
    let near = calls.iter().filter(|known| known.len() <= LONGEST && id.len() <= LONGEST).take(MOST);
    let what = match near.min_by_key(|known| (strsim::levenshtein(known, id), **known)) {
        Some(near) => format!("This answers a call that nothing before it makes; the nearest id of a call is `{near}`"),
        None => {
            "This answers a call of a tool, and nothing before it calls one; send the model's call with it".to_owned()
        }
    };
    Err(BadRequest { pointer: format!("{at}/{member}"), what })
}

fn bytes(part: &Part, at: &str) -> Result<(), BadRequest> {
    let (data, kind) = match &part.content {
        Content::Image { source: Source::Base64 { media_type, data }, .. }
        | Content::Document { source: Source::Base64 { media_type, data }, .. } => (data, Some(media_type)),
        Content::Audio { data, .. } => (data, None),
        _ => return Ok(()),
    };
    let bad = |what: &str| Err(BadRequest { pointer: part.place(at).to_owned(), what: what.to_owned() });
    if kind.is_some_and(|kind| !kind.contains('/')) {
        return bad("Its media type is none; it must be one such as image/png or application/pdf");
    }
    if data.trim_ascii().is_empty() {
        return bad("It holds no bytes; give them in base64");
    }
    // in either alphabet, in lines or not: providers take what they take, and this is no text by mistake
    let fits = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'=' | b'\r' | b'\n');
    match data.as_bytes().iter().position(|b| !fits(b)) {
        Some(n) => bad(&format!("Its data is no base64: character {n} is none of that alphabet; encode the bytes")),
        None => Ok(()),
    }
}
