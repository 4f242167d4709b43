//! What was written: a tree of YAML nodes, each with its position and, for scalars, its source text.
//!
//! A tree of our own in place of serde's types: prices must keep their digits, a complaint must point at a key as well
//! as at a value, and one bad value must not hide the next.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

/// A position: the number of the file, line and column from 1, and how many characters it covers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    pub(super) file: usize,
    pub(super) line: u32,
    pub(super) column: u32,
    pub(super) width: u32,
}

/// One file that was read.
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    /// Wiped on drop: it may hold credentials.
    pub(super) text: Zeroizing<String>,
}

/// A mapping's key.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) at: At,
}

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) at: At,
}

/// The three shapes of YAML.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar(Scalar),
    Map(Vec<(Key, Node)>),
    List(Vec<Node>),
}

/// Text as written, after YAML's escapes; wiped on drop, since it may be a credential.
#[derive(Clone)]
pub(super) struct Scalar {
    pub(super) text: Zeroizing<String>,
    /// Without quotes, so that `true` and `5` are not texts.
    pub(super) plain: bool,
}

/// What a plain scalar means. YAML 1.1's words for booleans, because that is what LiteLLM's reader (PyYAML) takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Null,
    Flag(bool),
    Number,
    Text,
}

impl Scalar {
    pub(super) fn meaning(&self) -> Meaning {
        if !self.plain {
            return Meaning::Text;
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
            text if is_number(text) => Meaning::Number,
            text => flag_of(text).map_or(Meaning::Text, Meaning::Flag),
        }
    }
}

/// `true`, `yes`, `on` and their opposites, in the three spellings YAML 1.1 has for each.
pub(super) fn flag_of(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// A decimal number: sign, digits, at most one dot, an exponent.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    text.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

impl Node {
    pub(super) fn map(entries: Vec<(Key, Node)>, at: At) -> Self {
        Self { kind: Kind::Map(entries), at }
    }

    /// The value under `name`, if this is a mapping that has it.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.text == name).map(|(_, node)| node)
    }

    /// The entries of a mapping; none for any other shape.
    pub(super) fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        self.scalar().is_some_and(|scalar| scalar.meaning() == Meaning::Null)
    }

    /// Whether a switch written so is off: null, false, or an empty text, list or mapping.
    pub(super) fn is_off(&self) -> bool {
        match &self.kind {
            Kind::Map(entries) => entries.is_empty(),
            Kind::List(items) => items.is_empty(),
            Kind::Scalar(scalar) => {
                scalar.text.is_empty() || matches!(scalar.meaning(), Meaning::Null | Meaning::Flag(false))
            }
        }
    }

    /// What it is, for a message: never its text.
    pub(super) fn shape(&self) -> &'static str {
        match &self.kind {
            Kind::Map(_) => "a mapping",
            Kind::List(_) => "a list",
            Kind::Scalar(scalar) => match scalar.meaning() {
                Meaning::Null => "nothing",
                Meaning::Flag(_) => "true or false",
                Meaning::Number => "a number",
                Meaning::Text => "a text",
            },
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
