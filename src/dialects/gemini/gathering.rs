//! The events of a stream as the one response that they are, within this protocol: texts and lists that came in pieces are
//! joined, and all else is as it came, whatever of it no other protocol has a form for.

use std::collections::BTreeMap;

use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::Kept;
use millrace_actors::relay::mid_stream_error;
use millrace_actors::wire::{generate, scan};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::said::MOST;
use super::shape::invalid;
use crate::dialects::media;

/// The response.
///
/// # Errors
/// An event is none, or reports a fault.
pub fn collect(events: &[Kept]) -> Result<Bytes, Fault> {
    let (mut members, mut candidates) = (Members::default(), BTreeMap::<u32, Candidate>::new());
    for Kept { data, .. } in events {
        if generate::look(data).error {
            return Err(mid_stream_error(data));
        }
        let mut told = None;
        members.take(text(data)?, |name| name == "candidates", |raw| told = Some(raw))?;
        let list: Vec<&RawValue> = told.map_or(Ok(Vec::new()), read)?;
        for (position, candidate) in list.into_iter().enumerate() {
            let index = serde_json::from_str::<Index>(candidate.get()).map_err(unread)?.index;
            candidates.entry(index.unwrap_or(position as u32)).or_default().take(candidate.get())?;
            if candidates.len() > MOST {
                return Err(invalid(format!("more than {MOST} candidates")));
            }
        }
    }
    let list: Vec<String> = candidates.into_values().map(Candidate::written).collect();
    let list = (!list.is_empty()).then(|| ("candidates", format!("[{}]", list.join(","))));
    Ok(members.written(list).into())
}

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    index: Option<u32>,
}

/// Members by their names, each as raw JSON in a text.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    /// Takes those of an object, over what is there: the last word counts, unless it says nothing. Those that are `apart` are
    /// given to `on_apart`.
    fn take<'e>(
        &mut self,
        object: &'e str,
        apart: impl Fn(&str) -> bool,
        mut on_apart: impl FnMut(&'e str),
    ) -> Result<(), Fault> {
        let read = scan::each_member(object, |name, at| {
            let raw = &object[at];
            match raw {
                "null" => {}
                raw if apart(&name) => on_apart(raw),
                raw => drop(self.0.insert(name.into_owned(), raw.into())),
            }
        });
        read.map_err(|why| invalid(format!("the response cannot be read: {why}")))
    }

    /// The object, with members before those that are here.
    fn written<'n>(self, first: impl IntoIterator<Item = (&'n str, String)>) -> String {
        let own = |name: &str, raw: &str| format!("{}:{raw}", scan::quoted(name));
        let mut all: Vec<String> = first.into_iter().map(|(name, raw)| own(name, &raw)).collect();
        all.extend(self.0.iter().filter_map(|(name, raw)| Some(own(name, raw.as_str()?))));
        format!("{{{}}}", all.join(","))
    }
}

/// Members of a candidate that come in pieces.
const IN_PIECES: [&str; 4] = ["content", "groundingMetadata", "citationMetadata", "logprobsResult"];

/// One of `n` answers.
#[derive(Default)]
struct Candidate {
    parts: Vec<Part>,
    /// Of its content, but for the parts.
    content: Members,
    members: Members,
    /// Sources, and log probabilities.
    pieces: Map<String, Value>,
}

impl Candidate {
    fn take(&mut self, candidate: &str) -> Result<(), Fault> {
        for name in IN_PIECES {
            let Some(at) = scan::member(candidate, name).filter(|at| &candidate[at.clone()] != "null") else {
                continue;
            };
            let raw = &candidate[at];
            if name == "content" {
                self.say(raw)?;
                continue;
            }
            match (self.pieces.get_mut(name), read(raw)?) {
                (Some(Value::Object(known)), Value::Object(more)) => {
                    more.into_iter().for_each(|(member, value)| join(known, member, value, name == "logprobsResult"));
                }
                (_, value) => drop(self.pieces.insert(name.into(), value)),
            }
        }
        self.members.take(candidate, |name| IN_PIECES.contains(&name), |_| ())
    }

    fn say(&mut self, content: &str) -> Result<(), Fault> {
        let mut parts = None;
        self.content.take(content, |name| name == "parts", |raw| parts = Some(raw))?;
        let parts: Vec<&RawValue> = parts.map_or(Ok(Vec::new()), read)?;
        parts.into_iter().for_each(|part| self.part(part.get()));
        Ok(())
    }

