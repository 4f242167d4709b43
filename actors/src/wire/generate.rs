//! What the cast must know of an event of the generateContent protocol: its tokens, whether the answer may be over with it,
//! and where it names the model. An event is a whole response object, and a stream has no terminal one: it is over when its
//! body ends and what was said is finished.
//!
//! Source: Google's reference, `GenerateContentResponse` and `UsageMetadata`, as of 2026-11.

use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::scan;
use super::searches;
use super::tier::ServiceTier;
use super::usage::{ABSURD, Usage};

/// What an event tells the relay.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// It is an error.
    pub error: bool,
    /// The tokens so far.
    pub usage: Option<Usage>,
    /// Where the `modelVersion` strings lie, with their quotes.
    pub model: Vec<Range<usize>>,
    /// How far it brings its candidates.
    pub progress: Progress,
}

/// Which candidates there are and which of them have a reason to finish, one bit each; those with an index beyond 127 count
/// as the last. A prompt that was refused is one that is finished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    begun: u128,
    finished: u128,
}

impl Progress {
    /// Takes a later event's.
    pub fn add(&mut self, later: Progress) {
        self.begun |= later.begun;
        self.finished |= later.finished;
    }

    /// Something was said, and all of it is finished.
    pub fn is_whole(self) -> bool {
        self.begun != 0 && self.begun == self.finished
    }

    fn note(&mut self, index: u32, finished: bool) {
        let bit = 1 << index.min(u128::BITS - 1);
        self.begun |= bit;
        if finished {
            self.finished |= bit;
        }
    }
}

/// Looks at the data of one event. What is no JSON object tells nothing.
pub fn look(data: &[u8]) -> Seen {
    let mut seen = Seen::default();
    let Ok(text) = std::str::from_utf8(data) else { return seen };
    let mut searches = 0;
    let read = scan::each_member(text, |key, at| {
        let value = &text[at.clone()];
        match key.as_ref() {
            "error" => seen.error = value != "null",
            "usageMetadata" => seen.usage = usage(value).or(seen.usage),
            "modelVersion" if value.starts_with('"') => seen.model.push(at),
            "candidates" => {
                candidates(value, &mut seen.progress);
                searches = searches::queried(value.as_bytes());
            }
            "promptFeedback" if has(value, "blockReason") => seen.progress.note(0, true),
            _ => {}
        }
    });
    if let Some(usage) = &mut seen.usage {
        usage.served(None, searches);
    }
    if read.is_ok() { seen } else { Seen::default() }
}

/// Whether a stream of these events may end here.
pub fn are_whole<'a>(events: impl IntoIterator<Item = &'a Bytes>) -> bool {
    let mut progress = Progress::default();
    events.into_iter().for_each(|data| progress.add(look(data).progress));
    progress.is_whole()
}

/// The events of an answer that came as one array of them: what Google sends where server-sent events were not asked for, and
/// some servers before Gemini send anyhow (FAULTS S21). Parts of the body, not copied.
pub fn listed(body: &Bytes) -> Option<Vec<Bytes>> {
    if !body.trim_ascii_start().starts_with(b"[") {
        return None;
    }
    let list: Vec<&RawValue> = serde_json::from_slice(body).ok()?;
    Some(list.into_iter().map(|event| body.slice_ref(event.get().as_bytes())).collect())
}

/// Appends the text that the event adds to what is shown.
pub fn text_of(data: &[u8], out: &mut String) {
    #[derive(Deserialize)]
    struct Event {
        #[serde(default)]
        candidates: Vec<Candidate>,
    }
    #[derive(Deserialize)]
    struct Candidate {
        #[serde(default)]
        content: Content,
    }
    #[derive(Default, Deserialize)]
    struct Content {
        #[serde(default)]
        parts: Vec<Part>,
    }
    #[derive(Deserialize)]
    struct Part {
        #[serde(default)]
        text: String,
        #[serde(default)]
        thought: bool,
    }
    let Ok(event) = serde_json::from_slice::<Event>(data) else { return };
    let parts = event.candidates.into_iter().flat_map(|candidate| candidate.content.parts);
    parts.filter(|part| !part.thought).for_each(|part| out.push_str(&part.text));
}

