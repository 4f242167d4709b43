//! How much the model shall think.

use serde_json::{Map, Value, json};

use super::models::{Thinks, Traits};
use crate::dialects::request::{Reasoning, Request};
use crate::dialects::{Did, Notes};

/// Budgets for efforts, for models that know no level: LiteLLM's.
const BUDGETS: [(&str, u64); 6] =
    [("minimal", 512), ("low", 1024), ("medium", 2048), ("high", 4096), ("xhigh", 8192), ("max", 16384)];

/// The levels there are (Google's reference, `ThinkingLevel`).
const LEVELS: [&str; 4] = ["minimal", "low", "medium", "high"];

/// `thinkingConfig`. Where thought is asked for, it is asked to be told, unless the caller says otherwise.
pub fn write(request: &Request, traits: Traits, notes: &mut Notes) -> Option<Value> {
    let shown = request.show_reasoning;
    let Some(reasoning) = &request.reasoning else {
        let asks = shown == Some(true) && traits.thinks != Thinks::Never;
        return asks.then(|| json!({"includeThoughts": true}));
    };
    let name = if matches!(reasoning, Reasoning::Effort(_)) { "reasoning_effort" } else { "thinking" };
    let mut note = |did, detail: &str| notes.add(name, did, detail);
    let mut config = Map::new();
    let off = matches!(reasoning, Reasoning::Off) || matches!(reasoning, Reasoning::Effort(word) if word == "none");
    match (reasoning, traits.thinks) {
        (_, Thinks::Never) if off => return None,
        (_, Thinks::Never) => {
            note(Did::Dropped, "this model does not think");
            return None;
        }
        (_, Thinks::Budget(least, _)) if off => {
            if least > 0 {
                note(Did::Clamped, "the least of this model: it cannot be turned off");
            }
            config.insert("thinkingBudget".into(), least.into());
        }
        (_, Thinks::Level(least)) if off => {
            note(Did::Clamped, "the least of this model: it cannot be turned off");
            config.insert("thinkingLevel".into(), least.into());
        }
        (Reasoning::Effort(word), Thinks::Budget(least, most)) => {
            let Some((_, tokens)) = BUDGETS.iter().find(|(known, _)| known == word) else {
                note(Did::Dropped, "no such effort");
                return None;
            };
            note(Did::Renamed, "thinkingConfig.thinkingBudget");
            config.insert("thinkingBudget".into(), (*tokens).clamp(least, most).into());
        }
        (Reasoning::Effort(word), Thinks::Level(least)) => {
            let level = level(word, least, &mut note)?;
            config.insert("thinkingLevel".into(), level.into());
        }
        (Reasoning::Budget(tokens), thinks) => {
            let wanted = tokens.as_u64().unwrap_or_default();
            let (least, most) = if let Thinks::Budget(least, most) = thinks { (least, most) } else { (0, u64::MAX) };
            let tokens = wanted.clamp(least, most);
            if tokens != wanted {
                note(Did::Clamped, &format!("{tokens} tokens"));
            }
            config.insert("thinkingBudget".into(), tokens.into());
        }
        // as it finds fit: of itself with levels, by this number with budgets
        (Reasoning::Adaptive | Reasoning::Off, Thinks::Budget(..)) => {
            drop(config.insert("thinkingBudget".into(), (-1).into()))
        }
        (Reasoning::Adaptive | Reasoning::Off, Thinks::Level(_)) => {}
    }
    if !off && shown != Some(false) {
        config.insert("includeThoughts".into(), true.into());
    }
    (!config.is_empty()).then(|| config.into())
}

/// The level for an effort, of those that the model has.
fn level<'a>(word: &'a str, least: &'static str, note: &mut impl FnMut(Did, &str)) -> Option<&'a str> {
    match word {
        "xhigh" | "max" => {
            note(Did::Clamped, "high, the most");
            Some("high")
        }
        "minimal" if least != "minimal" => {
            note(Did::Clamped, "low, the least");
            Some(least)
        }
        known if LEVELS.contains(&known) => {
            note(Did::Renamed, "thinkingConfig.thinkingLevel");
            Some(known)
        }
        _ => {
            note(Did::Dropped, "no such effort");
            None
        }
    }
}
