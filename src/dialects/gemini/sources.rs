//! Sources that the model stands on: of a citation, or of a search, with the places in the text that each one supports.
//!
//! Google tells the sources (`groundingChunks`), and beside them or later which piece of the text stands on which
//! (`groundingSupports`). A source is told once for each such place, and once without any if it has none.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use crate::dialects::event::Citation;

/// Most sources told of one candidate.
const MOST: usize = 1024;

/// What one answer may cost, whoever many its candidates are.
pub struct Bounds {
    /// Bytes of text that may still be kept: places are looked for in it.
    text: usize,
    /// Bytes that may still be looked through and told for the sake of places.
    work: usize,
}

impl Default for Bounds {
    /// Far more than any answer of today has.
    fn default() -> Self {
        Bounds { text: 1 << 20, work: 64 << 20 }
    }
}

impl Bounds {
    fn spend(&mut self, bytes: usize) -> Option<()> {
        self.work = self.work.checked_sub(bytes)?;
        Some(())
    }
}

/// Those of one candidate.
#[derive(Default)]
pub struct Sources {
    /// Its text from the beginning, by which places in it are told.
    text: String,
    /// A piece was too much: all behind it is left out, so that places before it stay right.
    full: bool,
    /// The list told last, for supports that come later.
    chunks: Vec<Chunk>,
    /// Hashes of what was told: a response may tell it all again.
    told: BTreeSet<u64>,
    count: usize,
}

struct Chunk {
    native: Value,
    hash: u64,
    size: usize,
}

impl Sources {
    /// More of the text.
    pub fn said(&mut self, text: &str, bounds: &mut Bounds) {
        self.full |= text.len() > bounds.text;
        if !self.full {
            bounds.text -= text.len();
            self.text.push_str(text);
        }
    }

    /// `citationMetadata`.
    pub fn cited(&mut self, metadata: Value) -> Vec<Citation> {
        let Value::Object(mut cited) = metadata else { return Vec::new() };
        let list = cited.shift_remove("citationSources").or_else(|| cited.shift_remove("citations"));
        let Some(Value::Array(list)) = list else { return Vec::new() };
        list.into_iter().filter_map(|native| self.unplaced(Chunk::new(native))).collect()
    }

    /// `groundingMetadata`: what stands on its sources so far.
    pub fn grounded(&mut self, mut metadata: Value, bounds: &mut Bounds) -> Vec<Citation> {
        let mut out = Vec::new();
        if let Some(Value::Array(list)) = metadata.get_mut("groundingChunks").map(Value::take)
            && !list.is_empty()
        {
            let chunks: Vec<Chunk> = list.into_iter().map(Chunk::new).collect();
            let again: BTreeSet<u64> = chunks.iter().map(|chunk| chunk.hash).collect();
            let before = std::mem::replace(&mut self.chunks, chunks);
            let gone = before.into_iter().filter(|chunk| !again.contains(&chunk.hash));
            out.extend(gone.filter_map(|chunk| self.unplaced(chunk)));
        }
        for support in metadata["groundingSupports"].as_array().into_iter().flatten() {
            self.support(support, bounds, &mut out);
        }
        out
    }

    /// The text is over: the sources that nothing of it stands on.
    pub fn rest(&mut self) -> Vec<Citation> {
        let chunks = std::mem::take(&mut self.chunks);
        chunks.into_iter().filter_map(|chunk| self.unplaced(chunk)).collect()
    }

    fn unplaced(&mut self, chunk: Chunk) -> Option<Citation> {
        if self.count >= MOST || !self.told.insert(chunk.hash) {
            return None;
        }
        self.count += 1;
        Some(source(chunk.native, None))
    }

    fn support(&mut self, support: &Value, bounds: &mut Bounds, out: &mut Vec<Citation>) {
        let segment = &support["segment"];
        let of_segment = hash(segment);
        let mut found = None;
        for index in support["groundingChunkIndices"].as_array().into_iter().flatten().filter_map(Value::as_u64) {
            let Some(chunk) = usize::try_from(index).ok().and_then(|index| self.chunks.get(index)) else { continue };
            let known = hash((of_segment, chunk.hash));
            // only an address is told with its places
            if self.count >= MOST || self.told.contains(&known) || address(&chunk.native).is_none() {
                continue;
            }
            let Some(place) = *found.get_or_insert_with(|| place(&self.text, segment, bounds)) else { return };
            let of_place = hash((place, chunk.hash));
            if self.told.contains(&of_place) || bounds.spend(chunk.size).is_none() {
                continue;
            }
            self.count += 1;
            self.told.extend([known, of_place, chunk.hash]);
            out.push(source(chunk.native.clone(), Some(place)));
        }
    }
}

impl Chunk {
    fn new(native: Value) -> Self {
        Chunk { hash: hash(&native), size: native.to_string().len(), native }
    }
}

