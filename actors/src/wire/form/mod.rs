//! Forms (`multipart/form-data`, RFC 7578): read as they come ([`scanner`], [`part`]), and written for the provider.
//!
//! The fields of a form are scanned as a JSON body is ([`super::envelope`]): one set of rules for both, and hooks see one
//! kind of body. Here they become parts again, under the caller's own boundary: its files then pass as they are.

pub mod boundary;
pub mod broken;
mod disposition;
pub mod part;
pub mod scanner;

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::pieces::Pieces;
use super::scan;
use part::Head;

/// The members of `fields`, a JSON object, as parts of text. A list of texts is one part for each, its name followed by `[]`,
/// as OpenAI's SDKs write it; null is left out.
pub fn fields(fields: &[u8], boundary: &str) -> Pieces {
    let mut parts = Vec::new();
    let text = std::str::from_utf8(fields).unwrap_or_default();
    for member in scan::members(text).unwrap_or_default() {
        for (name, value) in texts(&member.key, &text[member.value.clone()]) {
            let name = name.replace('"', "%22").replace(['\r', '\n'], " ");
            parts.push(Bytes::from(format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )));
        }
    }
    parts.into_iter().collect()
}

/// What stands before a file's bytes.
pub fn opening(head: &Head, boundary: &str) -> Bytes {
    [b"--", boundary.as_bytes(), b"\r\n", &head.lines, b"\r\n"].concat().into()
}

/// What stands behind the last part and its line's end.
pub fn closing(boundary: &str) -> Bytes {
    format!("--{boundary}--\r\n").into()
}

/// A JSON value as the texts of a form's parts.
fn texts(name: &str, raw: &str) -> Vec<(String, String)> {
    let plain = |raw: &str| match serde_json::from_str::<Value>(raw) {
        Ok(Value::String(text)) => text,
        // a number keeps its digits
        _ => raw.to_owned(),
    };
    match serde_json::from_str::<Vec<&RawValue>>(raw) {
        Ok(items) => items.iter().map(|item| (format!("{name}[]"), plain(item.get()))).collect(),
        Err(_) if raw == "null" => Vec::new(),
        Err(_) => vec![(name.to_owned(), plain(raw))],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_parts() {
        let object = br#"{"model": "w\u00e9", "temperature": 0.20, "include": ["a","b"], "x": null, "n\"": true}"#;
        let form = String::from_utf8(fields(object, "b").to_bytes().to_vec()).unwrap();
        let part = |name: &str, value: &str| {
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let want = [
            part("model", "wé"),
            part("temperature", "0.20"),
            part("include[]", "a"),
            part("include[]", "b"),
            part("n%22", "true"),
        ];
        assert_eq!(form, want.concat());
    }

    #[test]
    fn a_file_is_opened_and_a_form_closed() {
        let head = Head::parse(b"Content-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n").unwrap();
        let want = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        assert_eq!((opening(&head, "b"), closing("b")), (Bytes::from_static(want.as_bytes()), "--b--\r\n".into()));
    }
}
