//! The content of an answer, cut into pieces: each piece is the inside of a JSON string, already escaped.

use super::{
    behaviour::Behaviour,
    choices::{Alphabet, Arguments, Escape},
};
use std::fmt::Write;

/// What is given to a tool. Its JSON has escapes and a surrogate pair, so that a split can fall within them.
const ARGUMENTS: &str =
    r#"{"city":"Z\u00fcrich \"old town\"","note":"line\nbreak \\ tab\t","mood":"\ud83d\ude00","grüße":"日本🎉"}"#;

/// The same for a function that stands for a custom tool.
const INPUT: &str = r#"{"input":"ls \"a b\"\n\ud83d\ude00 é"}"#;

/// The content pieces of one choice.
pub fn pieces(behaviour: &Behaviour, text: Option<&str>) -> Vec<String> {
    let raw = match text {
        Some(text) => split(text, behaviour.chunk_bytes),
        None => {
            (0..behaviour.chunks as usize).map(|i| generated(behaviour.alphabet, i, behaviour.chunk_bytes)).collect()
        }
    };
    escape_all(&raw, behaviour.escape)
}

/// The pieces of one tool call's arguments: they join to the same text whatever `chunk_bytes` is.
pub fn argument_pieces(behaviour: &Behaviour) -> Vec<String> {
    match argument_text(behaviour) {
        "" => Vec::new(),
        text => escape_all(&split(text, behaviour.chunk_bytes), behaviour.escape),
    }
}

/// The arguments of one tool call under a behaviour, joined; nothing at all where none come.
pub fn argument_text(behaviour: &Behaviour) -> &'static str {
    match behaviour.arguments {
        Arguments::Full => ARGUMENTS,
        Arguments::Input => INPUT,
        Arguments::Empty => "{}",
        Arguments::None => "",
    }
}

/// The pieces of thought.
pub fn thought_pieces(behaviour: &Behaviour) -> Vec<String> {
    let (alphabet, size) = (behaviour.alphabet, behaviour.chunk_bytes);
    // begun elsewhere in the text than content is, so that the two can be told apart
    let raw: Vec<_> = (0..behaviour.thinking as usize).map(|i| generated(alphabet, i + 3, size)).collect();
    escape_all(&raw, behaviour.escape)
}

/// The arguments as the client should have them after joining the pieces.
pub fn arguments() -> &'static str {
    ARGUMENTS
}

/// Cuts a text into pieces of at most `size` bytes, but at least one character.
fn split(text: &str, size: usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        if !piece.is_empty() && piece.len() + c.len_utf8() > size {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}

/// The `i`-th generated piece: at least one character, about `size` bytes, the same every time.
fn generated(alphabet: Alphabet, i: usize, size: usize) -> String {
    let words: &[&str] = match alphabet {
        Alphabet::Ascii => &["river ", "stone ", "wheel ", "water ", "grain ", "flour ", "meadow ", "bridge "],
        Alphabet::Emoji => &["😀", "🎉", "👨‍👩‍👧", "🚀", "🏳️‍🌈", "🧵"],
        Alphabet::Cjk => &["水車", "日本語", "中文", "한국어", "流れ", "粉"],
        Alphabet::Mixed => &["a\"b", "back\\slash", "\u{1}\t\n", "😀", "水", "é", "\u{2028}", "</script>"],
        Alphabet::Done => &["data: [DONE]", "\n\n", "data: [DONE]\n\n", "[DONE]"],
    };
    if alphabet == Alphabet::Ascii {
        // one running text, so that an answer reads as one
        let text = words.concat();
        return text.chars().cycle().skip(i * size % text.len()).take(size.max(1)).collect();
    }
    let mut out = String::with_capacity(size + 8);
    let mut at = i;
    loop {
        for c in words[at % words.len()].chars() {
            if !out.is_empty() && out.len() + c.len_utf8() > size {
                return out;
            }
            out.push(c);
        }
        at += 1;
    }
}

fn escape_all(raw: &[String], escape: Escape) -> Vec<String> {
    match escape {
        Escape::Utf8 => raw.iter().map(|piece| json_text(piece)).collect(),
        Escape::Ascii => raw.iter().map(|piece| ascii(piece, None)).collect(),
        Escape::Lone => {
            let mut out = Vec::new();
            for piece in raw {
                let last = ascii(piece, Some(&mut out));
                out.push(last);
            }
            out
        }
    }
}

/// The inside of a JSON string, non-ASCII as it is.
pub fn json_text(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As [`json_text`] with `\u` escapes. Where a list is given the text is cut after each high surrogate: the finished pieces
/// go to the list and the rest is returned.
fn ascii(text: &str, mut cut: Option<&mut Vec<String>>) -> String {
    let mut out = String::new();
    for c in json_text(text).chars() {
        if c.is_ascii() {
            out.push(c);
            continue;
        }
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
            if let Some(cut) = cut.as_deref_mut().filter(|_| (0xD800..0xDC00).contains(unit)) {
                cut.push(std::mem::take(&mut out));
            }
        }
    }
    out
}
