//! The conversation, for a server that does not take all of its forms. Messages that need no change keep their bytes.

use std::borrow::Cow;

use memchr::memmem;
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::scan::{self, Member};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::providers::row::{Thought, Traits};

/// `messages`, raw JSON, as the server takes it; nothing where it does already.
pub fn amended(raw: &[u8], traits: &Traits, notes: &mut Notes) -> Option<String> {
    let words: [(bool, &[&str]); 4] = [
        (!traits.developer, &["\"developer\""]),
        (!traits.parts, &["\"text\""]),
        (!traits.names, &["\"name\""]),
        (traits.thought != Thought::Content, &["\"reasoning_content\"", "\"thinking_blocks\""]),
    ];
    let found = |word: &str| memmem::find(raw, word.as_bytes()).is_some();
    if !words.iter().any(|(asked, words)| *asked && words.iter().any(|word| found(word))) {
        return None;
    }
    // what is no list of objects is for the server to refuse
    let list: Vec<&RawValue> = serde_json::from_slice(raw).ok()?;
    let mut changed = false;
    let mut written = Vec::with_capacity(list.len());
    for message in list {
        let new = message_amended(message.get(), traits, notes);
        changed |= new.is_some();
        written.push(new.map_or(Cow::Borrowed(message.get()), Cow::Owned));
    }
    changed.then(|| format!("[{}]", written.join(",")))
}

fn message_amended(text: &str, traits: &Traits, notes: &mut Notes) -> Option<String> {
    let members = scan::members(text).ok()?;
    let raw = |member: &Member<'_>| &text[member.value.clone()];
    let told = |name: &str| members.iter().find(|member| member.key == name).map(raw).filter(|raw| *raw != "null");
    let tool = told("role") == Some("\"tool\"");
    let mut changed = false;
    let mut out = String::with_capacity(text.len());
    for member in &members {
        let (key, raw) = (member.key.as_ref(), raw(member));
        let new: Option<(&str, Cow<'_, str>)> = match key {
            "role" if raw == "\"developer\"" && !traits.developer => Some((key, "\"system\"".into())),
            "content" if !traits.parts => joined(raw).map(|text| (key, Cow::Owned(text))),
            "name" if !traits.names && !tool => {
                notes.add("messages.name", Did::Dropped, "the provider has no names of participants");
                changed = true;
                continue;
            }
            "reasoning_content" | "thinking_blocks" => match thought(key, raw, traits.thought, told("thinking_blocks"))
            {
                Fate::Stays => None,
                Fate::Becomes(key, raw) => Some((key, raw)),
                Fate::Goes => {
                    changed = true;
                    if !matches!(traits.thought, Thought::Details) {
                        notes.add("messages.thinking", Did::Dropped, "the provider does not take it back");
                    }
                    continue;
                }
            },
            _ => None,
        };
        changed |= new.is_some();
        let (key, raw) = new.unwrap_or((key, Cow::Borrowed(raw)));
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&scan::quoted(key));
        out.push(':');
        out.push_str(&raw);
    }
    changed.then(|| if out.is_empty() { "{}".to_owned() } else { out + "}" })
}

/// What becomes of a member.
enum Fate<'t> {
    Stays,
    Becomes(&'static str, Cow<'t, str>),
    Goes,
}

/// Thought of an earlier turn, in the form that the server takes back.
fn thought<'t>(key: &str, raw: &'t str, takes: Thought, blocks: Option<&str>) -> Fate<'t> {
    match (takes, key) {
        (Thought::Content, _) => Fate::Stays,
        (Thought::Reasoning, "reasoning_content") => Fate::Becomes("reasoning", Cow::Borrowed(raw)),
        // the blocks say the same, with their signatures
        (Thought::Details, "reasoning_content") if blocks.is_some() => Fate::Goes,
        (Thought::Details, "reasoning_content") => Fate::Becomes("reasoning", Cow::Borrowed(raw)),
        (Thought::Details, _) => match details(raw) {
            Some(details) => Fate::Becomes("reasoning_details", Cow::Owned(details)),
            None => Fate::Stays,
        },
        (Thought::Reasoning | Thought::Nothing, _) => Fate::Goes,
    }
}

/// `thinking_blocks` as `reasoning_details` (OpenRouter's "Preserving reasoning blocks", format `anthropic-claude-v1`).
fn details(blocks: &str) -> Option<String> {
    let blocks: Vec<Value> = serde_json::from_str(blocks).ok()?;
    let detail = |(index, block): (usize, &Value)| match block["type"].as_str() {
        Some("redacted_thinking") => json!({"type": "reasoning.encrypted", "data": block["data"],
            "format": "anthropic-claude-v1", "index": index}),
        _ => json!({"type": "reasoning.text", "text": block["thinking"], "signature": block["signature"],
            "format": "anthropic-claude-v1", "index": index}),
    };
    Some(Value::Array(blocks.iter().enumerate().map(detail).collect()).to_string())
}

/// A list of texts as one text; nothing where it is none, or has something else in it.
fn joined(raw: &str) -> Option<String> {
    let parts: Vec<Value> = serde_json::from_str(raw).ok()?;
    let texts: Option<Vec<&str>> =
        parts.iter().map(|part| part["text"].as_str().filter(|_| part["type"] == "text")).collect();
    texts.map(|texts| scan::quoted(&texts.concat()))
}
