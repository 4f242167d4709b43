//! Objects of the caller's whose members may be spelt in camelCase or snake_case: Google's servers read both, as JSON of
//! protocol buffers has it.

use serde_json::Value;

use crate::dialects::BadRequest;
pub use crate::dialects::anthropic::fields::{Fields, bad, wrong};

/// The object at a place, its own members in camelCase. What is within them keeps its spelling.
///
/// # Errors
/// It is something else.
pub fn open(value: Value, at: impl Into<String>) -> Result<Fields, BadRequest> {
    let value = match value {
        Value::Object(members) => members.into_iter().map(|(name, value)| (camel(&name), value)).collect(),
        other => other,
    };
    Fields::of(value, at)
}

/// An object that is a member.
///
/// # Errors
/// It is something else.
pub fn inner(fields: &mut Fields, name: &str) -> Result<Option<Fields>, BadRequest> {
    let at = fields.at(name);
    fields.take(name).map(|value| open(value, at)).transpose()
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