/// A number for a value, the same as long as the process lives.
pub fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The characters of the text that a segment is: from, and up to. Google counts in bytes, and within a part that a stream has
/// cut; the words it tells beside are looked for where its count leads elsewhere.
fn place(text: &str, segment: &Value, bounds: &mut Bounds) -> Option<(u64, u64)> {
    let words = segment["text"].as_str().filter(|words| !words.is_empty())?;
    let counted = segment["startIndex"].as_u64().unwrap_or_default() as usize;
    bounds.spend(words.len())?;
    let start = match text.get(counted..).is_some_and(|rest| rest.starts_with(words)) {
        true => counted,
        false => {
            bounds.spend(text.len())?;
            text.find(words)?
        }
    };
    bounds.spend(start)?;
    let before = text[..start].chars().count() as u64;
    Some((before, before + words.chars().count() as u64))
}

/// What a source says of itself.
fn of(native: &Value) -> &Value {
    ["web", "retrievedContext", "maps"].iter().find_map(|kind| native.get(*kind)).unwrap_or(native)
}

fn address(native: &Value) -> Option<&str> {
    of(native).get("uri")?.as_str().filter(|uri| !uri.is_empty())
}

fn source(native: Value, place: Option<(u64, u64)>) -> Citation {
    let own = of(&native);
    let text = |name: &str| own.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let (url, title, cited_text) = (text("uri"), text("title"), text("text"));
    let native = match (&url, place) {
        // as OpenAI tells such, with its places
        (Some(url), Some((start, end))) => serde_json::json!({"type": "url_citation", "url_citation": {"url": url,
            "title": title.as_deref().unwrap_or_default(), "start_index": start, "end_index": end}}),
        _ => native,
    };
    Citation { url, title, cited_text, behind: None, native }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chunk(n: usize) -> Value {
        json!({"web": {"uri": format!("https://h/{n}"), "title": "T"}})
    }

    fn support(words: &str, from: usize, indices: &[usize]) -> Value {
        json!({"segment": {"text": words, "startIndex": from}, "groundingChunkIndices": indices})
    }

    fn places(list: &[Citation]) -> Vec<(String, Option<(u64, u64)>)> {
        let place = |citation: &Citation| {
            let told = &citation.native["url_citation"];
            Some((told["start_index"].as_u64()?, told["end_index"].as_u64()?))
        };
        list.iter().map(|citation| (citation.url.clone().unwrap(), place(citation))).collect()
    }

    #[test]
    fn a_source_is_told_for_each_place_and_without_one_last() {
        let (mut sources, mut bounds) = (Sources::default(), Bounds::default());
        sources.said("Hé. One. Two.", &mut bounds);
        // the sources come before what stands on them, and all are told again
        let first = json!({"groundingChunks": [chunk(0), chunk(1), chunk(2)]});
        assert!(sources.grounded(first.clone(), &mut bounds).is_empty());
        let supports = json!([support("One.", 5, &[0]), support("Two.", 99, &[1, 0, 7]), support("no", 0, &[2])]);
        let told = sources.grounded(json!({"groundingSupports": supports}), &mut bounds);
        let at = |n: usize, place| (format!("https://h/{n}"), place);
        let (one, two) = (Some((4, 8)), Some((9, 13)));
        assert_eq!(places(&told), [at(0, one), at(1, two), at(0, two)]);
        let mut again = first;
        again["groundingSupports"] = supports;
        assert!(sources.grounded(again, &mut bounds).is_empty());
        assert_eq!(places(&sources.rest()), [at(2, None)]);
        assert!(sources.rest().is_empty());
    }

    /// Left out in the middle, a piece would shift every place behind it.
    #[test]
    fn behind_a_piece_that_is_too_long_no_place_is_told() {
        let (mut sources, mut bounds) = (Sources::default(), Bounds::default());
        for text in ["One. ", &"x".repeat(1 << 20), "Two."] {
            sources.said(text, &mut bounds);
        }
        let supports = json!([support("One.", 0, &[0]), support("Two.", 0, &[1])]);
        let told = json!({"groundingChunks": [chunk(0), chunk(1)], "groundingSupports": supports});
        assert_eq!(places(&sources.grounded(told, &mut bounds)), [("https://h/0".to_owned(), Some((0, 4)))]);
        assert_eq!(places(&sources.rest()), [("https://h/1".to_owned(), None)]);
        // what one candidate kept, another cannot
        let mut other = Sources::default();
        other.said(&"y".repeat(1 << 20), &mut bounds);
        assert!(other.full && other.text.is_empty());
    }

    #[test]
    fn sources_and_the_work_for_them_are_bounded() {
        let (mut sources, mut bounds) = (Sources::default(), Bounds::default());
        sources.said(&"a".repeat(1 << 20), &mut bounds);
        let chunks: Vec<Value> = (0..2_000).map(chunk).collect();
        let indices: Vec<usize> = (0..2_000).collect();
        // each is looked for in all of the text, and never found
        let lost: Vec<Value> = (0..5_000).map(|n| support(&format!("b{n}"), 0, &[0])).collect();
        let told = sources.grounded(json!({"groundingChunks": chunks, "groundingSupports": lost}), &mut bounds);
        assert!(told.is_empty() && bounds.work < 1 << 20, "{}", bounds.work);
        let mut bounds = Bounds::default();
        let found: Vec<Value> = (0..9).map(|n| support("aa", n, &indices)).collect();
        let told = sources.grounded(json!({"groundingSupports": found}), &mut bounds);
        assert_eq!(told.len(), MOST);
        assert!(sources.rest().is_empty());
    }
}
