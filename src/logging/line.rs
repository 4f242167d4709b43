//! A record as one line. What others wrote cannot begin a line of its own, nor move a terminal's cursor.

use log::Record;
use serde_json::{Map, Value, json};

use super::redact::clean;

/// A line's length in bytes; a provider may send a page of HTML as an error.
const LONGEST: usize = 16 * 1024;

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `2026-11-24T05:04:50.123Z info millrace_actors::attempts attempt failed call_id=...`
    Human,
    /// An object with `ts`, `level`, `target`, `message`, and under `fields` the message's `key=value` pairs.
    Json,
}

/// The line of a record, without the newline at its end; `at` is the time in RFC 3339.
pub fn line(shape: Shape, at: &str, record: &Record<'_>) -> String {
    let said = record.args().to_string();
    // struck out before it is cut: half a key would match nothing and still be half a key
    let message = clip(&clean(&said), LONGEST).to_owned();
    let level = record.level().as_str().to_ascii_lowercase();
    match shape {
        Shape::Human => format!("{at} {level} {} {}", record.target(), one_line(&message)),
        Shape::Json => {
            let mut object = json!({ "ts": at, "level": level, "target": record.target(), "message": message });
            // under a key of their own: what a caller wrote must not pass for a level or a time
            let fields = fields(&message);
            if !fields.is_empty() {
                object["fields"] = Value::Object(fields);
            }
            object.to_string()
        }
    }
}

/// Control characters, line separators and those that turn the direction of text, written as escapes.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(' '),
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.extend(c.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// The `key=value` pairs of a message, after the house's way of writing them: a bare word, or a text as `{:?}` writes it.
/// The first of a name stands.
fn fields(message: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut rest = message;
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.rsplit([' ', '\n']).next().unwrap_or_default();
        let (value, left) = value(after);
        let named = !key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if named && !fields.contains_key(key) {
            fields.insert(key.to_owned(), Value::String(value));
        }
        rest = left;
    }
    fields
}

/// A value and what follows it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, c @ ('"' | '\\' | '\''))) => value.push(c),
                // the rest stays as it was written
                Some((_, c)) => value.extend(['\\', c]),
                None => {}
            },
            c => value.push(c),
        }
    }
    (value, "")
}

fn clip(text: &str, longest: usize) -> &str {
    &text[..text.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::super::guard_secret;
    use super::*;

    const AT: &str = "2026-11-24T05:04:50.123Z";

    fn written(shape: Shape, message: &str) -> String {
        let mut record = Record::builder();
        record.level(log::Level::Warn).target("millrace::x");
        line(shape, AT, &record.args(format_args!("{message}")).build())
    }

    #[test]
    fn a_line_reads_well() {
        assert_eq!(
            written(Shape::Human, "attempt failed call_id=a1 cause=\"no \\\"route\\\"\""),
            format!("{AT} warn millrace::x attempt failed call_id=a1 cause=\"no \\\"route\\\"\"")
        );
        let json: Value =
            serde_json::from_str(&written(Shape::Json, "attempt failed call_id=a1 n=3 cause=\"a \\\"b\\\" c=d\\n\""))
                .unwrap();
        assert_eq!(
            json,
            json!({ "ts": AT, "level": "warn", "target": "millrace::x",
                "message": "attempt failed call_id=a1 n=3 cause=\"a \\\"b\\\" c=d\\n\"",
                "fields": { "call_id": "a1", "n": "3", "cause": "a \"b\" c=d\n" } })
        );
        let plain: Value = serde_json::from_str(&written(Shape::Json, "ready")).unwrap();
        assert_eq!(plain.get("fields"), None);
    }

    #[test]
    fn a_record_is_one_line_whatever_is_in_it() {
        let forged = "x\n2026-11-24T00:00:00Z info millrace fake\r\u{1b}[2J\u{2028}\u{85}\u{202e}level=info ts=never";
        for shape in [Shape::Human, Shape::Json] {
            let line = written(shape, forged);
            assert!(!line.contains(['\n', '\r', '\u{1b}']), "{line:?}");
            assert!(line.contains(AT));
        }
        let human = written(Shape::Human, forged);
        assert!(!human.contains(['\u{2028}', '\u{85}', '\u{202e}']) && human.contains(r"x\n2026"), "{human:?}");
        let json: Value = serde_json::from_str(&written(Shape::Json, forged)).unwrap();
        assert_eq!((&json["level"], &json["ts"]), (&json!("warn"), &json!(AT)), "a caller cannot set these");
    }

    #[test]
    fn no_secret_gets_out() {
        assert!(guard_secret("canary-line-8842"));
        let long = format!("{}canary-line-8842", "x".repeat(LONGEST - 8));
        for message in ["key=canary-line-8842", "cause=\"got canary-line-8842\\n\"", "Bearer canary-line", &long] {
            for shape in [Shape::Human, Shape::Json] {
                let line = written(shape, message);
                assert!(!line.contains("canary"), "{}", &line[line.len() - 60..]);
                assert!(line.len() < LONGEST + 200);
            }
        }
    }

    #[test]
    fn unfinished_fields_do_no_harm() {
        for message in ["a=\"open", "a=\"\\", "=", "a=", "== b=1", "é=ü x=\"é\\u{7f}\""] {
            let json: Value = serde_json::from_str(&written(Shape::Json, message)).unwrap();
            assert_eq!(json["message"], message);
        }
        assert_eq!(fields("a=1 a=2")["a"], "1");
    }
}
