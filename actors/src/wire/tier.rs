//! What changes the price of a token or a search besides what it is: the tier it was served in, and how much a search brings.

/// The speed a caller pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceTier {
    /// What is served when nothing is asked for.
    #[default]
    Standard,
    /// Faster and dearer.
    Priority,
    /// Slower and cheaper.
    Flex,
    /// Between flex and standard.
    Balanced,
    /// Faster than priority.
    Ultrafast,
    /// Answered within a day.
    Batch,
    /// Capacity that was paid for beforehand. No public price table has a price of it for a token, so it is billed as
    /// standard unless the operator writes one (`input_cost_per_token_provisioned`).
    Provisioned,
}

/// Service tier and its spelling in the names of prices: LiteLLM's, but for the last.
const NAMES: [(ServiceTier, &str); 6] = [
    (ServiceTier::Priority, "priority"),
    (ServiceTier::Flex, "flex"),
    (ServiceTier::Balanced, "balanced"),
    (ServiceTier::Ultrafast, "ultrafast"),
    (ServiceTier::Batch, "batches"),
    (ServiceTier::Provisioned, "provisioned"),
];

/// What answers call them where that is another word: Anthropic's `usage.service_tier` (`batch`), OpenAI's `scale`, Bedrock's
/// `reserved`, and `trafficType` of Vertex AI (`ON_DEMAND_PRIORITY`, `ON_DEMAND_FLEX`, `PROVISIONED_THROUGHPUT`).
const WORDS: [(&str, ServiceTier); 6] = [
    ("batch", ServiceTier::Batch),
    ("scale", ServiceTier::Provisioned),
    ("reserved", ServiceTier::Provisioned),
    ("provisioned_throughput", ServiceTier::Provisioned),
    ("on_demand_priority", ServiceTier::Priority),
    ("on_demand_flex", ServiceTier::Flex),
];

impl ServiceTier {
    /// Reads the word that an answer has for the tier that served it; what is unknown (`default`, `on_demand`) is standard,
    /// as LiteLLM bills it.
    #[must_use]
    pub fn from_wire(text: &str) -> Self {
        let named = |(_, name): &&(Self, &str)| text.eq_ignore_ascii_case(name);
        let word = || WORDS.iter().find(|(word, _)| text.eq_ignore_ascii_case(word)).map(|(_, tier)| *tier);
        NAMES.iter().find(named).map(|(tier, _)| *tier).or_else(word).unwrap_or_default()
    }

    /// The same of a raw JSON value; nothing where it is no text, or tells no tier (an echo of `auto`).
    #[must_use]
    pub fn told(raw: &str) -> Option<Self> {
        let word = raw.strip_prefix('"')?.strip_suffix('"')?;
        (!matches!(word, "" | "auto" | "TRAFFIC_TYPE_UNSPECIFIED")).then(|| Self::from_wire(word))
    }

    /// Its name in records, and behind the name of a price.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(tier, _)| *tier == self).map_or("standard", |(_, name)| name)
    }

    /// The tier with that name, which is none of the standard one.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(tier, _)| *tier)
    }

    /// The name of a price, and the tier that its ending tells.
    #[must_use]
    pub fn of_price(name: &str) -> (&str, Self) {
        let ending = |(tier, suffix): &(Self, &str)| Some((name.strip_suffix(suffix)?.strip_suffix('_')?, *tier));
        NAMES.iter().find_map(ending).unwrap_or((name, Self::Standard))
    }
}

/// How much each search of the web brings into the prompt (OpenAI's and Perplexity's `search_context_size`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchContext {
    /// `low`.
    Low,
    /// `medium`: where nothing is told, as LiteLLM bills it.
    #[default]
    Medium,
    /// `high`.
    High,
}

impl SearchContext {
    /// Reads a raw JSON value; what is unknown is [`SearchContext::Medium`].
    #[must_use]
    pub fn told(raw: &str) -> Self {
        match raw {
            "\"low\"" => Self::Low,
            "\"high\"" => Self::High,
            _ => Self::Medium,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_providers_word_names_a_tier() {
        for (raw, want) in [
            ("\"default\"", Some(ServiceTier::Standard)),
            ("\"standard\"", Some(ServiceTier::Standard)),
            ("\"on_demand\"", Some(ServiceTier::Standard)),
            ("\"ON_DEMAND\"", Some(ServiceTier::Standard)),
            ("\"Priority\"", Some(ServiceTier::Priority)),
            ("\"ON_DEMAND_PRIORITY\"", Some(ServiceTier::Priority)),
            ("\"FLEX\"", Some(ServiceTier::Flex)),
            ("\"batch\"", Some(ServiceTier::Batch)),
            ("\"PROVISIONED_THROUGHPUT\"", Some(ServiceTier::Provisioned)),
            ("\"scale\"", Some(ServiceTier::Provisioned)),
            ("\"reserved\"", Some(ServiceTier::Provisioned)),
            ("\"auto\"", None),
            ("\"\"", None),
            ("\"", None),
            ("null", None),
            ("7", None),
        ] {
            assert_eq!(ServiceTier::told(raw), want, "{raw}");
        }
    }

    #[test]
    fn a_price_ends_with_the_name_of_its_tier() {
        assert_eq!(ServiceTier::of_price("a_flex"), ("a", ServiceTier::Flex));
        assert_eq!(ServiceTier::of_price("flex"), ("flex", ServiceTier::Standard));
        assert_eq!((ServiceTier::Batch.name(), ServiceTier::Standard.name()), ("batches", "standard"));
        assert_eq!((ServiceTier::named("batches"), ServiceTier::named("standard")), (Some(ServiceTier::Batch), None));
    }

    #[test]
    fn an_unknown_size_of_search_is_the_middle_one() {
        let read = ["\"low\"", "\"medium\"", "\"high\"", "null", "\"x\""].map(SearchContext::told);
        use SearchContext::{High, Low, Medium};
        assert_eq!(read, [Low, Medium, High, Medium, Medium]);
    }
}
