//! What an API request asks for: a scan of the few fields the mock looks at, everything else is skipped, not built.

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt};

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked<'a> {
    /// The model, if one was named.
    #[serde(borrow)]
    pub model: Option<Cow<'a, str>>,
    /// Whether a stream is asked for.
    #[serde(default, deserialize_with = "null_is_default")]
    pub stream: bool,
    /// Options of the stream.
    #[serde(default, deserialize_with = "null_is_default")]
    pub stream_options: StreamOptions,
    /// Choices.
    #[serde(default)]
    pub n: Option<u32>,
    /// The caller's name for its user.
    #[serde(borrow, default)]
    pub user: Option<Cow<'a, str>>,
    /// `base64` or `float`, of embeddings.
    #[serde(borrow, default)]
    pub encoding_format: Option<Cow<'a, str>>,
    /// The caller's notes; Anthropic's name for the user is in them.
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    /// Texts at which the answer is to end (Anthropic).
    #[serde(borrow, default, deserialize_with = "null_is_default")]
    pub stop_sequences: Vec<Cow<'a, str>>,
    /// The version of Anthropic's API, where a host wants it in the body.
    #[serde(borrow, default)]
    pub anthropic_version: Option<Cow<'a, str>>,
    /// Whether there are messages.
    #[serde(default, deserialize_with = "is_there")]
    pub messages: bool,
    /// Whether there are contents (Google).
    #[serde(default, deserialize_with = "is_there")]
    pub contents: bool,
    /// What is to be embedded, one each (Google).
    #[serde(default)]
    pub requests: Option<Vec<IgnoredAny>>,
    /// What is to be embedded, one each (Vertex AI's older models).
    #[serde(default)]
    pub instances: Option<Vec<IgnoredAny>>,
    /// Whether there is a content (Google).
    #[serde(default, deserialize_with = "is_there")]
    pub content: bool,
    /// Whether there is an `inputText` (Titan).
    #[serde(rename = "inputText", default, deserialize_with = "is_there")]
    pub input_text: bool,
    /// Whether there is a limit of tokens.
    #[serde(default, deserialize_with = "is_there")]
    pub max_tokens: bool,
    /// Whether there is a temperature.
    #[serde(default, deserialize_with = "is_there")]
    pub temperature: bool,
    /// Whether there is a `top_p`.
    #[serde(default, deserialize_with = "is_there")]
    pub top_p: bool,
    /// Whether there is a `top_k`.
    #[serde(default, deserialize_with = "is_there")]
    pub top_k: bool,
    /// Numbers in an embedding (Google has a name of its own for it, and so has Cohere).
    #[serde(default, alias = "outputDimensionality", alias = "output_dimension")]
    pub dimensions: Option<u32>,
    /// How many inputs there are, of embeddings (Cohere calls them texts).
    #[serde(default, alias = "texts")]
    pub input: Inputs,
    /// What embeddings are for (Cohere).
    #[serde(borrow, default)]
    pub input_type: Option<Cow<'a, str>>,
    /// How many documents there are to put in order.
    #[serde(default)]
    pub documents: Inputs,
    /// `json`, `text`, `srt` ..., of sound; `b64_json` or `url`, of pictures.
    #[serde(borrow, default, deserialize_with = "text_or_nothing")]
    pub response_format: Option<Cow<'a, str>>,
    /// Bytes of the file that came with a form.
    #[serde(skip)]
    pub file: usize,
}

/// `stream_options`.
#[derive(Debug, Default, Deserialize)]
pub struct StreamOptions {
    /// Whether usage is asked for.
    #[serde(default, deserialize_with = "null_is_default")]
    pub include_usage: bool,
}

/// The number of inputs of an embeddings request: 1 for a text or a list of tokens, else the length of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs(pub u32);

impl<'a> Asked<'a> {
    /// Scans a request body.
    ///
    /// # Errors
    /// The body is not a JSON object, or one of the fields has a wrong type or comes twice.
    pub fn scan(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut asked: Self = serde_json::from_slice(body)?;
        if asked.user.is_none() {
            asked.user = asked.metadata.and_then(user_id);
        }
        Ok(asked)
    }
}

