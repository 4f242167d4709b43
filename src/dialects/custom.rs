//! Custom tools: those that OpenAI's models call with a text instead of an object. Elsewhere such a tool is a function with one
//! text, `input`; and what a model writes into that is told as the text it is to the caller who declared the tool.
//!
//! In the model of a request, tools and calls have the form of chat completions, whole: `{"type": "custom", "custom": {...}}`.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::event::Event;
use super::request::{Tool, ToolChoice};
use super::unwrap::Unwrap;
use super::{AnswerFacts, Did, Encode, Frame, Notes};

// === Requests ===

/// A tool as a provider without custom tools takes it.
pub fn tool<'t>(tool: &'t Tool, notes: &mut Notes) -> Cow<'t, Tool> {
    let Tool::Native(value) = tool else { return Cow::Borrowed(tool) };
    let custom = &value["custom"];
    let Some(name) = custom["name"].as_str().filter(|_| value["type"] == "custom") else { return Cow::Borrowed(tool) };
    notes.add("tools.custom", Did::Renamed, "a function with one text, `input`");
    let mut words: Vec<String> = custom["description"].as_str().map(str::to_owned).into_iter().collect();
    let grammar = &custom["format"]["grammar"];
    if let Some(definition) = grammar["definition"].as_str() {
        notes.add("tools.custom.format", Did::Renamed, "told in the description: nothing holds the model to it");
        let syntax = grammar["syntax"].as_str().unwrap_or_default();
        words.push(format!("The input must follow this {syntax} grammar:\n{definition}"));
    }
    Cow::Owned(Tool::Function {
        name: name.to_owned(),
        description: Some(words.join("\n\n")).filter(|text| !text.is_empty()),
        parameters: Some(json!({
            "type": "object",
            "properties": {"input": {"type": "string", "description": "The tool's input, as free text"}},
            "required": ["input"],
        })),
        strict: None,
        cache_control: None,
    })
}

/// The choice of a custom tool as that of a function.
pub fn choice(choice: Option<&ToolChoice>) -> Option<Cow<'_, ToolChoice>> {
    let choice = choice?;
    let named = match choice {
        ToolChoice::Native(value) if value["type"] == "custom" => value["custom"]["name"].as_str(),
        _ => None,
    };
    Some(named.map_or(Cow::Borrowed(choice), |name| Cow::Owned(ToolChoice::Function(name.to_owned()))))
}

/// A call of such a tool in an earlier turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'v> {
    pub id: &'v str,
    pub name: &'v str,
    pub input: &'v str,
}

impl<'v> Call<'v> {
    /// The call that a part is.
    pub fn of(value: &'v Value) -> Option<Self> {
        let text = |value: &'v Value| value.as_str();
        let custom = Some(&value["custom"]).filter(|_| value["type"] == "custom")?;
        Some(Call { id: text(&value["id"])?, name: text(&custom["name"])?, input: text(&custom["input"])? })
    }

    /// The arguments of the function that stands for the tool.
    pub fn arguments(&self) -> String {
        json!({"input": self.input}).to_string()
    }
}

// === Answers ===

/// How calls must change on their way to a caller.
#[derive(Debug)]
pub enum Stage {
    /// Calls of these functions are told as the calls of custom tools that the caller declared.
    Unwrap(BTreeSet<String>, BTreeMap<(u32, u32), Unwrap>),
    /// Calls of custom tools are told as calls of functions: the caller's protocol has no others.
    Wrap(BTreeSet<(u32, u32)>),
}

impl Stage {
    /// For callers of OpenAI's protocols, if they declared such tools.
    pub fn unwrap(facts: &AnswerFacts) -> Option<Self> {
        // hardly anybody declares one, and the tools may be long: they are parsed only where the word stands in them
        let tools = facts.asked("tools").filter(|raw| memchr::memmem::find(raw, b"\"custom\"").is_some())?;
        let tools: Value = serde_json::from_slice(tools).ok()?;
        let custom = tools.as_array()?.iter().filter(|tool| tool["type"] == "custom");
        let names = custom.filter_map(|tool| tool["custom"]["name"].as_str().or_else(|| tool["name"].as_str()));
        let names: BTreeSet<String> = names.map(str::to_owned).collect();
        (!names.is_empty()).then(|| Stage::Unwrap(names, BTreeMap::new()))
    }

    /// For all others.
    pub fn wrap() -> Self {
        Stage::Wrap(BTreeSet::new())
    }

