//! What token servers say when they give none: in OAuth's JSON, in AWS's JSON or XML, or as they like.

use serde_json::Value;

/// The most characters that are repeated.
const LONGEST: usize = 300;

/// A code and its description, or else the beginning of the text, on one line.
pub(super) fn of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let said = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(error)) => {
            let names = ["error", "error_description", "Code", "code", "Message", "message"];
            names.iter().filter_map(|name| error.get(*name)?.as_str()).collect::<Vec<_>>().join(": ")
        }
        _ => ["Code", "Message"].iter().filter_map(|name| element(&text, name)).collect::<Vec<_>>().join(": "),
    };
    let text = if said.is_empty() { &*text } else { &*said };
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
    if text.is_empty() { "without a word".to_owned() } else { text[..end].to_owned() }
}

/// The text of the first XML element of that name. What is looked for (keys, codes) holds nothing that XML would escape, so
/// a reader of XML is not needed for it.
pub(super) fn element<'x>(xml: &'x str, name: &str) -> Option<&'x str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once("</").map(|(text, _)| text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_repeated_on_one_line_and_not_for_ever() {
        let aws =
            b"<ErrorResponse><Error><Type>Sender</Type>\n<Code>AccessDenied</Code><Message>not\nyou</Message></Error>";
        for (body, words) in [
            (&br#"{"error":"invalid_grant","error_description":"Bad\r\nday"}"#[..], "invalid_grant: Bad day"),
            (br#"{"code":"AccessDenied","message":"not you"}"#, "AccessDenied: not you"),
            (br#"{"error":{"nested":1}}"#, r#"{"error":{"nested":1}}"#),
            (aws, "AccessDenied: not you"),
            (b"<html>\n sorry", "<html> sorry"),
            (b"  ", "without a word"),
        ] {
            assert_eq!(of(body), words);
        }
        assert_eq!(of(&[b'x'; 4000]).len(), LONGEST);
    }
}
