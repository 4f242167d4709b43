//! Strikes secrets out of text: those we know, wherever they stand, and what looks like one.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use aho_corasick::{AhoCorasick, MatchKind};
use parking_lot::RwLock;
use regex::Regex;
use zeroize::Zeroizing;

/// What stands in a secret's place.
pub const STRUCK: &str = "[redacted]";

/// The shortest secret that can be known, in bytes: anything shorter occurs in ordinary words, and a log full of
/// [`STRUCK`] says nothing. A key this short protects nothing either.
const SHORTEST: usize = 6;

/// Fetched tokens that are known at one time: the newest. They come by the hour for as long as the process lives, and an
/// old one has ended.
const PASSING: usize = 128;

/// Known secrets and what finds them.
#[derive(Default)]
struct Guard {
    texts: Vec<Zeroizing<String>>,
    passing: VecDeque<Zeroizing<String>>,
    finder: Option<Arc<AhoCorasick>>,
}

/// The process's, like the log it guards: a secret that one part knows must not get out through another.
static GUARD: LazyLock<RwLock<Guard>> = LazyLock::new(RwLock::default);

/// What looks like a secret: keys of OpenAI's kind and of those who copied it (ours too), Google's, AWS's key ids, and
/// whatever follows `Bearer` or, as base64, `Basic`. Keys that a caller sends are in no list, so their looks are all there is.
static LOOKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?i:\bbearer[\s:=]+)[^\s"'\\,;]+|\bsk-[A-Za-z0-9_\-]{4,}|\bAIza[A-Za-z0-9_\-]{30,}|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bBasic [A-Za-z0-9+/]{8,}=*"#,
    )
    .ok()
});

/// Makes a secret known, for as long as the process lives: a key that was rotated may still be valid. To be called for
/// the master key and every provider's key, at boot and at each reload. Returns whether it is guarded: a text of fewer
/// than six bytes is not.
pub fn guard_secret(secret: &str) -> bool {
    if secret.len() < SHORTEST {
        return false;
    }
    let mut guard = GUARD.write();
    // also as `{:?}` and JSON would write it
    for text in [secret.to_owned(), secret.escape_debug().to_string()] {
        if !guard.texts.iter().any(|known| **known == text) {
            guard.texts.push(Zeroizing::new(text));
            guard.finder = None;
        }
    }
    guard.find()
}

/// Makes a secret known that has an end, such as a fetched token: until so many newer ones are known that it must be over.
pub fn guard_passing(secret: &str) {
    let mut guard = GUARD.write();
    if secret.len() < SHORTEST || guard.passing.iter().any(|known| **known == secret) {
        return;
    }
    if guard.passing.len() == PASSING {
        guard.passing.pop_front();
    }
    guard.passing.push_back(Zeroizing::new(secret.to_owned()));
    guard.finder = None;
    guard.find();
}

impl Guard {
    /// Makes the finder anew, if it must be. Returns whether there is one.
    fn find(&mut self) -> bool {
        if self.finder.is_none() {
            // leftmost-longest: where one key begins another, nothing of the longer may be left
            let mut builder = AhoCorasick::builder();
            let all = self.texts.iter().chain(&self.passing).map(|text| text.as_bytes());
            self.finder = builder.match_kind(MatchKind::LeftmostLongest).build(all).ok().map(Arc::new);
        }
        self.finder.is_some()
    }
}

/// The text without secrets.
pub fn clean(text: &str) -> Cow<'_, str> {
    // taken out of the lock, so that a panic in here could log
    let finder = GUARD.read().finder.clone();
    let known = match finder {
        Some(finder) if finder.is_match(text) => {
            let mut out = String::with_capacity(text.len());
            finder.replace_all_with(text, &mut out, |_, _, out| {
                out.push_str(STRUCK);
                true
            });
            Cow::Owned(out)
        }
        _ => Cow::Borrowed(text),
    };
    let Some(looks) = LOOKS.as_ref() else { return Cow::Borrowed(STRUCK) };
    match looks.replace_all(&known, STRUCK) {
        Cow::Borrowed(_) => known,
        Cow::Owned(struck) => Cow::Owned(struck),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_are_struck_out_wherever_they_stand() {
        assert!(guard_secret("canary-51c9e0"));
        assert!(guard_secret("canary-51c9e0-longer"));
        assert!(guard_secret("with\"quote\\canary-77"));
        for text in ["canary-51c9e0", "xcanary-51c9e0y", "url=https://h/p?key=canary-51c9e0&x", "canary-51c9e0-longer"]
        {
            assert!(!clean(text).contains("canary"), "{}", clean(text));
        }
        assert_eq!(clean("canary-51c9e0-longer"), STRUCK, "nothing of the longer one is left");
        let quoted = format!("cause={:?}", "with\"quote\\canary-77");
        assert_eq!(clean(&quoted), format!("cause=\"{STRUCK}\""));
    }

    #[test]
    fn a_fetched_token_is_struck_out_until_many_newer_ones_have_come() {
        assert!(guard_secret("canary-stays-1"));
        for n in 0..=PASSING {
            guard_passing(&format!("canary-passing-{n:03}"));
            guard_passing(&format!("canary-passing-{n:03}"));
        }
        assert_eq!(clean("a canary-passing-001 b canary-stays-1"), "a [redacted] b [redacted]");
        assert_eq!(clean("canary-passing-000"), "canary-passing-000", "the oldest has made room");
    }

    #[test]
    fn what_looks_like_a_secret_is_struck_out() {
        for (text, rest) in [
            ("key sk-proj-abc_DEF123 rejected", "key [redacted] rejected"),
            ("Authorization: Bearer abc", "Authorization: [redacted]"),
            (r#"{"authorization":"bearer x.y.z"}"#, r#"{"authorization":"[redacted]"}"#),
            ("Incorrect API key provided: sk-1234.", "Incorrect API key provided: [redacted]."),
            ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
            ("authorization=Basic dXNlcjpwYXNz", "authorization=[redacted]"),
        ] {
            assert_eq!(clean(text), rest);
        }
        let google = format!("key=AIza{}", "x".repeat(35));
        assert_eq!(clean(&google), "key=[redacted]");
    }

    #[test]
    fn other_words_stay() {
        for text in ["disk-usage is low", "risk-averse", "task-force", "model=gpt-4o call_id=0193", "sk-"] {
            assert_eq!(clean(text), text);
        }
        assert!(!guard_secret("abc"), "too short to tell from a word");
        assert_eq!(clean("abcdef"), "abcdef");
    }
}
