//! Sources of claims, in and out: `annotations` for what has an address (OpenAI's description,
//! `ChatCompletionResponseMessage`), and for what has none LiteLLM's `provider_specific_fields`.

use serde_json::{Value, json};

use super::super::event::Citation;

/// Reads an element of `annotations`.
pub fn read(native: Value) -> Citation {
    let source = &native["url_citation"];
    let text = |name: &str| source[name].as_str().map(str::to_owned);
    // OpenRouter tells the words of the page too
    Citation { url: text("url"), title: text("title"), cited_text: text("content"), behind: None, native }
}

/// Reads `provider_specific_fields`: `citation` in a delta; in a message `citations`, a list that LiteLLM makes of lists.
pub fn read_own(fields: Option<Value>) -> impl Iterator<Item = Citation> {
    let Some(Value::Object(mut fields)) = fields else { return Vec::new().into_iter() };
    let listed = match fields.shift_remove("citations") {
        Some(Value::Array(list)) => list,
        _ => vec![],
    };
    let listed = listed.into_iter().flat_map(|item| match item {
        Value::Array(list) => list,
        item => vec![item],
    });
    let natives = fields.shift_remove("citation").into_iter().chain(listed).filter(Value::is_object);
    natives.map(own).collect::<Vec<_>>().into_iter()
}

/// A source in Anthropic's form.
fn own(native: Value) -> Citation {
    let text = |name: &str| native[name].as_str().map(str::to_owned);
    let title = text("title").or_else(|| text("document_title"));
    Citation { url: text("url"), title, cited_text: text("cited_text"), behind: None, native }
}

/// A source that is told by its address, with what is known of the page.
pub fn listed(url: &str, pages: &[Value]) -> Citation {
    let page = pages.iter().find(|page| page["url"] == *url);
    let text = |name: &str| page.and_then(|page| page[name].as_str()).map(str::to_owned);
    Citation {
        url: Some(url.to_owned()),
        title: text("title"),
        cited_text: text("snippet"),
        behind: None,
        native: json!({"url": url}),
    }
}

/// A citation in this dialect.
pub enum Written {
    /// An element of `annotations`.
    Annotation(Value),
    /// The provider's own object: OpenAI has no form for it.
    Own(Value),
}

/// Writes a citation that was told after `position` characters of text. Where its provider does not say which words it
/// stands behind, it is a source of all of them: both places are demanded, and clients cut the text by them.
pub fn write(citation: Citation, position: u64) -> Written {
    if citation.native["url_citation"].is_object() {
        return Written::Annotation(citation.native);
    }
    let Some(url) = citation.url else { return Written::Own(citation.native) };
    let title = citation.title.unwrap_or_default();
    let start = position.saturating_sub(citation.behind.unwrap_or(position));
    let source = json!({"url": url, "title": title, "start_index": start, "end_index": position});
    Written::Annotation(json!({"type": "url_citation", "url_citation": source}))
}
