//! Reads a callback's parameters field by field, so that every complaint comes at once and each with its place.
//!
//! A derived `Deserialize` for the whole would stop at the first complaint and could not name the nearest known key.

use std::fmt::Display;
use std::ops::RangeInclusive;

use millrace_actors::ports::ParamError;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Below this a known word is no help, only noise.
const NEAR: f64 = 0.7;

/// The known word nearest to `word`, if any is near.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let rated = known.iter().map(|k| (*k, strsim::jaro_winkler(word, k)));
    rated.filter(|(_, near)| *near >= NEAR).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(k, _)| k)
}

/// One key or name as a step of a JSON pointer.
pub(super) fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Parameters being read. The keys that were asked for are the known ones.
pub(super) struct Reader<'a> {
    object: Option<&'a Map<String, Value>>,
    asked: Vec<&'static str>,
    errors: Vec<ParamError>,
}

impl<'a> Reader<'a> {
    /// Absent parameters (`null`) are an empty object; anything else that is no object is a complaint.
    pub(super) fn new(params: &'a Value) -> Self {
        let mut reader = Reader { object: params.as_object(), asked: Vec::new(), errors: Vec::new() };
        if !params.is_object() && !params.is_null() {
            reader.complain("", "the parameters must be an object of names and values");
        }
        reader
    }

    /// The value of `key`; `None` if it is absent, null or wrong, and if wrong that is noted.
    pub(super) fn get<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        let value = self.raw(key)?;
        T::deserialize(value).map_err(|error| self.complain(step(key), error.to_string())).ok()
    }

    /// As [`Self::get`], for a key that must be there; `what` says what belongs there.
    pub(super) fn need<T: DeserializeOwned>(&mut self, key: &'static str, what: &str) -> Option<T> {
        if self.raw(key).is_none() {
            self.complain(step(key), format!("`{key}` is missing: give {what}"));
            return None;
        }
        self.get(key)
    }

    /// A number within `range`, `default` if it is absent.
    pub(super) fn within<T>(&mut self, key: &'static str, range: RangeInclusive<T>, default: T) -> T
    where
        T: DeserializeOwned + PartialOrd + Display + Copy,
    {
        let Some(number) = self.get::<T>(key) else { return default };
        if !range.contains(&number) {
            let (least, most) = range.into_inner();
            self.complain(step(key), format!("{number} is out of range: give {least} to {most}"));
            return default;
        }
        number
    }

    /// A list of texts; empty if it is absent.
    pub(super) fn texts(&mut self, key: &'static str) -> Vec<String> {
        let mut texts = Vec::new();
        for (n, value) in self.get::<Vec<Value>>(key).unwrap_or_default().iter().enumerate() {
            match value.as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.complain(format!("/{key}/{n}"), "must be a text; put it in quotes"),
            }
        }
        texts
    }

    /// A map of texts; empty if it is absent.
    pub(super) fn pairs(&mut self, key: &'static str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (name, value) in self.get::<Map<String, Value>>(key).unwrap_or_default() {
            match value {
                Value::String(text) => pairs.push((name, text)),
                _ => self.complain(format!("/{key}{}", step(&name)), "must be a text; put it in quotes"),
            }
        }
        pairs
    }

    /// Notes what is wrong at `pointer`.
    pub(super) fn complain(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.errors.push(ParamError { pointer: pointer.into(), message: message.into() });
    }

    /// Every complaint, those about unknown keys included; or else `value`. It is `None` only after a complaint.
    pub(super) fn finish<T>(mut self, value: Option<T>) -> Result<T, Vec<ParamError>> {
        for key in self.object.into_iter().flat_map(Map::keys) {
            if self.asked.contains(&key.as_str()) {
                continue;
            }
            let hint = match (nearest(key, &self.asked), self.asked.is_empty()) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, true) => "there are no parameters".to_owned(),
                (None, false) => format!("known are {}", self.asked.join(", ")),
            };
            self.errors.push(ParamError { pointer: step(key), message: format!("unknown parameter `{key}`: {hint}") });
        }
        match value {
            Some(value) if self.errors.is_empty() => Ok(value),
            _ => Err(self.errors),
        }
    }

    fn raw(&mut self, key: &'static str) -> Option<&'a Value> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.object?.get(key).filter(|value| !value.is_null())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_complaints_come_at_once_with_their_places() {
        let params = json!({"size": 0, "words": ["a", 1], "wrods": [], "on/off": true});
        let mut reader = Reader::new(&params);
        assert_eq!(reader.within("size", 1..=9_u32, 5), 5);
        assert_eq!(reader.texts("words"), ["a"]);
        let errors = reader.finish(Some(())).unwrap_err();
        let at: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
        assert_eq!(at, ["/size", "/words/1", "/wrods", "/on~1off"], "in the order of the file");
        assert!(errors[2].message.contains("did you mean `words`?"), "{}", errors[2].message);
    }

    #[test]
    fn nothing_is_an_empty_object_and_a_list_is_not() {
        assert!(Reader::new(&Value::Null).finish(Some(())).is_ok());
        assert_eq!(Reader::new(&json!([])).finish(Some(())).unwrap_err()[0].pointer, "");
    }
}