/// Reads a `usageMetadata`. The prompt includes what was cached; what tools read for the model stands beside it, and thought
/// beside what the candidates say. Both are added, so that prompt and completion are all that was read and written. Where
/// the total is the prompt and the candidates alone, the candidates had the thought in them (some of Vertex's models). Of the
/// kinds of tokens, sound and pictures have prices of their own; films and documents cost what text does.
pub fn usage(raw: &str) -> Option<Usage> {
    if !raw.trim_start().starts_with('{') {
        return None;
    }
    let told: Told<'_> = serde_json::from_str(raw).ok()?;
    let mut counts = Counts { suspect: false, any: false };
    let prompt = counts.count(told.prompt);
    let said = counts.count(told.candidates).or(counts.count(told.response));
    let total = counts.count(told.total);
    if !counts.any {
        return None;
    }
    let thought = counts.count(told.thoughts).unwrap_or_default();
    let read_by_tools = counts.count(told.tools).unwrap_or_default();
    let cached_tokens = counts.count(told.cached).unwrap_or_default();
    let prompt_tokens = (prompt.unwrap_or_default() + read_by_tools).min(ABSURD);
    let within = thought > 0 && said.is_some_and(|said| total == Some(prompt_tokens + said));
    let completion_tokens = (said.unwrap_or_default() + if within { 0 } else { thought }).min(ABSURD);
    let (asked, by_tools) = (counts.kinds(told.prompt_details), counts.kinds(told.tools_details));
    let written = counts.kinds(told.candidates_details.or(told.response_details));
    let cached = counts.kinds(told.cache_details);
    let tier = told.tier.or(told.traffic).and_then(|raw| ServiceTier::told(raw.get()));
    Some(Usage {
        prompt_tokens,
        completion_tokens,
        total_tokens: total.unwrap_or(prompt_tokens + completion_tokens),
        cached_tokens,
        cached_audio_tokens: cached.sound,
        cached_image_tokens: cached.pictures,
        reasoning_tokens: thought,
        tool_prompt_tokens: read_by_tools,
        audio_input_tokens: (asked.sound + by_tools.sound).min(ABSURD),
        audio_output_tokens: written.sound,
        image_input_tokens: (asked.pictures + by_tools.pictures).min(ABSURD),
        image_output_tokens: written.pictures,
        service_tier: tier,
        suspect: counts.suspect,
        ..Usage::default()
    })
}

#[derive(Deserialize)]
struct Told<'a> {
    #[serde(borrow, default, rename = "promptTokenCount")]
    prompt: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "candidatesTokenCount")]
    candidates: Option<&'a RawValue>,
    /// Its name in Google's Live API, and in its newer clients.
    #[serde(borrow, default, rename = "responseTokenCount")]
    response: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "totalTokenCount")]
    total: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "thoughtsTokenCount")]
    thoughts: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "toolUsePromptTokenCount")]
    tools: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "cachedContentTokenCount")]
    cached: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "promptTokensDetails")]
    prompt_details: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "candidatesTokensDetails")]
    candidates_details: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "responseTokensDetails")]
    response_details: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "toolUsePromptTokensDetails")]
    tools_details: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "cacheTokensDetails")]
    cache_details: Option<&'a RawValue>,
    /// Of Google's AI Studio.
    #[serde(borrow, default, rename = "serviceTier")]
    tier: Option<&'a RawValue>,
    /// Of Vertex AI.
    #[serde(borrow, default, rename = "trafficType")]
    traffic: Option<&'a RawValue>,
}

/// The tokens of each kind that has prices of its own.
#[derive(Default)]
struct Kinds {
    sound: u64,
    pictures: u64,
}

#[derive(Deserialize)]
struct Modality<'a> {
    #[serde(default)]
    modality: String,
    #[serde(borrow, default, rename = "tokenCount")]
    count: Option<&'a RawValue>,
}

/// Reads counts out of an untrusted object.
struct Counts {
    suspect: bool,
    any: bool,
}

impl Counts {
    fn count(&mut self, raw: Option<&RawValue>) -> Option<u64> {
        let raw = raw.map(RawValue::get).filter(|raw| *raw != "null")?;
        self.any = true;
        // JSON of protocol buffers may spell a whole number as a string
        let number = raw.trim_matches('"').parse::<f64>().unwrap_or(f64::NAN);
        self.suspect |= !(number >= 0.0 && number <= ABSURD as f64 && number.fract() == 0.0);
        Some((number as u64).min(ABSURD))
    }

    fn kinds(&mut self, details: Option<&RawValue>) -> Kinds {
        let list: Vec<Modality<'_>> = details.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let mut kinds = Kinds::default();
        for one in &list {
            let place = match one.modality.as_str() {
                "AUDIO" => &mut kinds.sound,
                "IMAGE" => &mut kinds.pictures,
                _ => continue,
            };
            *place = (*place + self.count(one.count).unwrap_or_default()).min(ABSURD);
        }
        kinds
    }
}