impl Asked<'_> {
    /// The same, borrowing nothing.
    fn into_owned(self) -> Asked<'static> {
        let owned = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Asked {
            model: owned(self.model),
            user: owned(self.user),
            encoding_format: owned(self.encoding_format),
            anthropic_version: owned(self.anthropic_version),
            stream: self.stream,
            stream_options: self.stream_options,
            n: self.n,
            dimensions: self.dimensions,
            input: self.input,
            input_type: owned(self.input_type),
            documents: self.documents,
            response_format: owned(self.response_format),
            file: self.file,
            metadata: None,
            stop_sequences: self.stop_sequences.into_iter().map(|text| Cow::Owned(text.into_owned())).collect(),
            messages: self.messages,
            contents: self.contents,
            requests: self.requests,
            instances: self.instances,
            content: self.content,
            input_text: self.input_text,
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            top_k: self.top_k,
        }
    }
}

/// Remembers the last body of a connection and what it asked for. A load generator sends the same body over and over:
/// with this a 100 kB request costs the mock 21 us of CPU instead of 70 (optimised, one connection, 2 cores; the scan
/// alone took 14 to 97 us, the more strings and escapes the longer). A scanner of our own that skips without checking was
/// the alternative; it would accept broken JSON, and so hide a gateway that makes it.
#[derive(Default)]
pub struct Memo {
    body: Vec<u8>,
    in_path: Option<String>,
    streams: bool,
    asked: Asked<'static>,
}

/// Largest body that is remembered, in bytes: there is one per connection.
const MAX_REMEMBERED: usize = 1 << 20;

impl Memo {
    /// As [`Asked::scan`], from memory if the body is the last one again. `in_path` is the model that the path names; it
    /// counts where the body names none. `streams`: the path asks for a stream, whatever the body says.
    ///
    /// # Errors
    /// As for [`Asked::scan`].
    pub fn scan(
        &mut self,
        body: &[u8],
        in_path: Option<String>,
        streams: bool,
    ) -> Result<&Asked<'static>, serde_json::Error> {
        if self.body.is_empty() || self.body != body || self.in_path != in_path || self.streams != streams {
            self.asked = Asked::scan(body)?.into_owned();
            self.asked.model = self.asked.model.take().or_else(|| in_path.clone().map(Cow::Owned));
            self.asked.stream |= streams;
            (self.in_path, self.streams) = (in_path, streams);
            self.body.clear();
            if body.len() <= MAX_REMEMBERED {
                self.body.extend_from_slice(body);
            }
        }
        Ok(&self.asked)
    }

    /// What a form asked for, in the place of what the last body did.
    pub fn keep(&mut self, asked: Asked<'static>) -> &Asked<'static> {
        self.body.clear();
        self.asked = asked;
        &self.asked
    }
}

/// Whether the result of a tool call stands in the body, in the words of any protocol. Only looked for where it matters.
pub fn holds_a_result(body: &[u8]) -> bool {
    const WORDS: [&str; 6] = [
        "\"role\":\"tool\"",
        "\"tool_result\"",
        "\"toolResult\"",
        "\"function_call_output\"",
        "\"functionResponse\"",
        "\"function_response\"",
    ];
    let text = String::from_utf8_lossy(body);
    WORDS.iter().any(|word| text.contains(word))
}

/// `user_id` of Anthropic's metadata; OpenAI's are anything the caller likes.
fn user_id(metadata: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        user_id: Option<Cow<'a, str>>,
    }
    serde_json::from_str::<Metadata<'_>>(metadata.get()).ok()?.user_id
}

/// Whether a field is there and not null.
fn is_there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::<IgnoredAny>::deserialize(from)?.is_some())
}

/// A text; anything else, such as the JSON Schema of a chat's answer, is not looked at.
fn text_or_nothing<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    let raw = Option::<&RawValue>::deserialize(from)?;
    Ok(raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok()).map(Cow::Owned))
}

fn null_is_default<'de, T: Default + Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(InputsVisitor)
    }
}

struct InputsVisitor;

impl<'de> Visitor<'de> for InputsVisitor {
    type Value = Inputs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, a list of tokens or a list of those")
    }

    fn visit_str<E>(self, _: &str) -> Result<Inputs, E> {
        Ok(Inputs(1))
    }

    fn visit_unit<E>(self) -> Result<Inputs, E> {
        Ok(Inputs(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Inputs, A::Error> {
        let (mut texts, mut tokens) = (0, 0);
        while let Some(element) = seq.next_element::<Element>()? {
            match element {
                Element::Token => tokens += 1,
                Element::Text => texts += 1,
            }
        }
        Ok(Inputs(if tokens > 0 { 1 } else { texts }))
    }
}

/// One element of a list of inputs.
enum Element {
    Token,
    Text,
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a token or a list of tokens")
    }

    fn visit_str<E>(self, _: &str) -> Result<Element, E> {
        Ok(Element::Text)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Element, E> {
        Ok(Element::Token)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Element, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Element::Text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Element::Text)
    }
}
