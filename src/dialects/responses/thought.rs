//! Thought of earlier turns: how an item of type `reasoning` stands for what other dialects sign, and the other way.
//!
//! The model of a request and of an answer knows a signature, or sealed data, as one text. Of an item of OpenAI's that text
//! must hold two things, its id and its `encrypted_content`, so they are put together; what others signed or sealed stands
//! in `encrypted_content` behind a word that says so. Each comes back to its provider as that provider wrote it, and to
//! nobody else.

use serde_json::{Value, json};

use super::super::BadRequest;
use super::super::openai::{Fields, object};
use super::super::request::{Content, Part};
use super::super::signature::{of_openai, sealed_by_openai};

/// Before another provider's signature, where it stands as `encrypted_content`.
const SIGNED: &str = "signature:";
/// Before another provider's sealed data.
const SEALED: &str = "redacted:";

/// `encrypted_content` for a signature.
pub fn of_signature(signature: &str) -> String {
    of_openai(signature).map_or_else(|| format!("{SIGNED}{signature}"), |(_, encrypted)| encrypted.to_owned())
}

/// `encrypted_content` for sealed data.
pub fn of_sealed(data: &str) -> String {
    of_openai(data).map_or_else(|| format!("{SEALED}{data}"), |(_, encrypted)| encrypted.to_owned())
}

/// Whether `encrypted_content` is another provider's, which OpenAI would refuse.
pub fn is_elsewhere(encrypted: &str) -> bool {
    encrypted.starts_with(SIGNED) || encrypted.starts_with(SEALED)
}

/// An item of type `reasoning`, its type taken already, as a part; nothing where it says nothing that could be handed back.
///
/// # Errors
/// It has the wrong form.
pub fn read(fields: &mut Fields) -> Result<Option<Part>, BadRequest> {
    let words: Vec<String> = [fields.list("summary")?, fields.list("content")?]
        .into_iter()
        .flatten()
        .filter_map(|part| part["text"].as_str().map(str::to_owned))
        .collect();
    let text = words.join("\n\n");
    let sealed = fields.text("encrypted_content")?;
    Ok(match sealed {
        None if text.is_empty() => None,
        None => Some(Content::Reasoning { text, signature: None }),
        Some(sealed) => Some(match (sealed.strip_prefix(SIGNED), sealed.strip_prefix(SEALED)) {
            (Some(signature), _) => Content::Reasoning { text, signature: Some(signature.to_owned()) },
            (_, Some(data)) => Content::Redacted { data: data.to_owned() },
            // OpenAI's own goes to no provider that this is read for but OpenAI again
            (None, None) if text.is_empty() => Content::Redacted { data: sealed_by_openai("", &sealed) },
            (None, None) => Content::Reasoning { text, signature: Some(sealed_by_openai("", &sealed)) },
        }),
    }
    .map(Part::of))
}

/// Thought of an earlier turn as an item; nothing where it is not OpenAI's, since OpenAI takes back only what it wrote.
pub fn item(text: &str, sealed: &str) -> Option<Value> {
    let (id, encrypted) = of_openai(sealed)?;
    let summary = match text.is_empty() {
        true => json!([]),
        false => json!([{"type": "summary_text", "text": text}]),
    };
    let mut item =
        object([("type", "reasoning".into()), ("summary", summary), ("encrypted_content", encrypted.into())]);
    if !id.is_empty() {
        item["id"] = id.into();
    }
    Some(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_comes_back_as_it_was() {
        let sealed = sealed_by_openai("rs_1", "gAAA:b=");
        assert_eq!(of_openai(&sealed), Some(("rs_1", "gAAA:b=")));
        assert_eq!(item("why", &sealed).unwrap()["encrypted_content"], "gAAA:b=");
        assert_eq!(item("why", "EqQBCkYIARgC"), None);
        for (written, want) in [
            (of_signature("Eq=="), Content::Reasoning { text: "t".into(), signature: Some("Eq==".into()) }),
            (of_sealed("Er=="), Content::Redacted { data: "Er==".into() }),
        ] {
            let item = json!({"summary": [{"type": "summary_text", "text": "t"}], "encrypted_content": written});
            let read = read(&mut Fields::of(item, String::new()).unwrap()).unwrap().unwrap();
            assert_eq!(read.content, want);
        }
    }
}
