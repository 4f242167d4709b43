//! What a response and its items say, read into events: for whole answers, and for those events of a stream that hold them.

use millrace_actors::wire::searches;
use millrace_actors::wire::tier::ServiceTier;
use millrace_actors::wire::usage::Usage;
use serde_json::{Value, json};

use super::super::event::{Citation, Event, Image, Reason, Start};
use super::super::media;
use super::super::request::Source;
use super::super::signature::sealed_by_openai;

/// The calls of an answer: where each stands in the output.
#[derive(Debug, Default)]
pub struct Calls(Vec<u64>);

impl Calls {
    /// A call begins at this place of the output; its number.
    pub fn begin(&mut self, output: u64) -> u32 {
        self.0.push(output);
        (self.0.len() - 1) as u32
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The number of the call at a place.
    pub fn at(&self, output: u64) -> Option<u32> {
        self.0.iter().rposition(|known| *known == output).map(|at| at as u32)
    }
}

/// The text so far. A text's sources say where they stand in it, and all texts are one to the events.
#[derive(Debug, Default)]
pub struct Spoken {
    /// The item and the part that is told.
    part: (u64, u64),
    /// Characters before it.
    before: u64,
    /// Characters so far.
    all: u64,
}

impl Spoken {
    /// More text of a part.
    pub fn add(&mut self, part: (u64, u64), text: &str) {
        self.begin(part);
        self.all += text.chars().count() as u64;
    }

