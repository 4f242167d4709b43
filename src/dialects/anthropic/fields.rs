//! Typed access to the members of a caller's object: null counts as absent, and a wrong type is a fault with its place.

use serde_json::{Map, Number, Value};

use crate::dialects::BadRequest;

/// An object of the caller's, member by member taken out of it.
pub struct Fields {
    at: String,
    map: Map<String, Value>,
}

/// A fault of the caller's.
pub fn bad(at: impl Into<String>, what: impl Into<String>) -> BadRequest {
    BadRequest { pointer: at.into(), what: what.into() }
}

impl Fields {
    /// The object at a place.
    ///
    /// # Errors
    /// It is something else.
    pub fn of(value: Value, at: impl Into<String>) -> Result<Self, BadRequest> {
        match value {
            Value::Object(map) => Ok(Fields { at: at.into(), map }),
            other => Err(wrong(at.into(), "an object", &other)),
        }
    }

    /// Where a member is.
    pub fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.at)
    }

    /// Any value. Leaves `null` in its place: to close the gap would disturb the order of what is left, or cost its length.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.map.get_mut(name).map(Value::take).filter(|value| !value.is_null())
    }

    /// Any value, left where it is.
    pub fn peek(&self, name: &str) -> &Value {
        self.map.get(name).unwrap_or(&Value::Null)
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, BadRequest> {
        self.typed(name, "a string", |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    /// A text that must be there.
    pub fn need(&mut self, name: &str) -> Result<String, BadRequest> {
        self.text(name)?.ok_or_else(|| bad(self.at(name), "is missing; it must be a string"))
    }

    /// A truth value.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, BadRequest> {
        self.typed(name, "true or false", |value| value.as_bool().ok_or(value))
    }

    /// A number, as written.
    pub fn number(&mut self, name: &str) -> Result<Option<Number>, BadRequest> {
        self.typed(name, "a number", |value| match value {
            Value::Number(number) => Ok(number),
            other => Err(other),
        })
    }

    /// A list.
    pub fn list(&mut self, name: &str) -> Result<Option<Vec<Value>>, BadRequest> {
        self.typed(name, "an array", |value| match value {
            Value::Array(list) => Ok(list),
            other => Err(other),
        })
    }

    /// An object.
    pub fn object(&mut self, name: &str) -> Result<Option<Fields>, BadRequest> {
        let at = self.at(name);
        self.take(name).map(|value| Fields::of(value, at)).transpose()
    }

    /// What was not taken and is not null.
    pub fn rest(self) -> Map<String, Value> {
        self.map.into_iter().filter(|(_, value)| !value.is_null()).collect()
    }

    fn typed<T>(
        &mut self,
        name: &str,
        want: &str,
        read: impl FnOnce(Value) -> Result<T, Value>,
    ) -> Result<Option<T>, BadRequest> {
        let at = self.at(name);
        self.take(name).map(|value| read(value).map_err(|value| wrong(at, want, &value))).transpose()
    }
}

/// A value of the wrong type, said so.
pub fn wrong(at: impl Into<String>, want: &str, got: &Value) -> BadRequest {
    let got = match got {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    bad(at, format!("is {got}; it must be {want}"))
}
