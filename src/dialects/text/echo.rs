//! `echo`: the prompt, told once more before the text. No provider that chats does it, and none needs to: we know the prompt.

use serde_json::Value;

use super::super::AnswerFacts;

/// The prompt, if it is to be told once more. With log probabilities it is not, since they would have to be the prompt's too.
pub fn prompt(facts: &AnswerFacts) -> Option<String> {
    let logprobs = facts.asked("logprobs").is_some_and(|raw| raw != b"null");
    if facts.asked("echo")? != b"true" || logprobs {
        return None;
    }
    match serde_json::from_slice(facts.asked("prompt")?).ok()? {
        Value::Array(list) if list.len() == 1 => list.into_iter().next()?.as_str().map(str::to_owned),
        Value::String(text) => Some(text),
        _ => None,
    }
}
