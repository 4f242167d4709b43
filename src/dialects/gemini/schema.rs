//! JSON schemas and Google's `Schema`, a part of OpenAPI's 3.0 (its reference, `Schema`): from the one into the other.

use serde_json::{Map, Value, json};

use crate::dialects::{Did, Notes};

/// Members that mean the same in both.
const SAME: [&str; 15] = [
    "title",
    "description",
    "nullable",
    "maxItems",
    "minItems",
    "required",
    "minProperties",
    "maxProperties",
    "minLength",
    "maxLength",
    "pattern",
    "example",
    "default",
    "minimum",
    "maximum",
];

/// Formats that Google's servers take; others they refuse.
const FORMATS: [&str; 6] = ["enum", "date-time", "float", "double", "int32", "int64"];

/// How deep references are followed: a schema that contains itself has no end.
const DEEPEST: usize = 24;

/// The most that is written of one schema: references that multiply each other must not.
const MOST: usize = 20_000;

/// A JSON schema as a `Schema`. What has no form there is left out and noted under `name.<keyword>`.
pub fn write(schema: &Value, name: &str, notes: &mut Notes) -> Value {
    Writer { root: schema, name, notes, written: 0 }.schema(schema, 0)
}

struct Writer<'a, 'n> {
    root: &'a Value,
    name: &'a str,
    notes: &'n mut Notes,
    written: usize,
}

impl<'a> Writer<'a, '_> {
    fn schema(&mut self, schema: &'a Value, depth: usize) -> Value {
        self.written += 1;
        let Value::Object(schema) = schema else { return json!({}) };
        if depth > DEEPEST || self.written > MOST {
            self.lost("$ref", "it contains itself, or is too large: cut off here");
            return json!({"type": "object"});
        }
        if let Some(path) = schema.get("$ref").and_then(Value::as_str) {
            let Some(target) = path.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) else {
                self.lost("$ref", "it leads nowhere in this schema");
                return json!({"type": "object"});
            };
            let mut written = self.schema(target, depth + 1);
            if let (Some(text), Some(written)) = (schema.get("description"), written.as_object_mut()) {
                written.insert("description".into(), text.clone());
            }
            return written;
        }
        let mut out = Map::new();
        for (keyword, value) in schema {
            self.keyword(keyword, value, depth, &mut out);
        }
        self.complete(&mut out);
        out.into()
    }

    fn keyword(&mut self, keyword: &str, value: &'a Value, depth: usize, out: &mut Map<String, Value>) {
        match keyword {
            "type" => self.kind(value, out),
            "properties" => {
                let properties = value.as_object().into_iter().flatten();
                let written: Map<_, _> =
                    properties.map(|(name, schema)| (name.clone(), self.schema(schema, depth + 1))).collect();
                if !written.is_empty() {
                    out.insert("properties".into(), written.into());
                }
            }
            "items" if value.is_object() => drop(out.insert("items".into(), self.schema(value, depth + 1))),
            "anyOf" | "oneOf" => self.any_of(value, depth, out),
            "allOf" => {
                for part in value.as_array().into_iter().flatten() {
                    let Value::Object(part) = self.schema(part, depth + 1) else { continue };
                    part.into_iter().for_each(|(name, value)| join(out, name, value));
                }
            }
            "enum" => self.choices(value.as_array().map(Vec::as_slice).unwrap_or_default(), out),
            "const" => self.choices(std::slice::from_ref(value), out),
            "format" if value.as_str().is_some_and(|format| FORMATS.contains(&format)) => {
                out.insert("format".into(), value.clone());
            }
            "examples" => {
                if let Some(first) = value.as_array().and_then(|list| list.first()) {
                    out.insert("example".into(), first.clone());
                }
            }
            same if SAME.contains(&same) => join(out, same.to_owned(), value.clone()),
            "propertyOrdering" => drop(out.insert(keyword.into(), value.clone())),
            // definitions are written where they are referred to; the rest says nothing about values
            "$defs" | "definitions" | "$schema" | "$id" | "$comment" | "$anchor" | "strict" => {}
            other => self.lost(other, "no such keyword here"),
        }
    }

    /// One type is a word, several are as many schemas, and `null` is a mark of its own.
    fn kind(&mut self, value: &Value, out: &mut Map<String, Value>) {
        let list = match value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        let words: Vec<String> = list.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect();
        let kinds: Vec<&String> = words.iter().filter(|word| *word != "null").collect();
        if kinds.len() < words.len() {
            out.insert("nullable".into(), true.into());
        }
        match kinds.as_slice() {
            [] => {}
            [one] => drop(out.insert("type".into(), one.as_str().into())),
            many => drop(out.insert("anyOf".into(), many.iter().map(|kind| json!({"type": kind})).collect())),
        }
    }

    fn any_of(&mut self, value: &'a Value, depth: usize, out: &mut Map<String, Value>) {
        let is_null = |schema: &&Value| schema.get("type").is_some_and(|kind| kind == "null");
        let all: Vec<&Value> = value.as_array().into_iter().flatten().collect();
        let kept: Vec<Value> =
            all.iter().filter(|schema| !is_null(schema)).map(|schema| self.schema(schema, depth + 1)).collect();
        if kept.len() < all.len() {
            out.insert("nullable".into(), true.into());
        }
        match <[Value; 1]>::try_from(kept) {
            Ok([Value::Object(only)]) => only.into_iter().for_each(|(name, value)| join(out, name, value)),
            Ok(_) => {}
            Err(many) => drop(out.insert("anyOf".into(), many.into())),
        }
    }

    /// Only texts can be listed.
    fn choices(&mut self, list: &[Value], out: &mut Map<String, Value>) {
        let texts: Vec<Value> = list.iter().filter(|value| value.is_string()).cloned().collect();
        if list.contains(&Value::Null) {
            out.insert("nullable".into(), true.into());
        }
        if list.iter().any(|value| !value.is_string() && !value.is_null()) {
            return self.lost("enum", "only texts can be listed");
        }
        if !texts.is_empty() {
            out.entry("type").or_insert_with(|| "string".into());
            out.insert("enum".into(), texts.into());
        }
    }

    /// What Google's servers insist on: a type where members tell it, something for a list to hold, and nothing required that
    /// is not there.
    fn complete(&mut self, out: &mut Map<String, Value>) {
        if !out.contains_key("type") && !out.contains_key("anyOf") {
            if out.contains_key("properties") {
                out.insert("type".into(), "object".into());
            } else if out.contains_key("items") {
                out.insert("type".into(), "array".into());
            }
        }
        if out.get("type").is_some_and(|kind| kind == "array") && !out.contains_key("items") {
            self.notes.add(&format!("{}.items", self.name), Did::Defaulted, "a list must say what it holds");
            out.insert("items".into(), json!({"type": "object"}));
        }
        let known = out.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        if let Some(Value::Array(required)) = out.get_mut("required") {
            required.retain(|name| name.as_str().is_some_and(|name| known.contains_key(name)));
            if required.is_empty() {
                out.shift_remove("required");
            }
        }
    }

    fn lost(&mut self, keyword: &str, why: &str) {
        self.notes.add(&format!("{}.{keyword}", self.name), Did::Dropped, why);
    }
}

