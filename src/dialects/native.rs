//! Tools that a provider runs itself, on their way to one that does not have them: left out, noted under one name whoever
//! declared it, and never refused. Clients declare such tools with every request (Codex its search), so a refusal would shut
//! them out of most providers; and a tool that is only offered need not be called. Who demands it is told by the choice.

use super::request::Tool;
use super::search::Search;
use super::{Did, Notes};

/// What the tools of a value of `tools` are called, without the versions that their types end in. Google's value holds several.
pub fn kinds(tool: &Tool) -> Vec<String> {
    let value = match tool {
        _ if Search::of(tool).is_some() => return vec!["web_search".to_owned()],
        Tool::Function { .. } => return vec!["function".to_owned()],
        Tool::Native(value) => value,
    };
    match (value["type"].as_str().or_else(|| value["name"].as_str()), value.as_object()) {
        (Some(kind), _) => vec![unversioned(kind).to_owned()],
        (None, Some(members)) if !members.is_empty() => members.keys().cloned().collect(),
        (None, _) => vec!["native".to_owned()],
    }
}

/// Notes a tool that is left out.
pub fn unserved(tool: &Tool, why: &str, notes: &mut Notes) {
    for kind in kinds(tool) {
        notes.add(&format!("tools.{kind}"), Did::Dropped, why);
    }
}

/// Whether a type ends in a date, as those of Anthropic's tools do (its reference, `ToolUnion`).
pub fn is_dated(kind: &str) -> bool {
    kind.rsplit_once('_').is_some_and(|(_, date)| date.len() == 8 && date.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Without Anthropic's date, or OpenAI's `preview`.
fn unversioned(kind: &str) -> &str {
    let kind = if is_dated(kind) { &kind[..kind.len() - 9] } else { kind };
    kind.split("_preview").next().unwrap_or(kind)
}
