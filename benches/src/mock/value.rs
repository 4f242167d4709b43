//! How one value of the behaviour grammar is read and shown: the trait, the plain types, and the macro for word lists.

use std::time::Duration;

/// A value that can stand right of the `=` in a behaviour.
pub trait Value: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// A sentence that names the forms which would have been right.
    fn read(text: &str) -> Result<Self, String>;
    /// Writes the value so that [`Value::read`] gives it back.
    fn show(&self) -> String;
    /// The forms a value may have, for the help.
    fn forms() -> String;
}

/// Declares an enum whose variants are words of the grammar, each with its documentation.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident => $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every word, in the order of the help.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$variant, $word),)+];

            /// The word of the grammar for this value.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl $crate::mock::value::Value for $name {
            fn read(text: &str) -> Result<Self, String> {
                Self::ALL
                    .iter()
                    .find(|(_, word)| *word == text)
                    .map(|(value, _)| *value)
                    .ok_or_else(|| format!("`{text}` is none of {}", Self::forms()))
            }
            fn show(&self) -> String {
                self.word().to_owned()
            }
            fn forms() -> String {
                Self::ALL.iter().map(|(_, word)| *word).collect::<Vec<_>>().join("|")
            }
        }
    };
}
pub(super) use words;

macro_rules! numbers {
    ($($kind:ty),+) => {$(
        impl Value for $kind {
            fn read(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("`{text}` is not a whole number"))
            }
            fn show(&self) -> String {
                self.to_string()
            }
            fn forms() -> String {
                "N".to_owned()
            }
        }
    )+};
}
numbers!(u16, u32, u64, usize);

impl Value for bool {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(format!("`{text}` is neither true nor false")),
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
    fn forms() -> String {
        "true|false".to_owned()
    }
}

impl Value for String {
    fn read(text: &str) -> Result<Self, String> {
        percent_decode(text)
    }
    fn show(&self) -> String {
        percent_encode(self)
    }
    fn forms() -> String {
        "TEXT".to_owned()
    }
}

impl<T: Value> Value for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        if text == "auto" { Ok(None) } else { T::read(text).map(Some) }
    }
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "auto".to_owned(), |value| escape_auto(value.show()))
    }
    fn forms() -> String {
        format!("auto|{}", T::forms())
    }
}

/// Keeps a text that happens to read `auto` apart from the absent value.
fn escape_auto(shown: String) -> String {
    if shown == "auto" { "%61uto".to_owned() } else { shown }
}

impl Value for Duration {
    fn read(text: &str) -> Result<Self, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number: u64 = digits.parse().map_err(|_| format!("`{text}` is no duration: write 5ms, 250us or 2s"))?;
        match &text[digits.len()..] {
            "us" => Ok(Self::from_micros(number)),
            "" | "ms" => Ok(Self::from_millis(number)),
            "s" => Ok(Self::from_secs(number)),
            unit => Err(format!("`{unit}` is no unit of time: use us, ms or s")),
        }
    }
    fn show(&self) -> String {
        let micros = self.as_micros();
        if micros.is_multiple_of(1000) { format!("{}ms", micros / 1000) } else { format!("{micros}us") }
    }
    fn forms() -> String {
        "5ms|250us|2s".to_owned()
    }
}

/// A list of numbers joined by `+`, as in `interim=100+103`; `none` for the empty list.
impl Value for Vec<u16> {
    fn read(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::new());
        }
        text.split('+').map(u16::read).collect()
    }
    fn show(&self) -> String {
        if self.is_empty() {
            return "none".to_owned();
        }
        self.iter().map(ToString::to_string).collect::<Vec<_>>().join("+")
    }
    fn forms() -> String {
        "none|N+N".to_owned()
    }
}

/// Writes what the grammar needs itself (comma, equals, percent) and what a header cannot carry as `%XX`.
fn percent_encode(text: &str) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b',' | b'=' | b'%' | b'"' | b'\\' | 0..=32 | 127.. => {
                let _ = write!(out, "%{byte:02X}");
            }
            _ => out.push(char::from(byte)),
        }
    }
    out
}

/// Undoes [`percent_encode`]; a text without `%` is taken as it is.
fn percent_decode(text: &str) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let pair = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = pair.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(byte.ok_or_else(|| format!("`%` in `{text}` must be followed by two hexadecimal digits"))?);
        rest = &tail[2..];
    }
    String::from_utf8(out).map_err(|_| format!("`{text}` does not decode to UTF-8"))
}
