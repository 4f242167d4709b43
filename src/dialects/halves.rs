//! Characters that a provider cut in two: some send the halves of a surrogate pair (`\ud83d`, `\ude00`) in events of their
//! own. A caller of the provider's own protocol gets them as they came and joins them; a text that is read and written anew
//! cannot hold half a character, so the first half waits for the second.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Bytes of an escape: a backslash, `u`, four digits.
const ESCAPE: usize = 6;

static ESCAPED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\\u"));

/// The half that waits, if any. One at a time: where choices interleave their halves, a half may be lost, never mixed up
/// with text.
#[derive(Debug, Default)]
pub struct Halves(Option<[u8; ESCAPE]>);

impl Halves {
    /// The event with its halves made whole: a first half at the end of a string is kept back, and put before the second
    /// half at the beginning of a later one. Events without escapes, nearly all, cost one search.
    pub fn join<'e>(&mut self, data: &'e [u8]) -> Cow<'e, [u8]> {
        if ESCAPED.find(data).is_none() {
            return Cow::Borrowed(data);
        }
        let mut out = Vec::new();
        let (mut from, mut at) = (0, 0);
        while let Some(found) = memchr::memchr(b'\\', &data[at..]).map(|found| at + found) {
            match (unit(data, found), unit(data, found + ESCAPE)) {
                (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at = found + 2 * ESCAPE,
                (Some(0xD800..=0xDBFF), _) if data.get(found + ESCAPE) == Some(&b'"') => {
                    self.0 = data[found..found + ESCAPE].try_into().ok();
                    out.extend_from_slice(&data[from..found]);
                    at = found + ESCAPE;
                    from = at;
                }
                (Some(0xDC00..=0xDFFF), _) if found > 0 && data[found - 1] == b'"' => {
                    if let Some(first) = self.0.take() {
                        out.extend_from_slice(&data[from..found]);
                        out.extend_from_slice(&first);
                        from = found;
                    }
                    at = found + ESCAPE;
                }
                (Some(_), _) => at = found + ESCAPE,
                (None, _) => at = (found + 2).min(data.len()),
            }
        }
        if from == 0 && out.is_empty() {
            return Cow::Borrowed(data);
        }
        out.extend_from_slice(&data[from..]);
        Cow::Owned(out)
    }
}

/// The code unit that the escape at `at` spells.
fn unit(data: &[u8], at: usize) -> Option<u16> {
    let hex = data.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(events: &[&str]) -> Vec<String> {
        let mut halves = Halves::default();
        events.iter().map(|event| String::from_utf8(halves.join(event.as_bytes()).into_owned()).unwrap()).collect()
    }

    #[test]
    fn halves_meet_in_the_later_event() {
        let got = joined(&[
            r#"{"t":"a\ud83d","u":"x"}"#,
            r#"{"k":1}"#,
            r#"{"t":"\ude00b\ud83d\ude01\uD83D"}"#,
            r#"{"t":"\uDE02"}"#,
        ]);
        let want =
            [r#"{"t":"a","u":"x"}"#, r#"{"k":1}"#, r#"{"t":"\ud83d\ude00b\ud83d\ude01"}"#, r#"{"t":"\uD83D\uDE02"}"#];
        assert_eq!(got, want);
    }

    #[test]
    fn what_is_whole_or_no_half_stays() {
        for event in [
            r#"{"t":"plain"}"#,
            r#"{"t":"\u00e9\ud83d\ude00"}"#,
            r#"{"t":"\\ud83d"}"#,
            r#"{"t":"\"\ude00"}"#,
            r#"{"t":"\ude00"}"#,
            r#"{"t":"\u12"#,
            "\\",
        ] {
            assert_eq!(joined(&[event]), [event]);
        }
    }
}
