//! `service_tier`, in and out.

use millrace_actors::wire::tier::ServiceTier;
use millrace_actors::wire::usage::Usage;

use super::super::{Did, Notes};

/// OpenAI's words for `service_tier` (its description, `ServiceTier`).
const TIERS: [&str; 6] = ["auto", "default", "flex", "scale", "priority", "fast"];

/// OpenAI's word for a tier that a caller of any dialect asks for.
pub fn asked<'w>(word: &'w str, notes: &mut Notes) -> Option<&'w str> {
    match word {
        tier if TIERS.contains(&tier) => Some(tier),
        "standard_only" => {
            notes.add("service_tier", Did::Renamed, "default");
            Some("default")
        }
        _ => {
            notes.add("service_tier", Did::Dropped, "no such tier here");
            None
        }
    }
}

/// OpenAI's word for the tier that a provider of any dialect tells: its clients know no others.
pub fn told(word: &str) -> Option<&'static str> {
    match word {
        "standard" => Some("default"),
        _ => TIERS.into_iter().find(|tier| *tier == word),
    }
}

/// OpenAI's word for the tier that tokens were billed in, where a provider tells it with them; none for tiers that it lacks.
pub fn served(usage: &Usage) -> Option<&'static str> {
    match usage.service_tier? {
        ServiceTier::Standard => Some("default"),
        ServiceTier::Priority => Some("priority"),
        ServiceTier::Flex => Some("flex"),
        ServiceTier::Provisioned => Some("scale"),
        ServiceTier::Balanced | ServiceTier::Ultrafast | ServiceTier::Batch => None,
    }
}
