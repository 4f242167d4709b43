//! How much the model shall think: no parameter of Converse's own, but of each family of models.

use serde_json::{Map, Number, Value, json};

use super::{Family, fields};
use crate::dialects::anthropic::{self, OUTPUT, Traits};
use crate::dialects::request::{Reasoning, Request, ToolChoice};
use crate::dialects::{BadRequest, Did, Notes, Target};

/// What comes of it.
#[derive(Debug, Default)]
pub struct Thought {
    /// `inferenceConfig.maxTokens`.
    pub max_tokens: Option<Number>,
    /// The model is asked to think.
    pub on: bool,
}

/// Decides, and writes what belongs to it among the model's own fields. `forced`: a structured answer forces a tool.
///
/// # Errors
/// The caller wrote something else where an object of ours goes.
pub fn decide(
    request: &Request,
    target: &Target<'_>,
    (family, traits, forced): (Family, Traits, bool),
    (fields, notes): (&mut Map<String, Value>, &mut Notes),
) -> Result<Thought, BadRequest> {
    // what of it has no place elsewhere: members newer than the reader of the caller's request
    let own = anthropic::own_config(&request.rest);
    if family.claude && !own.is_empty() {
        fields::within(fields, OUTPUT)?.extend(own);
    }
    let asked = request.reasoning.is_some() || request.rest.contains_key("thinking");
    if family.claude && (asked || request.max_tokens.is_some()) {
        // the rule against thought where a tool is forced is Anthropic's, and so is the code that knows it
        let with_choice = Request { tool_choice: Some(ToolChoice::Required), ..of_limits(request) };
        let request = if forced { &with_choice } else { request };
        let thought = anthropic::decide(request, target, traits, notes);
        let on = thought.is_on();
        fields.extend(thought.thinking.map(|thinking| ("thinking".to_owned(), thinking)));
        if let Some(effort) = thought.effort {
            fields::within(fields, OUTPUT)?.insert("effort".into(), effort.into());
        }
        return Ok(Thought { max_tokens: Some(thought.max_tokens), on });
    }
    match &request.reasoning {
        None | Some(Reasoning::Off) => {}
        Some(Reasoning::Effort(word)) if word == "none" => {}
        Some(Reasoning::Effort(word)) if family.gpt_oss => effort(word, notes, |word| {
            fields.insert("reasoning_effort".into(), word.into());
        }),
        Some(Reasoning::Effort(word)) if family.nova => effort(word, notes, |word| {
            let config = json!({ "type": "enabled", "maxReasoningEffort": word });
            fields.insert("reasoningConfig".into(), config);
        }),
        Some(reasoning) => {
            let name = if matches!(reasoning, Reasoning::Effort(_)) { "reasoning_effort" } else { "thinking" };
            notes.add(name, Did::Dropped, "how much this model thinks cannot be told it");
        }
    }
    Ok(Thought { max_tokens: request.max_tokens.clone(), on: false })
}

/// What the decision looks at, without the conversation, which may be large.
fn of_limits(request: &Request) -> Request {
    Request {
        max_tokens: request.max_tokens.clone(),
        reasoning: request.reasoning.clone(),
        show_reasoning: request.show_reasoning,
        rest: request.rest.iter().filter(|(name, _)| name.starts_with("thinking")).map(clone).collect(),
        ..Request::default()
    }
}

fn clone((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// `low`, `medium` and `high` are the words there are.
fn effort(word: &str, notes: &mut Notes, put: impl FnOnce(&'static str)) {
    let known = match word {
        "low" | "minimal" => "low",
        "medium" => "medium",
        "high" | "xhigh" | "max" => "high",
        _ => return notes.add("reasoning_effort", Did::Dropped, "not one of none, low, medium, high"),
    };
    let did = if known == word { Did::Renamed } else { Did::Clamped };
    notes.add("reasoning_effort", did, "additionalModelRequestFields");
    put(known);
}
