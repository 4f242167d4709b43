//! JSON objects made of values that are moved. `json!` copies what stands in it, at each level again, and a picture is
//! megabytes.

use serde_json::Value;

/// An object with these members.
pub fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