/// Adds a member; properties and lists of what is required are joined.
fn join(out: &mut Map<String, Value>, name: String, value: Value) {
    match (out.get_mut(&name), value) {
        (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
        (Some(Value::Array(known)), Value::Array(more)) => known.extend(more),
        (_, value) => drop(out.insert(name, value)),
    }
}

/// A `Schema` as a JSON schema: types in lower case, `nullable` as a type.
pub fn read(schema: Value) -> Value {
    let Value::Object(members) = schema else { return schema };
    let mut out = Map::new();
    let mut nullable = false;
    for (name, value) in members {
        match (name.as_str(), value) {
            ("nullable", value) => nullable = value == true,
            ("type", Value::String(kind)) => drop(out.insert(name, kind.to_ascii_lowercase().into())),
            ("properties", Value::Object(all)) => {
                let all: Map<_, _> = all.into_iter().map(|(name, schema)| (name, read(schema))).collect();
                out.insert(name, all.into());
            }
            ("items", value) => drop(out.insert(name, read(value))),
            ("anyOf" | "any_of", Value::Array(list)) => {
                out.insert("anyOf".into(), list.into_iter().map(read).collect());
            }
            // whole numbers are written as texts in JSON of protocol buffers
            ("minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties", value) => {
                let number = value.as_str().and_then(|text| text.parse::<u64>().ok()).map(Value::from);
                out.insert(name, number.unwrap_or(value));
            }
            // how answers are ordered, and what one might be: nothing about what is valid
            ("propertyOrdering" | "property_ordering" | "example", _) => {}
            (_, value) => drop(out.insert(name, value)),
        }
    }
    if nullable && let Some(Value::String(kind)) = out.get("type") {
        let kinds = json!([kind, "null"]);
        out.insert("type".into(), kinds);
    }
    out.into()
}
