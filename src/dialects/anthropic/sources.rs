//! Sources of claims in this API's form.

use serde_json::{Map, Value, json};

use crate::dialects::event::Citation;

/// Kinds of sources that this API has (its page "Citations").
const SOURCES: [&str; 5] = [
    "char_location",
    "page_location",
    "content_block_location",
    "web_search_result_location",
    "search_result_location",
];

/// A member there, and what it is called here.
type Names = [(&'static str, &'static str); 3];

/// Bedrock's places (`CitationLocation`), which are Claude's in other words: the kind here, and the names of the number of
/// what is cited, of its first and of its last place.
const OF_CONVERSE: [(&str, &str, Names); 4] = [
    (
        "documentChar",
        "char_location",
        [("documentIndex", "document_index"), ("start", "start_char_index"), ("end", "end_char_index")],
    ),
    (
        "documentPage",
        "page_location",
        [("documentIndex", "document_index"), ("start", "start_page_number"), ("end", "end_page_number")],
    ),
    (
        "documentChunk",
        "content_block_location",
        [("documentIndex", "document_index"), ("start", "start_block_index"), ("end", "end_block_index")],
    ),
    (
        "searchResultLocation",
        "search_result_location",
        [("searchResultIndex", "search_result_index"), ("start", "start_block_index"), ("end", "end_block_index")],
    ),
];

/// Whether a source has a form in this API: its own has, Bedrock's, and an address of the web.
pub fn has_form(citation: &Citation) -> bool {
    is_own(citation) || citation.url.is_some() || of_converse(citation).is_some()
}

fn is_own(citation: &Citation) -> bool {
    citation.native.get("type").and_then(Value::as_str).is_some_and(|kind| SOURCES.contains(&kind))
}

/// A source in this API's form: its own as it came, Bedrock's in its words, an address of the web as one that was searched
/// for. What is none of these has no place here.
pub fn native(citation: Citation) -> Option<Value> {
    if is_own(&citation) {
        return Some(citation.native);
    }
    if let Some(place) = of_converse(&citation) {
        return Some(place);
    }
    let url = citation.url?;
    Some(json!({
        "type": "web_search_result_location",
        "url": url,
        "title": citation.title,
        "cited_text": citation.cited_text.unwrap_or_default(),
        "encrypted_index": "",
    }))
}

fn of_converse(citation: &Citation) -> Option<Value> {
    let location = citation.native.get("location")?.as_object()?;
    let (place, kind, names) =
        OF_CONVERSE.iter().find_map(|(name, kind, names)| Some((location.get(*name)?, *kind, names)))?;
    let mut told = Map::new();
    told.insert("type".into(), kind.into());
    told.insert("cited_text".into(), citation.cited_text.as_deref().unwrap_or_default().into());
    let title = citation.title.as_deref().map_or(Value::Null, Value::from);
    if kind == "search_result_location" {
        told.insert("source".into(), citation.native.get("source").cloned().unwrap_or_default());
        told.insert("title".into(), title);
    } else {
        told.insert("document_title".into(), title);
    }
    for (theirs, ours) in names {
        told.insert((*ours).into(), place.get(*theirs)?.clone());
    }
    Some(told.into())
}
