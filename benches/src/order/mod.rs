//! The order of a stream's events: for each protocol a machine that takes them one by one and knows what may come next, after
//! the protocol's own documentation. It tries what the gateway writes, and what the mock and the fixtures say a provider
//! writes. It is stricter than a client must be: a delta that tells nothing is a complaint, and so is a field that the
//! documentation calls required and no client of ours reads.

mod chat;
mod cohere;
mod completions;
mod converse;
mod generate;
mod items;
mod machine;
mod messages;
mod ollama;
mod read;
mod responses;

use serde_json::Value;

pub use machine::End;
use machine::Order;
use read::Judged;

/// What a stream is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoken {
    /// OpenAI's chat completions (its API reference, "The chat completion chunk object").
    Chat,
    /// OpenAI's older completions (its API reference, "Completions").
    Completions,
    /// Anthropic's messages (its documentation, "Streaming messages").
    Messages,
    /// OpenAI's responses (its API reference, "Streaming events").
    Responses,
    /// Google's `streamGenerateContent` (its API reference, "GenerateContentResponse").
    Generate,
    /// Bedrock's `ConverseStream` (its API reference, "ConverseStreamOutput").
    Converse,
    /// Cohere's chat, version 2 (its API reference, "Chat with Streaming").
    Cohere,
    /// Ollama's own chat (its API document, "Generate a chat completion").
    Ollama,
}

/// Takes a stream, event by event: the name, if it has one, and the data.
///
/// # Errors
/// The first event that is out of place, by its number from 0, and why.
pub fn check<'e>(
    spoken: Spoken,
    events: impl IntoIterator<Item = (Option<&'e [u8]>, &'e [u8])>,
) -> Result<End, String> {
    run(&mut *machine(spoken), spoken, events)
}

/// The same for a stream of a model that makes no mistakes: what it calls functions with are JSON objects.
///
/// # Errors
/// As with [`check`], and what a function was called with.
pub fn check_sound<'e>(
    spoken: Spoken,
    events: impl IntoIterator<Item = (Option<&'e [u8]>, &'e [u8])>,
) -> Result<End, String> {
    let mut order = machine(spoken);
    let end = run(&mut *order, spoken, events)?;
    let sound =
        |text: &&str| text.is_empty() || serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object());
    match order.arguments().into_iter().find(|text| !sound(text)) {
        Some(text) if end == End::Whole => Err(format!("a function is called with what is no JSON object: {text}")),
        _ => Ok(end),
    }
}

fn run<'e>(
    order: &mut dyn Order,
    spoken: Spoken,
    events: impl IntoIterator<Item = (Option<&'e [u8]>, &'e [u8])>,
) -> Result<End, String> {
    let mut end = End::Open;
    for (at, (name, data)) in events.into_iter().enumerate() {
        let place = |why: String| format!("event {at}: {why}: {}", String::from_utf8_lossy(data));
        if end != End::Open {
            return Err(place("it comes behind the end".to_owned()));
        }
        end = parsed(spoken, name, data).and_then(|data| order.take(&data)).map_err(place)?;
    }
    Ok(if end == End::Open { order.closed() } else { end })
}

fn machine(spoken: Spoken) -> Box<dyn Order> {
    match spoken {
        Spoken::Chat => Box::<chat::Chat>::default(),
        Spoken::Completions => Box::<completions::Completions>::default(),
        Spoken::Messages => Box::<messages::Messages>::default(),
        Spoken::Responses => Box::<responses::Responses>::default(),
        Spoken::Generate => Box::<generate::Generate>::default(),
        Spoken::Converse => Box::<converse::Converse>::default(),
        Spoken::Cohere => Box::<cohere::Cohere>::default(),
        Spoken::Ollama => Box::<ollama::Ollama>::default(),
    }
}

/// The event as JSON, its name in its place: OpenAI's terminal word is a text, and Bedrock's events do not say what they are.
fn parsed(spoken: Spoken, name: Option<&[u8]>, data: &[u8]) -> Judged<Value> {
    let name = name.map(|name| std::str::from_utf8(name).unwrap_or("?")).filter(|name| *name != "message");
    if data == b"[DONE]" && matches!(spoken, Spoken::Chat | Spoken::Completions | Spoken::Cohere) {
        return Ok(Value::from("[DONE]"));
    }
    let value: Value = serde_json::from_slice(data).map_err(|e| format!("no JSON: {e}"))?;
    if !value.is_object() {
        return Err("no object".to_owned());
    }
    match (spoken, name) {
        (Spoken::Messages | Spoken::Responses | Spoken::Cohere, name) if name == value["type"].as_str() => Ok(value),
        (Spoken::Converse, Some(name)) => Ok(serde_json::json!({ "type": name, "data": value })),
        (Spoken::Chat | Spoken::Completions | Spoken::Generate | Spoken::Ollama, None) => Ok(value),
        (_, name) => Err(format!("it has the name {name:?}")),
    }
}

#[cfg(test)]
mod tests;
