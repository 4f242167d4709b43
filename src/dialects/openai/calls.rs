//! The tool calls of an answer while it comes in: which piece belongs to which call.
//!
//! OpenAI numbers calls by `index`. Servers that speak its dialect leave the number out, give all of them number 0, or
//! repeat id and name with every piece; each of these is taken for what it means.

use std::borrow::Cow;

use millrace_actors::fault::Fault;

use super::super::event::Event;
use super::shape::{Call, Function, Raw, invalid, word};

/// Most calls of one answer, all choices together: more than any model makes, and few enough to be searched one by one.
const MOST: usize = 1024;

/// All calls of one answer.
#[derive(Default)]
pub struct Calls {
    list: Vec<Known>,
}

struct Known {
    choice: u32,
    /// The provider's number.
    index: u32,
    /// Ours: counted from 0 in each choice.
    call: u32,
    id: String,
    /// Its name came, and the event went out.
    begun: bool,
    /// It is of a custom tool.
    custom: bool,
}

impl Calls {
    /// One piece, of a choice, with the number that it has of its call. `answer` is the answer's id, from which ids are made where the provider gives none: the same for a
    /// stream and for a whole answer, and not twice in a conversation.
    ///
    /// # Errors
    /// Too many calls, or arguments before a name.
    pub fn take(
        &mut self,
        (choice, index): (u32, Option<u32>),
        piece: &Call<'_>,
        answer: &str,
        out: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        let id = word(piece.id).unwrap_or_default();
        let (name, arguments) = match (&piece.custom, &piece.function) {
            (Some(custom), _) => (word(custom.name).unwrap_or_default(), word(custom.input).unwrap_or_default()),
            (None, function) => function.as_ref().map(parts).unwrap_or_default(),
        };
        let known = match self.find(choice, index, &id, !name.is_empty()) {
            Some(at) => &mut self.list[at],
            None => self.add(choice, index)?,
        };
        if known.id.is_empty() {
            known.id = id.into_owned();
        }
        if !known.begun && !name.is_empty() {
            known.begun = true;
            known.custom = piece.custom.is_some();
            if known.id.is_empty() {
                known.id = made_up(answer, choice, known.call);
            }
            let (id, name) = (known.id.clone(), name.into_owned());
            out.push(match known.custom {
                true => Event::CustomCall { choice, call: known.call, id, name },
                false => Event::ToolCall { choice, call: known.call, id, name },
            });
        }
        if arguments.is_empty() {
            return Ok(());
        }
        if !known.begun {
            return Err(invalid(&format!("choice {choice} has arguments of a tool call before its name")));
        }
        out.push(match known.custom {
            true => Event::Input { choice, call: known.call, text: arguments.into_owned() },
            false => Event::Arguments { choice, call: known.call, json: arguments.into_owned() },
        });
        Ok(())
    }

    /// The older form of a call: one, without a number or an id.
    ///
    /// # Errors
    /// As [`Calls::take`].
    pub fn take_function(
        &mut self,
        choice: u32,
        function: Function<'_>,
        answer: &str,
        out: &mut Vec<Event>,
    ) -> Result<(), Fault> {
        let piece = Call { index: None, id: None, function: Some(function), custom: None };
        self.take((choice, Some(0)), &piece, answer, out)
    }

    /// Whether the choice has called a tool.
    pub fn any(&self, choice: u32) -> bool {
        self.list.iter().any(|known| known.choice == choice && known.begun)
    }

    /// The call that a piece belongs to. A piece with another id and a name begins a new one, whatever its number.
    fn find(&self, choice: u32, index: Option<u32>, id: &str, named: bool) -> Option<usize> {
        let mine = |known: &&Known| known.choice == choice && index.is_none_or(|index| known.index == index);
        let last = self.list.iter().rposition(|known| mine(&known))?;
        let begins = match index {
            Some(_) => named && self.list[last].begun && !id.is_empty() && self.list[last].id != id,
            None => named && (id.is_empty() || self.list[last].id != id),
        };
        (!begins).then_some(last)
    }

    fn add(&mut self, choice: u32, index: Option<u32>) -> Result<&mut Known, Fault> {
        if self.list.len() == MOST {
            return Err(invalid(&format!("more than {MOST} tool calls")));
        }
        let call = self.list.iter().filter(|known| known.choice == choice).count() as u32;
        self.list.push(Known {
            choice,
            index: index.unwrap_or(call),
            call,
            id: String::new(),
            begun: false,
            custom: false,
        });
        let last = self.list.len() - 1;
        Ok(&mut self.list[last])
    }
}

fn parts<'a>(function: &Function<'a>) -> (Cow<'a, str>, Cow<'a, str>) {
    (word(function.name).unwrap_or_default(), arguments(function.arguments))
}

/// Arguments are JSON in a string; some servers send the object itself.
fn arguments(raw: Raw<'_>) -> Cow<'_, str> {
    match raw.map(|raw| raw.get()) {
        Some(object) if object.starts_with('{') => Cow::Borrowed(object),
        _ => word(raw).unwrap_or_default(),
    }
}

/// Made of letters, digits, `_` and `-`, which every dialect takes.
fn made_up(answer: &str, choice: u32, call: u32) -> String {
    let taken = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let answer: String = answer.chars().filter(taken).take(40).collect();
    match answer.is_empty() {
        true => format!("call_{}", uuid::Uuid::new_v4().simple()),
        false => format!("call_{answer}_{choice}_{call}"),
    }
}
