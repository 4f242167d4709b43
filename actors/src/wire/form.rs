//! A form's files, and the form that goes upstream. The fields of a form are scanned as a JSON body is
//! ([`super::envelope`]): one set of rules for both, and hooks see one kind of body. Here they become parts again.

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::pieces::Pieces;
use super::scan;

/// A file of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The lines of its head, each with its end, without the blank line: `content-disposition` and `content-type` as the
    /// caller wrote them.
    pub head: Bytes,
    /// Its bytes, in pieces.
    pub content: Vec<Bytes>,
}

/// The files of a form, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files(pub Vec<File>);

impl Files {
    /// Bytes of all files.
    pub fn len(&self) -> usize {
        self.0.iter().flat_map(|file| &file.content).map(Bytes::len).sum()
    }

    /// No file at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The form: the members of `fields`, a JSON object, as parts of text, then the files. A list of texts is one part for
    /// each, its name followed by `[]`, as OpenAI's SDKs write it; null is left out.
    ///
    /// `boundary` must be of characters that need no quotes (RFC 2046, 5.1.1), and must not stand in any file.
    pub fn form(&self, fields: &[u8], boundary: &str) -> Pieces {
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
        for file in &self.0 {
            parts.push(Bytes::from(format!("--{boundary}\r\n")));
            parts.push(file.head.clone());
            parts.push(Bytes::from_static(b"\r\n"));
            parts.extend(file.content.iter().cloned());
            parts.push(Bytes::from_static(b"\r\n"));
        }
        parts.push(Bytes::from(format!("--{boundary}--\r\n")));
        parts.into_iter().collect()
    }
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
    fn fields_and_files_become_a_form() {
        let head = Bytes::from_static(b"content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n");
        let files = Files(vec![File { head, content: vec![Bytes::from_static(b"\0\r"), Bytes::from_static(b"\n--")] }]);
        let fields = br#"{"model": "w\u00e9", "temperature": 0.20, "include": ["a","b"], "x": null, "n\"": true}"#;
        let form = String::from_utf8(files.form(fields, "b").to_bytes().to_vec()).unwrap();
        let part = |name: &str, value: &str| {
            format!("--b\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let want = [
            part("model", "wé"),
            part("temperature", "0.20"),
            part("include[]", "a"),
            part("include[]", "b"),
            part("n%22", "true"),
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n\0\r\n--\r\n--b--\r\n"
                .to_owned(),
        ];
        assert_eq!(form, want.concat());
        assert_eq!((files.len(), files.is_empty()), (5, false));
    }
}
