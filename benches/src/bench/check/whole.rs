//! Judging a whole answer.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Expect, Fault};

/// What is read of a whole answer: enough to know that it is one.
#[derive(Debug, Deserialize)]
struct Completion<'a> {
    #[serde(borrow)]
    object: Cow<'a, str>,
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    choices: Vec<Choice<'a>>,
    usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
struct Choice<'a> {
    index: u32,
    #[serde(borrow)]
    message: Message<'a>,
    finish_reason: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Cow<'a, str>,
    #[serde(borrow)]
    content: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
}

/// Judges the body of a whole answer and returns its text.
pub fn judge<'a>(expect: &Expect, body: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    let answer: Completion<'a> = serde_json::from_slice(body).map_err(|problem| Fault::Json(problem.to_string()))?;
    if answer.object != "chat.completion" {
        return Err(Fault::Shape("object is not chat.completion"));
    }
    expect.model(&answer.model)?;
    let usage = answer.usage.ok_or(Fault::Shape("no usage"))?;
    if usage.prompt_tokens.checked_add(usage.completion_tokens) != Some(usage.total_tokens) {
        return Err(Fault::Shape("usage does not add up"));
    }
    let text = sole_choice(answer.choices)?;
    match &expect.content {
        Some(content) if content.concat() != *text => Err(Fault::Content { at: 0 }),
        _ => Ok(text),
    }
}

fn sole_choice(choices: Vec<Choice<'_>>) -> Result<Cow<'_, str>, Fault> {
    let [choice] = <[Choice<'_>; 1]>::try_from(choices).map_err(|_| Fault::Shape("not one choice"))?;
    if choice.index != 0 || choice.message.role != "assistant" {
        return Err(Fault::Shape("the choice is not the assistant's, or not number 0"));
    }
    if choice.finish_reason.is_none() {
        return Err(Fault::Shape("no finish_reason"));
    }
    choice.message.content.filter(|text| !text.is_empty()).ok_or(Fault::Shape("no content"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    const GOOD: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":
        {"role":"assistant","content":"hello"},"finish_reason":"stop"}],
        "usage":{"prompt_tokens":2,"completion_tokens":1,"total_tokens":3}}"#;

    fn kind(body: &str) -> &'static str {
        let expect =
            Expect { model: Some("m".to_owned()), content: Some(Arc::new(vec!["hel".to_owned(), "lo".to_owned()])) };
        judge(&expect, body.as_bytes()).map_or_else(|fault| fault.kind(), |_| "good")
    }

    #[test]
    fn each_fault_is_told_apart() {
        assert_eq!(kind(GOOD), "good");
        for (from, to, fault) in [
            ("chat.completion\"", "chat.completion.chunk\"", "shape"),
            ("\"model\":\"m\"", "\"model\":\"other\"", "model"),
            ("\"total_tokens\":3", "\"total_tokens\":4", "shape"),
            ("hello", "hallo", "content"),
            ("\"hello\"", "\"\"", "shape"),
            ("\"hello\"", "null", "shape"),
            ("\"stop\"", "null", "shape"),
            ("assistant", "user", "shape"),
            ("\"index\":0", "\"index\":1", "shape"),
            ("}]", "}", "json"),
            ("\"choices\":[", "\"choices\":[],\"x\":[", "shape"),
        ] {
            let body = GOOD.replace(from, to);
            assert_ne!(body, GOOD, "{from} is not in the answer");
            assert_eq!(kind(&body), fault, "{from} -> {to}");
        }
    }
}
