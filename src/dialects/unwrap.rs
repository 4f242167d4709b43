//! What a model writes into the function that stands for a custom tool, as the text that the tool is given.

use serde_json::Value;

/// The text within `{"input": "..."}` as it comes. What has another form is told as it is, and so is what stands in the text
/// and may not stand in JSON: a model's slip is still all that the caller can go by.
#[derive(Debug, Default)]
pub struct Unwrap {
    /// JSON that was not told yet.
    waiting: String,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The text did not begin yet.
    #[default]
    Before,
    Within,
    After,
}

impl Unwrap {
    /// More of the JSON; the text that it tells.
    pub fn feed(&mut self, json: &str) -> String {
        self.waiting.push_str(json);
        if self.state == State::Before {
            let Some(begun) = begun(&self.waiting) else { return String::new() };
            self.waiting.drain(..begun);
            self.state = State::Within;
        }
        let (mut text, mut at) = (String::new(), 0);
        while self.state == State::Within {
            let rest = &self.waiting[at..];
            let marked = memchr::memchr2(b'"', b'\\', rest.as_bytes()).unwrap_or(rest.len());
            text.push_str(&rest[..marked]);
            at += marked;
            match mark(&rest[marked..]) {
                Mark::Unknown => break,
                Mark::End => self.state = State::After,
                Mark::Is(char, length) => {
                    text.push(char);
                    at += length;
                }
            }
        }
        self.waiting.drain(..at);
        text
    }

    /// Whether the text is over.
    pub fn is_over(&self) -> bool {
        self.state == State::After
    }

    /// No more comes: what there is besides.
    pub fn finish(self) -> String {
        match self.state {
            State::Before => match serde_json::from_str::<Value>(&self.waiting) {
                Ok(Value::Object(members)) => match members.get("input").and_then(Value::as_str) {
                    Some(text) => text.to_owned(),
                    None if members.is_empty() => String::new(),
                    None => self.waiting,
                },
                _ => self.waiting,
            },
            State::Within | State::After => String::new(),
        }
    }
}

/// Where the text begins, if the JSON so far is `{"input": "`.
fn begun(json: &str) -> Option<usize> {
    let mut rest = json;
    for token in ["{", "\"input\"", ":", "\""] {
        rest = rest.trim_start().strip_prefix(token)?;
    }
    Some(json.len() - rest.len())
}

/// What a quote or a backslash within the text is.
enum Mark {
    /// The text is over.
    End,
    /// This character, told in so many bytes.
    Is(char, usize),
    /// What follows will tell.
    Unknown,
}

/// The mark at the beginning. A quote behind which the object does not go on or end is one that should have been escaped, and
/// a backslash that escapes nothing is itself.
fn mark(rest: &str) -> Mark {
    let bytes = rest.as_bytes();
    if bytes.first() == Some(&b'"') {
        return match rest[1..].trim_start().bytes().next() {
            None => Mark::Unknown,
            Some(b'}' | b',') => Mark::End,
            Some(_) => Mark::Is('"', 1),
        };
    }
    let escaped = match bytes.get(1) {
        None => return Mark::Unknown,
        Some(b'u') => return unit(bytes),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(same @ (b'"' | b'\\' | b'/')) => char::from(*same),
        Some(_) => return Mark::Is('\\', 1),
    };
    Mark::Is(escaped, 2)
}

/// The escape `\uXXXX`, or the two that are a surrogate pair.
fn unit(bytes: &[u8]) -> Mark {
    let hex = |at: usize| -> Option<Option<u32>> {
        let digits = bytes.get(at..).unwrap_or_default();
        let digits = &digits[..digits.len().min(4)];
        let value = digits.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?));
        // not yet all four; or, if one is no digit, never
        value.map(|value| Some(value).filter(|_| digits.len() == 4))
    };
    let itself = Mark::Is('\\', 1);
    let first = match hex(2) {
        None => return itself,
        Some(None) => return Mark::Unknown,
        Some(Some(first)) => first,
    };
    if let Some(char) = char::from_u32(first) {
        return Mark::Is(char, 6);
    }
    let behind = &bytes[6..bytes.len().min(8)];
    if !(0xD800..0xDC00).contains(&first) || !b"\\u".starts_with(behind) {
        return itself;
    }
    match hex(8) {
        None => itself,
        Some(None) => Mark::Unknown,
        Some(Some(second @ 0xDC00..0xE000)) => {
            char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)).map_or(itself, |c| Mark::Is(c, 12))
        }
        Some(Some(_)) => itself,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn unwrapped<'a>(pieces: impl IntoIterator<Item = &'a str>) -> String {
        let mut unwrap = Unwrap::default();
        let told: String = pieces.into_iter().map(|piece| unwrap.feed(piece)).collect();
        told + &unwrap.finish()
    }

    #[test]
    fn the_text_is_the_same_wherever_its_json_is_cut() {
        let text = "ls -l \"a b\"\n\\ é 😀 \u{1}x";
        let escaped = "{\"input\": \"ls -l \\\"a b\\\"\\n\\\\ \\u00e9 \\ud83d\\ude00 \\u0001x\"}";
        for json in [json!({"input": text}).to_string(), escaped.to_owned(), format!(" \n{escaped} ")] {
            cut_anywhere(&json, text);
        }
    }

    fn cut_anywhere(json: &str, text: &str) {
        let cuts = (0..=json.len()).filter(|at| json.is_char_boundary(*at));
        for (from, to) in cuts.clone().flat_map(|from| cuts.clone().map(move |to| (from, to))) {
            if from <= to {
                assert_eq!(unwrapped([&json[..from], &json[from..to], &json[to..]]), text, "{json} at {from} {to}");
            }
        }
    }

    #[test]
    fn a_slip_of_the_models_is_itself_wherever_it_is_cut() {
        for (json, text) in [
            (r#"{"input":"grep '\d' f\n"}"#, "grep '\\d' f\n"),
            ("{\"input\":\"a\n\tb\"}", "a\n\tb"),
            (r#"{"input": "C:\users \u12 \u12g4 \é"} "#, r"C:\users \u12 \u12g4 \é"),
            (
                r#"{"input": "\ud83d \ud83d\n \ud83d\u0041 \ude00 \ud83d\ud83d\ude00"}"#,
                "\\ud83d \\ud83d\n \\ud83dA \\ude00 \\ud83d😀",
            ),
            (r#"{"input": "grep "x" f" , "why":"w"}"#, r#"grep "x" f"#),
            (r#"{"input": "\"}"#, r#""}"#),
        ] {
            cut_anywhere(json, text);
        }
    }

    #[test]
    fn what_has_another_form_is_told_as_it_is() {
        for (json, want) in [
            ("", ""),
            ("{}", ""),
            ("{\"why\":\"w\",\"input\":\"x\"}", "x"),
            ("{\"command\":\"x\"}", "{\"command\":\"x\"}"),
            ("plain", "plain"),
            ("{\"input\":7}", "{\"input\":7}"),
            ("{\"input\":\"cut \\ud83d", "cut "),
            ("{\"input\":\"a\\qb\"}", "a\\qb"),
        ] {
            assert_eq!(unwrapped([json]), want, "{json}");
        }
    }
}
