//! Pictures and sound of an answer, in and out. OpenAI's own form is for sound only (its description,
//! `ChatCompletionResponseMessage.audio`); pictures stand in `images`, as OpenRouter and LiteLLM have them.

use serde_json::Value;

use super::super::event::{Audio, Event, Image};
use super::super::media;
use super::super::request::Source;
use super::object::object;
use super::shape::{Raw, value};

/// The sound of a message or delta.
pub fn sound(choice: u32, raw: Raw<'_>) -> Option<Event> {
    let Value::Object(mut members) = value(raw)? else { return None };
    let mut text = |name: &str| match members.get_mut(name).map(Value::take) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let (id, data, transcript) = (text("id"), text("data"), text("transcript"));
    let expires_at = members.get("expires_at").and_then(Value::as_u64);
    let audio = Audio { id: Some(id).filter(|id| !id.is_empty()), media_type: None, data, transcript, expires_at };
    (audio != Audio::default()).then_some(Event::Audio { choice, audio })
}

/// The pictures of a message or delta: addresses, or the bytes in data URLs.
pub fn pictures(choice: u32, raw: Raw<'_>) -> impl Iterator<Item = Event> {
    let list = match value(raw) {
        Some(Value::Array(list)) => list,
        _ => vec![],
    };
    list.into_iter().filter_map(move |picture| {
        let url = picture["image_url"]["url"].as_str().or_else(|| picture["image_url"].as_str())?;
        let source = match media::of_data_url(url) {
            Some((_, "")) => return None,
            Some((kind, data)) => Source::Base64 { media_type: kind.to_owned(), data: data.to_owned() },
            None if url.is_empty() || url.starts_with("data:") => return None,
            None => Source::Url(url.to_owned()),
        };
        Some(Event::Image { choice, image: Image { source } })
    })
}

/// A picture as an element of `images`.
pub fn image(image: Image, index: u32) -> Value {
    let url = match image.source {
        Source::Base64 { media_type, data } => format!("data:{media_type};base64,{data}"),
        Source::Url(url) | Source::File(url) | Source::Text(url) => url,
    };
    object([("type", "image_url".into()), ("image_url", object([("url", url.into())])), ("index", index.into())])
}

/// A piece of sound as a delta's `audio`: what it tells, and no more.
pub fn piece(audio: Audio) -> Value {
    let mut piece = object([]);
    let texts = [("id", audio.id.unwrap_or_default()), ("data", audio.data), ("transcript", audio.transcript)];
    for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        piece[name] = text.into();
    }
    if let Some(at) = audio.expires_at {
        piece["expires_at"] = at.into();
    }
    piece
}

/// The sound of a whole answer, folded.
#[derive(Default)]
pub struct Sound(Option<Audio>);

impl Sound {
    /// More of it.
    pub fn add(&mut self, more: Audio) {
        let known = self.0.get_or_insert_default();
        known.id = known.id.take().or(more.id);
        known.expires_at = more.expires_at.or(known.expires_at);
        known.transcript.push_str(&more.transcript);
        media::join(&mut known.data, &more.data);
    }

    /// There is none.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// As `audio` of a message.
    pub fn write(self, id: &str, now: u64) -> Option<Value> {
        let Audio { id, data, transcript, expires_at, .. } = first(self.0?, id, now);
        Some(object([
            ("id", id.unwrap_or_default().into()),
            ("data", data.into()),
            ("expires_at", expires_at.unwrap_or(now).into()),
            ("transcript", transcript.into()),
        ]))
    }
}

/// The first piece of sound, or all of it, with an id and a time, which are demanded. Where the provider keeps no sound, the
/// answer's id stands for it, and it is no longer kept from `now` on.
pub fn first(mut audio: Audio, answer: &str, now: u64) -> Audio {
    if audio.id.is_none() {
        audio.id = Some(format!("audio_{answer}"));
        audio.expires_at.get_or_insert(now);
    }
    audio
}
