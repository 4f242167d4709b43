//! Whether the caller wants to read what the model thought. A provider may think, and tell it, although nobody asked; the
//! caller's protocol says what then is told. Tokens of thought are counted all the same, and signatures and sealed thought,
//! which a later turn may need, are told wherever the protocol has a place for them.
//!
//! | caller | thought in words is told |
//! |---|---|
//! | chat completions, as LiteLLM's | unless it is turned off: `reasoning_effort: none`, `thinking: disabled`, `include_reasoning: false` |
//! | messages | if `thinking` is on, and its `display` not `omitted` |
//! | responses | if `reasoning.summary` asks for it |
//! | generateContent | if `thinkingConfig.includeThoughts` asks for it |
//!
//! Some providers refuse the next turn unless the thought before a call of a tool comes back (DeepSeek's guide "Thinking Mode",
//! "Tool Calls"; Moonshot's servers), and sign nothing. So unsigned words before a call are told sealed to callers of the
//! last three, and read as words when they come back. To keep them here from turn to turn was refused: a gateway that forgets
//! nothing needs room for everybody.

use std::collections::BTreeMap;

use millrace_actors::ports::AnswerFacts;
use millrace_actors::wire::notes::{Did, Notes};
use millrace_actors::wire::protocol::Protocol;
use serde_json::Value;

use super::event::Event;
use super::request::{Content, Request};
use super::signature;

/// Most bytes of words that are kept for a call: above what any model thinks at once. Of longer thought the beginning is
/// handed on, which its provider takes, and that is noted.
const MOST: usize = 1 << 20;

/// What a note says of that.
const CUT: &str = "of thought before a call, the first 1048576 bytes are sealed for the next turn";

/// Keeps thought in words from a caller.
#[derive(Debug)]
pub struct Hidden {
    /// Words are handed on sealed, where nothing else stands for them.
    seals: bool,
    /// Words of each choice that nothing stands for yet.
    held: BTreeMap<u32, Held>,
}

#[derive(Debug, Default)]
struct Held {
    words: String,
    /// There was no room for more.
    full: bool,
}

impl Held {
    /// Never a piece behind one that was left out: what is kept is the beginning.
    fn add(&mut self, text: &str) {
        if self.full {
            return;
        }
        let end = text.floor_char_boundary(MOST - self.words.len());
        self.words.push_str(&text[..end]);
        self.full = end < text.len();
    }
}

impl Hidden {
    /// For a caller who speaks `to`; nothing if all is told.
    pub fn from(to: Protocol, facts: &AnswerFacts) -> Option<Self> {
        let seals = matches!(to, Protocol::Messages | Protocol::Responses | Protocol::GenerateContent);
        hides(to, facts).then(|| Hidden { seals, held: BTreeMap::new() })
    }

    /// One event: the block that is to be told before it, and the event unless it is words.
    pub fn event(&mut self, event: Event, notes: &mut Notes) -> (Option<Event>, Option<Event>) {
        let sealed = match &event {
            Event::Reasoning { choice, text } => {
                if self.seals {
                    self.held.entry(*choice).or_default().add(text);
                }
                return (None, None);
            }
            // what its provider signed or sealed stands for the words
            Event::Signature { choice, .. } | Event::Redacted { choice, .. } => {
                self.held.remove(choice);
                None
            }
            Event::ToolCall { choice, .. } | Event::CustomCall { choice, .. } => {
                let held = self.held.remove(choice).filter(|held| !held.words.is_empty());
                if held.as_ref().is_some_and(|held| held.full) {
                    notes.add("answer.reasoning", Did::Clamped, CUT);
                }
                held.map(|held| Event::Redacted { choice: *choice, data: signature::sealed_words(&held.words) })
            }
            _ => None,
        };
        (sealed, Some(event))
    }
}

/// Words that were handed on sealed are words again.
pub fn unsealed(request: &mut Request) {
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        if let Content::Redacted { data } = &part.content
            && let Some(text) = signature::words(data)
        {
            part.content = Content::Reasoning { text, signature: None };
        }
    }
}