    /// One event; what becomes of it goes to `out`.
    pub fn event(&mut self, event: Event, out: &mut impl FnMut(Event)) {
        match (self, event) {
            (Stage::Unwrap(names, open), Event::ToolCall { choice, call, id, name }) if names.contains(&name) => {
                open.insert((choice, call), Unwrap::default());
                out(Event::CustomCall { choice, call, id, name });
            }
            (Stage::Unwrap(_, open), Event::Arguments { choice, call, json }) => match open.get_mut(&(choice, call)) {
                Some(unwrap) => {
                    let before = unwrap.is_over();
                    told(choice, call, unwrap.feed(&json), out);
                    if unwrap.is_over() && !before {
                        out(Event::InputEnd { choice, call });
                    }
                }
                None => out(Event::Arguments { choice, call, json }),
            },
            (Stage::Unwrap(_, open), event @ (Event::Finish { .. } | Event::End)) => {
                open.retain(|(choice, call), unwrap| {
                    let over = is_over(*choice, &event);
                    if over {
                        told(*choice, *call, std::mem::take(unwrap).finish(), out);
                    }
                    !over
                });
                out(event);
            }
            (Stage::Wrap(open), Event::CustomCall { choice, call, id, name }) => {
                open.insert((choice, call));
                out(Event::ToolCall { choice, call, id, name });
                out(Event::Arguments { choice, call, json: "{\"input\":\"".into() });
            }
            (Stage::Wrap(_), Event::Input { choice, call, text }) => {
                let quoted = Value::from(text).to_string();
                out(Event::Arguments { choice, call, json: quoted[1..quoted.len() - 1].to_owned() });
            }
            (Stage::Wrap(open), Event::InputEnd { choice, call }) => {
                if open.remove(&(choice, call)) {
                    out(Event::Arguments { choice, call, json: "\"}".into() });
                }
            }
            (Stage::Wrap(open), event @ (Event::Finish { .. } | Event::End)) => {
                open.retain(|(choice, call)| {
                    let over = is_over(*choice, &event);
                    if over {
                        out(Event::Arguments { choice: *choice, call: *call, json: "\"}".into() });
                    }
                    !over
                });
                out(event);
            }
            (_, event) => out(event),
        }
    }
}

/// Whether the calls of a choice end with this event: with its own end, or that of the answer.
fn is_over(choice: u32, event: &Event) -> bool {
    match event {
        Event::Finish { choice: of, .. } => *of == choice,
        event => *event == Event::End,
    }
}

fn told(choice: u32, call: u32, text: String, out: &mut impl FnMut(Event)) {
    if !text.is_empty() {
        out(Event::Input { choice, call, text });
    }
}

/// A writer of streams behind a stage.
pub struct Staged<E> {
    pub stage: Stage,
    pub encoder: E,
}

impl<E: Encode> Encode for Staged<E> {
    fn event(&mut self, event: Event, out: &mut Vec<Frame>) {
        let Staged { stage, encoder } = self;
        match event {
            // as frequent as all others together, and never changed
            Event::Text { .. } => encoder.event(event, out),
            event => stage.event(event, &mut |event| encoder.event(event, out)),
        }
    }
}

/// The events of a whole answer behind a stage.
pub fn staged(mut stage: Stage, events: Vec<Event>) -> Vec<Event> {
    let mut out = Vec::with_capacity(events.len());
    events.into_iter().for_each(|event| stage.event(event, &mut |event| out.push(event)));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_of(choice: u32) -> Event {
        Event::ToolCall { choice, call: 0, id: format!("c{choice}"), name: "f".into() }
    }

    fn piece(choice: u32, json: &str) -> Event {
        Event::Arguments { choice, call: 0, json: json.into() }
    }

    fn finish(choice: u32) -> Event {
        Event::Finish { choice, reason: super::super::event::Reason::ToolCalls, stop_sequence: None }
    }

    #[test]
    fn the_end_of_a_choice_ends_its_own_calls_alone() {
        let facts = |tools: &str| AnswerFacts {
            asked: vec![("tools", tools.as_bytes().to_vec().into())],
            model: String::new(),
            id: String::new(),
            created: 0,
            show_usage: false,
            vectors: None,
        };
        assert!(Stage::unwrap(&facts(r#"[{"type":"function","function":{"name":"custom"}}]"#)).is_none());
        let unwrap = Stage::unwrap(&facts(r#"[{"type":"custom","custom":{"name":"f"}}]"#)).unwrap();
        let events = vec![
            call_of(0),
            call_of(1),
            piece(0, "{\"input\":\"a"),
            finish(1),
            piece(0, "b\"}"),
            finish(0),
            Event::End,
        ];
        let input = |text: &str| Event::Input { choice: 0, call: 0, text: text.into() };
        let custom = |choice| Event::CustomCall { choice, call: 0, id: format!("c{choice}"), name: "f".into() };
        let ended = Event::InputEnd { choice: 0, call: 0 };
        let want = vec![custom(0), custom(1), input("a"), finish(1), input("b"), ended.clone(), finish(0), Event::End];
        assert_eq!(staged(unwrap, events), want);

        let events = vec![custom(0), custom(1), input("a"), finish(1), input("b"), ended, finish(0), Event::End];
        let begun = "{\"input\":\"";
        let want = vec![
            call_of(0),
            piece(0, begun),
            call_of(1),
            piece(1, begun),
            piece(0, "a"),
            piece(1, "\"}"),
            finish(1),
            piece(0, "b"),
            piece(0, "\"}"),
            finish(0),
            Event::End,
        ];
        assert_eq!(staged(Stage::wrap(), events), want);
    }

    #[test]
    fn a_grammar_is_told_in_words() {
        let mut notes = Notes::default();
        let format = json!({"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: \"a\""}});
        let native =
            Tool::Native(json!({"type": "custom", "custom": {"name": "f", "description": "d", "format": format}}));
        let Tool::Function { description, .. } = tool(&native, &mut notes).into_owned() else { panic!("no function") };
        assert_eq!(description.as_deref(), Some("d\n\nThe input must follow this lark grammar:\nstart: \"a\""));
        assert_eq!(notes.to_string(), "renamed=tools.custom,tools.custom.format");
    }
}
