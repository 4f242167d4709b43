//! Reading an event's members, each with a complaint.

use serde_json::Value;

/// A value, or why it is wrong.
pub type Judged<T = ()> = Result<T, String>;

/// A condition and its complaint.
pub fn ensure(good: bool, why: &str) -> Judged {
    if good { Ok(()) } else { Err(why.to_owned()) }
}

/// A text that says something.
pub fn word<'v>(of: &'v Value, name: &str) -> Judged<&'v str> {
    of[name].as_str().filter(|text| !text.is_empty()).ok_or_else(|| format!("`{name}` is no text, or an empty one"))
}

/// A text.
pub fn text<'v>(of: &'v Value, name: &str) -> Judged<&'v str> {
    of[name].as_str().ok_or_else(|| format!("`{name}` is no text"))
}

/// A whole number.
pub fn count(of: &Value, name: &str) -> Judged<u64> {
    of[name].as_u64().ok_or_else(|| format!("`{name}` is no count"))
}

/// A list.
pub fn list<'v>(of: &'v Value, name: &str) -> Judged<&'v Vec<Value>> {
    of[name].as_array().ok_or_else(|| format!("`{name}` is no list"))
}

/// Members that must have a value, whatever it is but for absent.
pub fn present(of: &Value, names: &[&str]) -> Judged {
    let absent = names.iter().find(|name| of.get(**name).is_none());
    absent.map_or(Ok(()), |name| Err(format!("`{name}` is absent")))
}

/// Members that must have this value.
pub fn equal(of: &Value, name: &str, want: impl Into<Value>) -> Judged {
    let want = want.into();
    if of[name] == want { Ok(()) } else { Err(format!("`{name}` is {} and not {want}", of[name])) }
}

/// One of some words.
pub fn one_of(of: &Value, name: &str, words: &[&str]) -> Judged {
    let known = of[name].as_str().is_some_and(|word| words.contains(&word));
    if known { Ok(()) } else { Err(format!("`{name}` is {}, none of {words:?}", of[name])) }
}

/// What must stay as it first was: an id, a model's name.
#[derive(Debug, Default)]
pub struct Same(Option<Vec<Value>>);

impl Same {
    /// Compares these members with those of the first event.
    ///
    /// # Errors
    /// One has changed.
    pub fn check(&mut self, of: &Value, names: &[&str]) -> Judged {
        let now: Vec<Value> = names.iter().map(|name| of[*name].clone()).collect();
        let first = self.0.get_or_insert_with(|| now.clone());
        ensure(*first == now, &format!("one of {names:?} is not as it was: {first:?}"))
    }
}
