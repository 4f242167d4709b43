//! Objects of one body that both the caller and the operator have: Google's `generationConfig`, whose names may be spelt with
//! underscores, and others of parameters. No parameter may stand in a body twice.

use serde_json::{Map, Value};

/// Objects of Google's whose members are parameters of their own.
const GOOGLES: [&str; 2] = ["generationConfig", "toolConfig"];

/// Whose of two members with one name stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wins {
    /// That which is there.
    Own,
    /// That which comes.
    More,
}

/// Whether it is one of Google's objects, in either spelling.
pub fn is_googles(name: &str) -> bool {
    GOOGLES.iter().any(|known| is_same(name, known, true))
}

/// Whether two names mean one member. Google's may be spelt with underscores.
pub fn is_same(a: &str, b: &str, google: bool) -> bool {
    a == b || (google && plain(a).eq(plain(b)))
}

fn plain(name: &str) -> impl Iterator<Item = char> {
    name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase())
}

/// Puts members into an object, under the names that they have there already; tells whether it is another for it.
pub fn merge(own: &mut Map<String, Value>, more: Map<String, Value>, google: bool, wins: Wins) -> bool {
    let mut changed = false;
    for (name, value) in more {
        let known = own.iter_mut().find(|(known, _)| is_same(known, &name, google)).map(|(_, value)| value);
        match (known, wins) {
            (Some(_), Wins::Own) => continue,
            (Some(known), Wins::More) => *known = value,
            (None, _) => drop(own.insert(name, value)),
        }
        changed = true;
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_parameter_stands_under_one_name() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let own = object(json!({"top_k": 3, "seed": 1}));
        let more = object(json!({"topK": 4, "maxOutputTokens": 9}));
        for (google, wins, want, changed) in [
            (true, Wins::Own, json!({"top_k": 3, "seed": 1, "maxOutputTokens": 9}), true),
            (true, Wins::More, json!({"top_k": 4, "seed": 1, "maxOutputTokens": 9}), true),
            (false, Wins::Own, json!({"top_k": 3, "seed": 1, "topK": 4, "maxOutputTokens": 9}), true),
        ] {
            let mut merged = own.clone();
            assert_eq!(merge(&mut merged, more.clone(), google, wins), changed);
            assert_eq!(Value::Object(merged), want);
        }
        assert!(!merge(&mut own.clone(), object(json!({"topK": 4})), true, Wins::Own));
        assert!(is_googles("generation_config") && is_googles("toolConfig") && !is_googles("reasoning"));
    }
}
