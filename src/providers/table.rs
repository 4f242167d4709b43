//! The one table of providers, and a provider as the rest of the program holds it.

use std::fmt;
use std::ops::Deref;

use super::row::Row;
use super::rows::{ANTHROPIC, COMPATIBLE, GEMINI, LOCAL, OPENAI, OWN};

/// A provider: its row in the table.
#[derive(Clone, Copy, Debug)]
pub struct Provider(&'static Row);

impl Provider {
    /// `openai/`.
    pub const OPENAI: Provider = Provider(&OPENAI);

    /// `anthropic/`.
    pub const ANTHROPIC: Provider = Provider(&ANTHROPIC);

    /// `gemini/`.
    pub const GEMINI: Provider = Provider(&GEMINI);

    /// The provider of this prefix.
    pub fn named(prefix: &str) -> Option<Self> {
        Self::all().find(|provider| provider.prefixes().any(|known| known == prefix))
    }

    /// Every provider, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        OWN.iter().chain(COMPATIBLE).chain(LOCAL).map(|row| Provider(row))
    }

    /// Its row, for who keeps it.
    pub fn row(self) -> &'static Row {
        self.0
    }

    /// Every prefix that means it, its name first.
    pub fn prefixes(self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.0.name).chain(self.0.aliases.iter().copied())
    }
}

impl Deref for Provider {
    type Target = Row;

    fn deref(&self) -> &Row {
        self.0
    }
}

impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Provider {}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prefix_means_one_provider_and_every_row_is_told_whole() {
        let mut prefixes: Vec<&str> = Provider::all().flat_map(Provider::prefixes).collect();
        assert!(prefixes.iter().all(|prefix| Provider::named(prefix).is_some()));
        let count = prefixes.len();
        prefixes.sort_unstable();
        prefixes.dedup();
        assert_eq!(prefixes.len(), count, "a prefix is there twice: {prefixes:?}");
        for provider in Provider::all() {
            let shown = &provider.shown;
            assert!(!provider.endpoints.is_empty() && !shown.title.is_empty(), "{provider}");
            assert!(![shown.tools, shown.vision, shown.reasoning, shown.caching].contains(&""), "{provider}");
            assert!(provider.keyless || !provider.key_variables.is_empty(), "{provider}");
            assert!(provider.base.is_none_or(|base| !base.ends_with('/')), "{provider}");
            assert!(!provider.traits.lacks.contains(&"messages") && !provider.traits.lacks.contains(&"model"));
        }
    }
}
