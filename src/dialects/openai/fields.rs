//! An object of a caller's body whose members are taken out one by one: what has the wrong type is complained about with
//! its place, and what nobody took is left to be noted.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::super::BadRequest;

/// An object and its place.
pub struct Fields {
    members: Map<String, Value>,
    /// JSON pointer; empty for the body itself.
    at: String,
}

impl Fields {
    /// The object that `value` is. Members that are `null` count as absent.
    ///
    /// # Errors
    /// It is none.
    pub fn of(value: Value, at: String) -> Result<Self, BadRequest> {
        match value {
            Value::Object(mut members) => {
                members.retain(|_, value| !value.is_null());
                Ok(Fields { members, at })
            }
            _ => Err(BadRequest { pointer: at, what: "This must be an object".into() }),
        }
    }

    /// Its own place.
    pub fn here(&self) -> String {
        self.at.clone()
    }

    /// The place of a member.
    pub fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// A complaint about a member.
    pub fn bad(&self, name: &str, what: impl Into<String>) -> BadRequest {
        BadRequest { pointer: self.place(name), what: what.into() }
    }

    /// A member, whatever it is. Leaves `null` in its place: to close the gap would disturb the order of what is left, or
    /// cost its length.
    pub fn any(&mut self, name: &str) -> Option<Value> {
        self.members.get_mut(name).map(Value::take).filter(|value| !value.is_null())
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, BadRequest> {
        match self.any(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.bad(name, "This must be a string")),
        }
    }

    /// A text that must be there.
    pub fn needed(&mut self, name: &str) -> Result<String, BadRequest> {
        self.text(name)?.ok_or_else(|| self.bad(name, "This is missing; give a string"))
    }

    /// A number.
    pub fn number(&mut self, name: &str) -> Result<Option<Number>, BadRequest> {
        match self.any(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(number)),
            Some(_) => Err(self.bad(name, "This must be a number")),
        }
    }

    /// `true` or `false`.
    pub fn truth(&mut self, name: &str) -> Result<Option<bool>, BadRequest> {
        match self.any(name) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(truth)),
            Some(_) => Err(self.bad(name, "This must be true or false")),
        }
    }

    /// A list; an absent one is empty.
    pub fn list(&mut self, name: &str) -> Result<Vec<Value>, BadRequest> {
        match self.any(name) {
            None => Ok(vec![]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(self.bad(name, "This must be an array")),
        }
    }

    /// An object.
    pub fn object(&mut self, name: &str) -> Result<Option<Fields>, BadRequest> {
        self.any(name).map(|value| Fields::of(value, self.place(name))).transpose()
    }

    /// Puts a member back.
    pub fn put(&mut self, name: &str, value: Value) {
        self.members.insert(name.to_owned(), value);
    }

    /// What nobody took.
    pub fn rest(self) -> Map<String, Value> {
        self.members.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }
}

/// Members within messages and tools that have no place in the model, by their path. They join `Request::rest` under it,
/// where whoever writes the request notes them as dropped.
#[derive(Default)]
pub struct Strays(BTreeMap<String, Value>);

/// Most paths that are kept: a note for each is more than anyone reads.
const MOST: usize = 32;

impl Strays {
    /// Takes what is left of an object that stands under `path`, such as `messages`.
    pub fn take(&mut self, path: &str, left: Fields) {
        for (name, value) in left.rest() {
            let name = if self.0.len() < MOST { format!("{path}.{name}") } else { format!("{path}.*") };
            self.0.entry(name).or_insert(value);
        }
    }

    /// Takes down a path whose value says nothing more.
    pub fn note(&mut self, path: &str) {
        if self.0.len() < MOST {
            self.0.insert(path.to_owned(), Value::Bool(true));
        }
    }

    /// All of them.
    pub fn into_rest(self) -> impl Iterator<Item = (String, Value)> {
        self.0.into_iter()
    }
}