    /// Text goes on where text stood last, and thought where thought did; sound is one, whatever stands between its pieces.
    fn part(&mut self, raw: &str) {
        match serde_json::from_str(raw).unwrap_or_else(|_| Part::Raw(raw.to_owned())) {
            Part::Text(more) if more.text.is_empty() => {}
            Part::Text(more) => match self.parts.last_mut() {
                Some(Part::Text(known)) if known.thought == more.thought => known.text.push_str(&more.text),
                _ => self.parts.push(Part::Text(more)),
            },
            Part::Blob(more) if more.inline_data.mime_type.starts_with("audio/") => {
                let same = self.parts.iter_mut().rev().find_map(|part| match part {
                    Part::Blob(Blob { inline_data }) if inline_data.mime_type == more.inline_data.mime_type => {
                        Some(inline_data)
                    }
                    _ => None,
                });
                match same {
                    Some(known) => media::join(&mut known.data, &more.inline_data.data),
                    None => self.parts.push(Part::Blob(more)),
                }
            }
            _ => self.parts.push(Part::Raw(raw.to_owned())),
        }
    }

    fn written(self) -> String {
        let parts: Vec<String> = self.parts.into_iter().map(Part::written).collect();
        let content = self.content.written([("parts", format!("[{}]", parts.join(",")))]);
        let mut members = self.members;
        members.0.extend(self.pieces.into_iter().map(|(name, value)| (name, value.to_string().into())));
        members.written([("content", content)])
    }
}

/// A part: what can go on, or all other.
#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text(Text),
    Blob(Blob),
    #[serde(skip)]
    Raw(String),
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Text {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thought: Option<bool>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Blob {
    inline_data: Data,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Data {
    mime_type: String,
    data: String,
}

impl Part {
    fn written(self) -> String {
        match self {
            Part::Text(text) => serde_json::to_string(&text).unwrap_or_default(),
            Part::Blob(blob) => serde_json::to_string(&blob).unwrap_or_default(),
            Part::Raw(raw) => raw,
        }
    }
}

/// A list goes on with a later one. Sources are often told anew, with what there is more of them: one that begins with all that is
/// known stands for it; each log probability is another (`each`).
fn join(known: &mut Map<String, Value>, name: String, value: Value, each: bool) {
    match (known.get_mut(&name), value) {
        (Some(Value::Array(known)), Value::Array(more)) if each || !more.starts_with(known) => known.extend(more),
        (_, Value::Null) => {}
        (_, value) => drop(known.insert(name, value)),
    }
}

fn text(data: &[u8]) -> Result<&str, Fault> {
    std::str::from_utf8(data).map_err(|_| invalid("the response cannot be read: it is not UTF-8"))
}

fn read<'r, T: Deserialize<'r>>(raw: &'r str) -> Result<T, Fault> {
    serde_json::from_str(raw).map_err(unread)
}

fn unread(why: serde_json::Error) -> Fault {
    invalid(format!("the response cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(events: &[&'static str]) -> Result<String, Fault> {
        let events: Vec<Kept> = events.iter().map(|event| Bytes::from_static(event.as_bytes()).into()).collect();
        collect(&events).map(|whole| String::from_utf8(whole.to_vec()).unwrap())
    }

    #[test]
    fn pieces_are_joined_and_all_else_stays_as_it_came() {
        let whole = gathered(&[
            r#"{"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"groundingMetadata":{"webSearchQueries":["q"]},
                "logprobsResult":{"chosenCandidates":[{"token":"a"}]}}],"usageMetadata":{"promptTokenCount":1},"x":1.00}"#,
            r#"{"candidates":[{"content":{"parts":[{"text":"b"},{"functionCall":{"name":"f","args":{"n": 1.00}}}]},"finishReason":"STOP",
                "groundingMetadata":{"webSearchQueries":["q","r"]},"logprobsResult":{"chosenCandidates":[{"token":"a"}]}}],
                "usageMetadata":{"promptTokenCount":2},"x":null}"#,
        ]);
        let want = r#"{"candidates":[{"content":{"parts":[{"text":"ab"},{"functionCall":{"name":"f","args":{"n": 1.00}}}],"role":"model"},"finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q","r"]},"logprobsResult":{"chosenCandidates":[{"token":"a"},{"token":"a"}]}}],"usageMetadata":{"promptTokenCount":2},"x":1.00}"#;
        assert_eq!(whole.as_deref(), Ok(want));
    }

    #[test]
    fn what_is_no_response_is_the_providers_fault() {
        assert!(matches!(gathered(&[r#"{"error":{"code":503,"message":"busy"}}"#]), Err(Fault::Provider { .. })));
        for event in ["{", "[]", r#"{"candidates":7}"#, r#"{"candidates":[7]}"#] {
            assert!(matches!(gathered(&[event]), Err(Fault::InvalidAnswer { .. })), "{event}");
        }
    }
}