fn candidates(raw: &str, progress: &mut Progress) {
    #[derive(Deserialize)]
    struct Candidate<'a> {
        #[serde(default)]
        index: Option<u32>,
        #[serde(borrow, default, rename = "finishReason")]
        finish: Option<&'a RawValue>,
    }
    let list: Vec<Candidate<'_>> = serde_json::from_str(raw).unwrap_or_default();
    for (position, candidate) in list.iter().enumerate() {
        let finished = candidate.finish.is_some_and(|reason| !matches!(reason.get(), "null" | "\"\""));
        progress.note(candidate.index.unwrap_or(position as u32), finished);
    }
}

/// Whether an object has a member that says something.
fn has(object: &str, name: &str) -> bool {
    let mut found = false;
    let read = scan::each_member(object, |key, at| found |= key == name && !matches!(&object[at], "null" | "\"\""));
    read.is_ok() && found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_tells_its_tokens_its_end_and_its_model() {
        let going = br#"{"candidates":[{"content":{"parts":[{"text":"a"}]}}],"modelVersion":"g"}"#;
        let seen = look(going);
        assert_eq!((seen.progress.is_whole(), seen.error, seen.usage), (false, false, None));
        assert_eq!(&going[seen.model[0].clone()], b"\"g\"");
        let whole = |events: &[&'static str]| {
            let events: Vec<_> = events.iter().map(|event| bytes::Bytes::from_static(event.as_bytes())).collect();
            are_whole(&events)
        };
        assert!(whole(&[r#"{"candidates":[{"index":0}]}"#, r#"{"candidates":[{"finishReason":"STOP"}]}"#]));
        assert!(!whole(&[r#"{"candidates":[{"index":0},{"index":1,"finishReason":"STOP"}]}"#]));
        assert!(whole(&[r#"{"promptFeedback":{"blockReason":"SAFETY"}}"#]));
        assert!(!whole(&[r#"{"promptFeedback":{"safetyRatings":[]}}"#, "{}"]));
        assert!(look(br#"{"error":{"code":503}}"#).error);
        for data in [&b"[DONE]"[..], b"{", b"\xff", br#"{"candidates":7}"#] {
            assert_eq!(look(data), Seen::default());
        }
    }

    #[test]
    fn thought_and_what_tools_read_are_counted_once() {
        let read = |raw| usage(raw).map(|u| [u.prompt_tokens, u.completion_tokens, u.reasoning_tokens, u.total_tokens]);
        let beside = r#"{"promptTokenCount":10,"candidatesTokenCount":5,"thoughtsTokenCount":7,"toolUsePromptTokenCount":3,
            "totalTokenCount":25}"#;
        assert_eq!(read(beside), Some([13, 12, 7, 25]));
        let within = r#"{"promptTokenCount":10,"candidatesTokenCount":12,"thoughtsTokenCount":7,"totalTokenCount":22}"#;
        assert_eq!(read(within), Some([10, 12, 7, 22]));
        // a prompt that was refused, or an event that came before any word
        assert_eq!(read(r#"{"promptTokenCount":10}"#), Some([10, 0, 0, 10]));
        assert_eq!(read("{}"), None);
        assert_eq!(read("[]"), None);
        assert_eq!(read("[3,4]"), None);
    }

    #[test]
    fn details_and_doubts_are_kept() {
        let told = usage(
            r#"{"promptTokenCount":"9","cachedContentTokenCount":4,"candidatesTokenCount":2,"totalTokenCount":11,
            "promptTokensDetails":[{"modality":"TEXT","tokenCount":6},{"modality":"AUDIO","tokenCount":3}]}"#,
        )
        .unwrap();
        assert_eq!((told.prompt_tokens, told.cached_tokens, told.audio_input_tokens, told.suspect), (9, 4, 3, false));
        let doubtful = usage(r#"{"promptTokenCount":-3,"candidatesTokenCount":1e30}"#).unwrap();
        assert_eq!((doubtful.prompt_tokens, doubtful.completion_tokens, doubtful.suspect), (0, ABSURD, true));
    }

    #[test]
    fn text_is_what_is_shown() {
        let mut text = String::new();
        text_of(
            br#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"a"},{"functionCall":{}}]}},{}]}"#,
            &mut text,
        );
        assert_eq!(text, "a");
    }
}