    /// A part is told, perhaps another than before.
    pub fn begin(&mut self, part: (u64, u64)) {
        if part != self.part {
            (self.part, self.before) = (part, self.all);
        }
    }
}

/// The beginning of an answer.
pub fn start(response: &Value) -> Event {
    let text = |name: &str| response[name].as_str().map(str::to_owned);
    Event::Start(Start {
        id: text("id"),
        model: text("model"),
        created: response["created_at"].as_f64().map(|seconds| seconds as u64).filter(|seconds| *seconds > 0),
        service_tier: text("service_tier"),
        system_fingerprint: None,
    })
}

/// Why an answer is over, its tokens, how often the web was searched, and that it is.
pub fn end(response: &Value, searches: u64, calls: &Calls, out: &mut Vec<Event>) {
    let reason = match response["incomplete_details"]["reason"].as_str() {
        Some("max_output_tokens" | "max_tokens") => Reason::Length,
        Some("content_filter") => Reason::ContentFilter,
        Some(other) => Reason::Other(other.to_owned()),
        None if calls.0.is_empty() => Reason::Stop,
        None => Reason::ToolCalls,
    };
    out.push(Event::Finish { choice: 0, reason, stop_sequence: None });
    out.extend(usage(response, searches).map(Event::Usage));
    out.push(Event::End);
}

/// The tokens, and what is billed by them or besides.
fn usage(response: &Value, searches: u64) -> Option<Usage> {
    let mut usage = Usage::parse(response["usage"].to_string().as_bytes())?;
    usage.served(ServiceTier::told(&response["service_tier"].to_string()), searches);
    Some(usage)
}

/// How often the web was searched, by the items of an answer.
pub fn searches(output: &[Value]) -> u64 {
    match output.iter().any(|item| item["type"] == "web_search_call") {
        true => searches::called(&serde_json::to_vec(output).unwrap_or_default()),
        false => 0,
    }
}

/// Whether an item is a call of nothing: no client could answer it, nor send it back.
pub fn nameless(item: &Value) -> bool {
    matches!(item["type"].as_str(), Some("function_call" | "custom_tool_call"))
        && item["name"].as_str().is_none_or(str::is_empty)
}

/// All that the item at this place says. Of items of the provider's own tools a caller of another protocol can be told pictures only.
pub fn item((output, mut item): (u64, Value), calls: &mut Calls, spoken: &mut Spoken, out: &mut Vec<Event>) {
    match item["type"].as_str() {
        Some("message") => {
            let parts = item.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten();
            for (n, part) in parts.enumerate() {
                spoken.begin((output, n as u64));
                said(part, spoken, out);
            }
        }
        Some("reasoning") => {
            let words: Vec<&str> = [&item["summary"], &item["content"]]
                .into_iter()
                .filter_map(Value::as_array)
                .flatten()
                .filter_map(|part| part["text"].as_str())
                .collect();
            let text = words.join("\n\n");
            let told = !text.is_empty();
            if told {
                out.push(Event::Reasoning { choice: 0, text });
            }
            out.extend(sealed(&item, told));
        }
        Some("function_call" | "custom_tool_call") => {
            let call = calls.begin(u64::MAX);
            out.push(begun(&item, call));
            out.extend(arguments(&item, call));
            out.extend(over(&item, call));
        }
        Some("image_generation_call") => out.extend(picture(&mut item)),
        Some(own) => out.push(Event::Own { kind: own.to_owned() }),
        None => {}
    }
}

/// The picture that a call of the tool for them made, if it made one.
fn picture(item: &mut Value) -> Option<Event> {
    let Some(Value::String(data)) = item.get_mut("result").map(Value::take) else { return None };
    let format = item["output_format"].as_str().map(|format| format!("image/{format}"));
    let media_type = format.unwrap_or_else(|| media::picture(&data).to_owned());
    (!data.is_empty())
        .then_some(Event::Image { choice: 0, image: Image { source: Source::Base64 { media_type, data } } })
}

fn said(part: &mut Value, spoken: &mut Spoken, out: &mut Vec<Event>) {
    let text = |name: &str| part[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    match part["type"].as_str() {
        Some("refusal") => out.extend(text("refusal").map(|text| Event::Refusal { choice: 0, text })),
        _ => {
            let said = text("text");
            if let Some(list @ Value::Array(_)) = part.get_mut("logprobs").map(Value::take) {
                out.extend(logprobs(list));
            }
            if let Some(text) = said {
                spoken.add(spoken.part, &text);
                out.push(Event::Text { choice: 0, text });
            }
            for annotation in part.get_mut("annotations").and_then(Value::as_array_mut).into_iter().flatten() {
                out.extend(citation(annotation.take(), spoken));
            }
        }
    }
}

/// Log probabilities, in the form of chat completions.
pub fn logprobs(list: Value) -> Option<Event> {
    let some = list.as_array().is_some_and(|list| !list.is_empty());
    some.then(|| Event::Logprobs { choice: 0, value: json!({"content": list, "refusal": null}) })
}

/// A source, of the part that is told: one with an address in the form of chats, a file of the provider's as it came.
pub fn citation(mut annotation: Value, spoken: &Spoken) -> Option<Event> {
    let text = |name: &str| annotation[name].as_str().map(str::to_owned);
    let (url, title) = (text("url"), text("title").or_else(|| text("filename")));
    let members = annotation.as_object_mut()?;
    for name in ["start_index", "end_index"] {
        if let Some(within) = members.get(name).and_then(Value::as_u64) {
            members.insert(name.to_owned(), within.saturating_add(spoken.before).into());
        }
    }
    let native = match url {
        Some(_) => {
            members.shift_remove("type");
            json!({"type": "url_citation", "url_citation": annotation})
        }
        None => annotation,
    };
    let citation = Citation { url, title, cited_text: None, behind: None, native };
    Some(Event::Citation { choice: 0, citation })
}

/// What of a thought only the provider can read; `told` says whether there were words of it.
pub fn sealed(item: &Value, told: bool) -> Option<Event> {
    let packed = sealed_by_openai(item["id"].as_str().unwrap_or_default(), item["encrypted_content"].as_str()?);
    Some(match told {
        true => Event::Signature { choice: 0, signature: packed },
        false => Event::Redacted { choice: 0, data: packed },
    })
}

/// The beginning of a call.
pub fn begun(item: &Value, call: u32) -> Event {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let id = Some(text("call_id")).filter(|id| !id.is_empty()).unwrap_or_else(|| text("id"));
    match item["type"] == "custom_tool_call" {
        true => Event::CustomCall { choice: 0, call, id, name: text("name") },
        false => Event::ToolCall { choice: 0, call, id, name: text("name") },
    }
}

/// That a custom tool was given all of it.
pub fn over(item: &Value, call: u32) -> Option<Event> {
    (item["type"] == "custom_tool_call").then_some(Event::InputEnd { choice: 0, call })
}

/// What the tool is given, of a call that is whole; nothing where that is nothing.
pub fn arguments(item: &Value, call: u32) -> Option<Event> {
    let text = |name: &str| item[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    match item["type"] == "custom_tool_call" {
        true => text("input").map(|text| Event::Input { choice: 0, call, text }),
        false => text("arguments").map(|json| Event::Arguments { choice: 0, call, json }),
    }
}
