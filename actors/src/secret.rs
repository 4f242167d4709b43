//! A credential that cannot be printed, is wiped when dropped, and is compared in constant time.
//!
//! `Clone` is allowed because a snapshot of the configuration is copied on reload; each copy wipes itself. There is
//! no `Serialize`: the only way to the text is [`Secret::expose`], which is easy to find in a review.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret text: a provider's key, the master key, a webhook's token.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over. The caller's own copies, if any, are the caller's to wipe.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Only for the place that puts it on the wire, or hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same text, in time that depends on the lengths only.
    ///
    /// A plain `==` would tell an attacker how long a common prefix is; the length of a key is no secret.
    pub fn matches(&self, other: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(other).into()
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other.0.as_bytes())
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn printing_shows_nothing_of_the_text() {
        let secret = Secret::new("canary-7f3a".to_owned());
        let printed = format!("{secret} {secret:?} {:#?}", Some(&secret));
        assert!(!printed.contains("canary"), "{printed}");
        assert!(printed.contains("***"));
    }

    #[test]
    fn equality_is_of_the_whole_text() {
        let secret = Secret::new("abc".to_owned());
        assert!(secret.matches(b"abc"));
        for other in [&b""[..], b"ab", b"abcd", b"abd", b"Abc"] {
            assert!(!secret.matches(other));
        }
        assert_eq!(secret, secret.clone());
        assert_ne!(secret, Secret::new(String::new()));
        assert_eq!(secret.expose(), "abc");
    }
}