/// Whether thought in words is kept from a caller who speaks `to`.
fn hides(to: Protocol, facts: &AnswerFacts) -> bool {
    let asked =
        |name: &str| facts.asked(name).and_then(|raw| serde_json::from_slice::<Value>(raw).ok()).unwrap_or_default();
    match to {
        Protocol::Chat | Protocol::Text | Protocol::Own => {
            asked("reasoning_effort") == "none"
                || asked("thinking")["type"] == "disabled"
                || asked("include_reasoning") == false
                || asked("reasoning")["exclude"] == true
        }
        Protocol::Messages => !shows_block(&asked("thinking")),
        Protocol::Responses => {
            let reasoning = asked("reasoning");
            reasoning["summary"].is_null() && reasoning["generate_summary"].is_null()
        }
        Protocol::GenerateContent => {
            let either = |value: &Value, names: [&str; 2]| {
                names.iter().map(|name| value[*name].clone()).find(|value| !value.is_null()).unwrap_or_default()
            };
            let config =
                [asked("generationConfig"), asked("generation_config")].into_iter().find(|config| !config.is_null());
            let thinking = either(&config.unwrap_or_default(), ["thinkingConfig", "thinking_config"]);
            either(&thinking, ["includeThoughts", "include_thoughts"]) != true
        }
    }
}

/// Whether Anthropic's `thinking` asks for thought in words.
pub fn shows_block(thinking: &Value) -> bool {
    thinking.is_object() && thinking["type"] != "disabled" && thinking["display"] != "omitted"
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    /// The words that are sealed before a call, and what is noted.
    fn sealed(pieces: &[String]) -> (String, String) {
        let mut hidden = Hidden { seals: true, held: BTreeMap::new() };
        let mut notes = Notes::default();
        for text in pieces.iter().cloned() {
            assert_eq!(hidden.event(Event::Reasoning { choice: 0, text }, &mut notes), (None, None));
        }
        let call = Event::ToolCall { choice: 0, call: 0, id: "c".into(), name: "f".into() };
        let Some(Event::Redacted { data, .. }) = hidden.event(call, &mut notes).0 else { panic!("nothing is sealed") };
        (signature::words(&data).unwrap(), notes.to_string())
    }

    #[test]
    fn of_thought_that_is_too_long_the_beginning_is_kept_and_that_is_noted() {
        let most = "x".repeat(MOST - 1);
        assert_eq!(sealed(&[most.clone(), "y".into()]), (format!("{most}y"), String::new()));
        // a letter of two bytes has no room, and what follows has no place behind a gap
        let noted = "clamped=answer.reasoning".to_owned();
        assert_eq!(sealed(&[most.clone(), "\u{e9}".into(), "y".into()]), (most.clone(), noted.clone()));
        assert_eq!(sealed(&[format!("{most}yz"), "z".into()]), (format!("{most}y"), noted));
    }

    #[test]
    fn each_protocol_has_its_own_way_to_ask() {
        use Protocol::{Chat, GenerateContent, Messages, Responses};
        for (to, name, value, want) in [
            (Chat, "x", json!(1), false),
            (Chat, "reasoning_effort", json!("none"), true),
            (Chat, "reasoning_effort", json!("low"), false),
            (Chat, "thinking", json!({"type": "disabled"}), true),
            (Chat, "include_reasoning", json!(false), true),
            (Chat, "reasoning", json!({"exclude": true}), true),
            (Messages, "x", json!(1), true),
            (Messages, "thinking", json!({"type": "enabled", "budget_tokens": 1024}), false),
            (Messages, "thinking", json!({"type": "adaptive"}), false),
            (Messages, "thinking", json!({"type": "adaptive", "display": "omitted"}), true),
            (Messages, "thinking", json!({"type": "disabled"}), true),
            (Responses, "reasoning", json!({"effort": "low"}), true),
            (Responses, "reasoning", json!({"summary": "auto"}), false),
            (Responses, "reasoning", json!({"generate_summary": "concise"}), false),
            (GenerateContent, "generationConfig", json!({"thinkingConfig": {"thinkingBudget": 9}}), true),
            (GenerateContent, "generationConfig", json!({"thinkingConfig": {"includeThoughts": true}}), false),
            (GenerateContent, "generation_config", json!({"thinking_config": {"include_thoughts": true}}), false),
        ] {
            let asked = vec![(name, Bytes::from(value.to_string()))];
            let (model, id) = (String::new(), String::new());
            let facts = AnswerFacts { model, id, created: 0, show_usage: true, asked, vectors: None };
            assert_eq!(hides(to, &facts), want, "{to:?} {value}");
        }
    }
}
