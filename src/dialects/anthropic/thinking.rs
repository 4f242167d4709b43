//! How much the model shall think, and how much it may write: the two limit each other.

use serde_json::{Number, Value, json};

use super::blocks::of_claude;
use super::models::{Off, Thinks, Traits, traits_of};
use super::tools;
use crate::dialects::request::{Content, Reasoning, Request, Role};
use crate::dialects::{Did, Notes, Target};

/// Most tokens of an answer where neither the caller nor the price table says: what LiteLLM took for long.
const MAX_TOKENS: u64 = 4096;
/// The smallest budget that the API takes (Anthropic's reference, `thinking.budget_tokens`).
const LEAST_BUDGET: u64 = 1024;
/// Budgets for efforts, for models that know no effort: LiteLLM's, but for `minimal`, which is below the least there.
const BUDGETS: [(&str, u64); 6] =
    [("minimal", 1024), ("low", 1024), ("medium", 2048), ("high", 4096), ("xhigh", 8192), ("max", 16384)];

/// What comes of it.
#[derive(Debug)]
pub struct Thought {
    /// `max_tokens`.
    pub max_tokens: Number,
    /// `thinking`.
    pub thinking: Option<Value>,
    /// `output_config.effort`.
    pub effort: Option<&'static str>,
}

impl Thought {
    /// The model is asked to think.
    pub fn is_on(&self) -> bool {
        self.thinking.as_ref().is_some_and(|thinking| matches!(thinking["type"].as_str(), Some("enabled" | "adaptive")))
    }
}

/// `thinking`, before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Unsaid,
    Word(&'static str),
    Budget(u64),
}

/// What to note of one parameter. Held back until the decision is whole: what is dropped in the end was not renamed.
type Held = Vec<(Did, String)>;

/// Decides on `max_tokens`, `thinking` and `output_config.effort` together.
pub fn decide(request: &Request, target: &Target<'_>, traits: Traits, notes: &mut Notes) -> Thought {
    let (mut held, mut of_limit) = (Held::new(), Held::new());
    let (mut mode, effort) = match &request.reasoning {
        None => (Mode::Unsaid, None),
        Some(reasoning) => mode(reasoning, traits, &mut held),
    };
    let name = request.reasoning.as_ref().map_or("thinking", param);
    if let Some(why) = conflict(mode, request) {
        mode = Mode::Unsaid;
        // an effort is a wish about the whole answer and holds without thought too
        if effort.is_some() {
            held.push((Did::Clamped, why.to_owned()));
        } else {
            held = vec![(Did::Dropped, why.to_owned())];
        }
    }
    let max_tokens = limit(request, target, mode, &mut of_limit);
    if let (Mode::Budget(wanted), Some(limit)) = (mode, max_tokens.as_u64())
        && wanted >= limit
    {
        // half of what is left for all is thought, and half the answer
        mode = Mode::Budget(limit / 2);
        if limit / 2 < LEAST_BUDGET {
            mode = Mode::Unsaid;
            held = vec![(Did::Dropped, "max_tokens leaves no room for thought".to_owned())];
        } else {
            held.push((Did::Clamped, "half of max_tokens".to_owned()));
        }
    }
    held.iter().for_each(|(did, detail)| notes.add(name, *did, detail));
    of_limit.iter().for_each(|(did, detail)| notes.add("max_tokens", *did, detail));
    let mut thinking = match mode {
        Mode::Unsaid => request.rest.get("thinking").cloned(),
        Mode::Word(word) => Some(json!({ "type": word })),
        Mode::Budget(tokens) => Some(json!({ "type": "enabled", "budget_tokens": tokens })),
    };
    if let Some(Value::Object(thinking)) = &mut thinking
        && let Some(display) = display(request, target, thinking.get("type"))
    {
        thinking.insert("display".into(), display);
    }
    Thought { max_tokens, thinking, effort }
}

/// `thinking.display`: a newer word of the caller's, or what its wish to read thought comes to. Models before those that
/// structure their answers may not know it, and no other provider's do.
fn display(request: &Request, target: &Target<'_>, kind: Option<&Value>) -> Option<Value> {
    let own = request.rest.get("thinking.display").cloned();
    let traits = traits_of(target.model);
    let on = kind.is_some_and(|kind| kind == "enabled" || kind == "adaptive");
    let knows = on && target.model.contains("claude-") && traits.structured;
    own.or_else(|| match request.show_reasoning? {
        // the newest leave it out unless asked
        true => knows.then(|| "summarized".into()),
        false => knows.then(|| "omitted".into()),
    })
}

/// The parameter that asked, as its callers call it.
fn param(reasoning: &Reasoning) -> &'static str {
    if matches!(reasoning, Reasoning::Effort(_)) { "reasoning_effort" } else { "thinking" }
}

