//! Searches of the web that a provider made for an answer: billed by number, and told nowhere in its usage by those who put
//! them into the answer itself.

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Searches in the `output` of OpenAI's responses: its items of type `web_search_call`. Opening a page that was found, and
/// searching within it, are told as such calls too but not billed (OpenAI's price list, "Web search").
pub fn called(output: &[u8]) -> u64 {
    #[derive(Deserialize)]
    struct Item<'a> {
        #[serde(borrow, default, rename = "type")]
        kind: Option<&'a RawValue>,
        #[serde(borrow, default)]
        action: Option<&'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Action {
        #[serde(default, rename = "type")]
        kind: String,
    }
    if memmem::find(output, b"\"web_search_call\"").is_none() {
        return 0;
    }
    let items: Vec<Item<'_>> = serde_json::from_slice(output).unwrap_or_default();
    let calls = items.into_iter().filter(|item| item.kind.is_some_and(|kind| kind.get() == "\"web_search_call\""));
    let searched = |action: &RawValue| serde_json::from_str::<Action>(action.get()).is_ok_and(|it| it.kind == "search");
    calls.filter(|call| call.action.is_none_or(searched)).count() as u64
}

/// Searches behind the `candidates` of a generateContent answer: the queries in their `groundingMetadata`.
pub fn queried(candidates: &[u8]) -> u64 {
    #[derive(Deserialize)]
    struct Candidate {
        #[serde(default, rename = "groundingMetadata")]
        grounding: Option<Grounding>,
    }
    #[derive(Deserialize)]
    struct Grounding {
        #[serde(default, rename = "webSearchQueries")]
        queries: Vec<serde::de::IgnoredAny>,
    }
    if memmem::find(candidates, b"\"webSearchQueries\"").is_none() {
        return 0;
    }
    let list: Vec<Candidate> = serde_json::from_slice(candidates).unwrap_or_default();
    list.into_iter().filter_map(|candidate| candidate.grounding).map(|it| it.queries.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_counted_and_what_looks_like_them_is_not() {
        let output = br#"[{"type":"web_search_call","action":{"type":"search","query":"q"}},{"type":"web_search_call"},
            {"type":"web_search_call","action":{"type":"open_page","url":"u"}},
            {"type":"message","content":[{"text":"\"web_search_call\""}]}]"#;
        assert_eq!(called(output), 2);
        assert_eq!(called(br#"[{"type":"message"}]"#), 0);
        assert_eq!(called(br#"{"x":"web_search_call"}"#), 0);
    }

    #[test]
    fn queries_are_counted_where_google_tells_them() {
        let grounded = br#"[{"groundingMetadata":{"webSearchQueries":["a","b"]}},{"groundingMetadata":{}},{}]"#;
        assert_eq!(queried(grounded), 2);
        assert_eq!(queried(br#"[{"content":{"parts":[{"text":"\"webSearchQueries\""}]}}]"#), 0);
    }
}
