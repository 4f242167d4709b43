//! A key that is never shown.

use std::fmt;

/// Letters and digits in a generated key: some 285 bits, far above guessing.
const GENERATED: usize = 48;

/// A bearer token.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// A key that was given. A header cannot carry control characters or blanks, so neither can it.
    pub fn new(text: &str) -> Option<Self> {
        let sound = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        sound.then(|| Self(text.to_owned()))
    }

    /// A new key for one run. The generator is seeded by the system's own randomness but is not made for secrets: this
    /// one guards a process on loopback for some minutes, in front of a mock provider.
    pub fn random() -> Self {
        let letters = (0..GENERATED).map(|_| fastrand::alphanumeric());
        Self(format!("sk-{}", letters.collect::<String>()))
    }

    /// The key itself, for a header or a configuration file.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_shown_and_differ() {
        let key = Key::random();
        assert!(key.reveal().starts_with("sk-") && key.reveal().len() == 3 + GENERATED);
        assert_ne!(key, Key::random());
        assert!(!format!("{key:?}").contains(key.reveal()));
        assert_eq!(Key::new("a\r\nb"), None);
    }
}