fn mode(reasoning: &Reasoning, traits: Traits, held: &mut Held) -> (Mode, Option<&'static str>) {
    let mut note = |did, detail: &str| held.push((did, detail.to_owned()));
    match (reasoning, traits.thinks) {
        (Reasoning::Off, _) => off(traits, &mut note),
        (Reasoning::Effort(word), _) if word == "none" => off(traits, &mut note),
        (_, Thinks::Never) => {
            note(Did::Dropped, "this model does not think");
            (Mode::Unsaid, None)
        }
        (Reasoning::Budget(_), Thinks::Adaptive) => {
            note(Did::Clamped, "adaptive: this model takes no budget");
            (Mode::Word("adaptive"), None)
        }
        (Reasoning::Budget(tokens), _) => {
            let tokens = tokens.as_u64().unwrap_or_default();
            if tokens < LEAST_BUDGET {
                note(Did::Clamped, "1024 tokens, the least");
            }
            (Mode::Budget(tokens.max(LEAST_BUDGET)), None)
        }
        (Reasoning::Adaptive, Thinks::Budget) => {
            note(Did::Clamped, "a budget of 4096 tokens: this model does not adapt");
            (Mode::Budget(4096), None)
        }
        (Reasoning::Adaptive, _) => (Mode::Word("adaptive"), None),
        (Reasoning::Effort(word), Thinks::Budget) => match BUDGETS.iter().find(|(known, _)| known == word) {
            Some((_, tokens)) => {
                note(Did::Renamed, "thinking.budget_tokens");
                (Mode::Budget(*tokens), None)
            }
            None => unknown_effort(&mut note),
        },
        (Reasoning::Effort(word), _) => effort(word, traits, &mut note),
    }
}

fn off(traits: Traits, note: &mut impl FnMut(Did, &str)) -> (Mode, Option<&'static str>) {
    match traits.off {
        Off::Silence => (Mode::Unsaid, None),
        Off::Disabled => (Mode::Word("disabled"), None),
        Off::BetweenTools => {
            note(Did::Clamped, "between_tools, the least of this model");
            (Mode::Word("between_tools"), None)
        }
        Off::Impossible => {
            note(Did::Clamped, "effort low: this model always thinks");
            (Mode::Unsaid, Some("low"))
        }
    }
}

fn effort(word: &str, traits: Traits, note: &mut impl FnMut(Did, &str)) -> (Mode, Option<&'static str>) {
    let word = match word {
        "minimal" => {
            note(Did::Clamped, "low, the least effort");
            "low"
        }
        // never more than was asked for, since it is billed
        "xhigh" if !traits.xhigh => {
            note(Did::Clamped, "high: this model has no xhigh");
            "high"
        }
        "low" => "low",
        "medium" => "medium",
        "high" => "high",
        "xhigh" => "xhigh",
        "max" => "max",
        _ => return unknown_effort(note),
    };
    note(Did::Renamed, "output_config.effort");
    (Mode::Word("adaptive"), Some(word))
}

fn unknown_effort(note: &mut impl FnMut(Did, &str)) -> (Mode, Option<&'static str>) {
    note(Did::Dropped, "not one of none, minimal, low, medium, high, xhigh, max");
    (Mode::Unsaid, None)
}

/// Why the model cannot be asked to think although it could: the API would refuse the request.
fn conflict(mode: Mode, request: &Request) -> Option<&'static str> {
    match mode {
        Mode::Budget(_) | Mode::Word("adaptive") if tools::is_forced(request) => {
            Some("no thought where a tool is forced")
        }
        Mode::Budget(_) if lacks_thought(request) => {
            Some("no thought, since the assistant's last call of a tool came back without the thought before it")
        }
        _ => None,
    }
}

/// The conversation ends in results of tools, and the message that called them does not begin with thought. Callers of
/// other dialects often leave it out.
fn lacks_thought(request: &Request) -> bool {
    let last = request.messages.iter().rev().find(|message| !matches!(message.role, Role::Tool | Role::System));
    last.filter(|message| message.role == Role::Assistant).is_some_and(|message| {
        let calls = message.parts.iter().any(|part| matches!(part.content, Content::ToolCall { .. }));
        let first =
            message.parts.iter().find(|part| part.content != Content::Text { text: String::new(), citations: vec![] });
        // what another provider signed is not written, so it does not count
        let thought = first.is_some_and(|part| match &part.content {
            Content::Reasoning { signature: Some(sealed), .. } | Content::Redacted { data: sealed } => {
                of_claude(sealed)
            }
            _ => false,
        });
        calls && !thought
    })
}

fn limit(request: &Request, target: &Target<'_>, mode: Mode, notes: &mut Held) -> Number {
    let most = target.max_output_tokens;
    match &request.max_tokens {
        Some(given) => match (given.as_u64(), most) {
            (Some(tokens), Some(most)) if tokens > most => {
                notes.push((Did::Clamped, format!("{most}, the model's most")));
                most.into()
            }
            _ => given.clone(),
        },
        None => {
            let room = match mode {
                Mode::Budget(tokens) => tokens + MAX_TOKENS,
                _ => MAX_TOKENS,
            };
            let tokens = most.unwrap_or(room);
            notes.push((Did::Defaulted, tokens.to_string()));
            tokens.into()
        }
    }
}
