//! A request body, scanned once: which top-level fields it has, where their values lie, and that nothing in it may be
//! refused later. `messages`, `tools` and whatever else isn't asked for stay raw bytes.
//!
//! A key that is given twice is refused, also where one of the two is spelt with escapes: readers differ in which of them
//! wins, and so one model could be authorised and another one served.

use bytes::Bytes;
use serde::Deserialize;

pub use super::endpoint::Endpoint;
use super::endpoint::Need;
pub use super::forbidden::ScanRules;
use super::pieces::Pieces;
pub use super::rewrite::Edits;
use super::rewrite::Field;
use super::scan::Key;
use super::skip::{Fault, Spans};
use super::{rewrite, scan, skip};

/// Top-level fields a body may have: ten times what the API knows, so that comparing all with all stays cheap.
const MAX_FIELDS: usize = 512;
/// Fields that are a number or null.
const NUMBERS: &[&str] = &[
    "max_tokens",
    "max_completion_tokens",
    "n",
    "best_of",
    "temperature",
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "seed",
    "top_logprobs",
    "dimensions",
];

/// Why a body is refused: the caller's fault, status 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Rejected {
    /// What is wrong, where, and what to do.
    pub message: String,
    /// The field at fault, for the error's `param`.
    pub param: Option<String>,
    /// Line and column, both from 1, the column in bytes.
    pub at: Option<(usize, usize)>,
}

/// A scanned request body.
#[derive(Debug, Clone)]
pub struct Envelope {
    body: Bytes,
    fields: Vec<Field>,
    model: Option<String>,
    stream: bool,
    include_usage: bool,
}

impl Envelope {
    /// Scans `body`, which is one JSON object in UTF-8.
    ///
    /// # Errors
    /// Anything that isn't, nests deeper than the rules allow, gives a key twice, has a field of the wrong shape or
    /// without the one that `endpoint` needs, or has a field that the rules forbid.
    pub fn scan(body: Bytes, endpoint: Endpoint, rules: &ScanRules) -> Result<Self, Rejected> {
        let text = text(&body)?;
        let fields = fields(text, rules.max_depth)?;
        let fault = |offset: usize, param: &str, what: String| Rejected::at(&body, offset, Some(param), what);
        for (index, field) in fields.iter().enumerate() {
            let (name, start) = (field.name.as_str(), field.value.start);
            if fields[..index].iter().any(|earlier| earlier.name == name) {
                return Err(fault(start, name, format!("The field '{name}' is given twice. Give it once")));
            }
            let path = if rules.forbids(name, true) {
                Some(name.to_owned())
            } else {
                rules.forbidden_within(name, &body[field.value.clone()])
            };
            if let Some(path) = path {
                let what = format!(
                    "The field '{path}' is not allowed in a request: the operator's configuration decides which \
                     upstream serves it and with which key. Leave it out"
                );
                return Err(fault(start, &path, what));
            }
            if let Some(want) = wrong_shape(name, &body[field.value.clone()], endpoint) {
                return Err(fault(start, name, format!("The field '{name}' must be {want}")));
            }
        }
        let mut envelope = Self { body: body.clone(), fields, model: None, stream: false, include_usage: false };
        envelope.read()?;
        envelope.require(endpoint)?;
        Ok(envelope)
    }

    /// A body that is for the provider alone to read: no field of it is known here but what it names as its model, and
    /// whether it asks for a stream.
    pub fn opaque(body: Bytes, model: Option<String>, stream: bool) -> Self {
        Self { body, fields: Vec::new(), model, stream, include_usage: false }
    }

    /// The model asked for.
    pub fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// A streamed answer is asked for.
    pub fn stream(&self) -> bool {
        self.stream
    }

    /// The same body where the path, and not the body, tells whether a stream is asked for.
    #[must_use]
    pub fn streamed(self, stream: bool) -> Self {
        Self { stream, ..self }
    }

    /// A stream was asked for by what was read later.
    pub fn becomes_stream(&mut self) {
        self.stream = true;
    }

    /// The caller asked for usage in the stream.
    pub fn include_usage(&self) -> bool {
        self.include_usage
    }

    /// The raw JSON of a top-level field.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.find(name).map(|field| &self.body[field.value.clone()])
    }

    /// The same, for whoever keeps it: not a copy.
    pub fn raw(&self, name: &str) -> Option<Bytes> {
        self.find(name).map(|field| self.body.slice(field.value.clone()))
    }

    /// All top-level fields in order: decoded name, raw JSON.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.fields.iter().map(|field| (field.name.as_str(), &self.body[field.value.clone()]))
    }

    /// The body as it came.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body with `edits` made, every other byte as it came and none of it copied.
    pub fn rewrite(&self, edits: &Edits<'_>) -> Pieces {
        rewrite::rewrite(&self.body, &self.fields, edits)
    }

    fn find(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Reads the fields whose values matter here; their shapes were checked.
    fn read(&mut self) -> Result<(), Rejected> {
        if let Some(field) = self.find("model") {
            let raw = &self.body[field.value.clone()];
            let model = match raw {
                b"null" => None,
                // mostly plain letters, as this was found to be valid
                [b'"', name @ .., b'"'] if !name.contains(&b'\\') => String::from_utf8(name.to_vec()).ok(),
                // Strict: two names that differ only in a broken character must not become one.
                _ => Some(serde_json::from_slice::<String>(raw).map_err(|_| {
                    let what = "The field 'model' has half of a surrogate pair. Send a whole character".to_owned();
                    Rejected::at(&self.body, field.value.start, Some("model"), what)
                })?),
            };
            self.model = model;
        }
        self.stream = self.field("stream") == Some(b"true");
        if let Some(field) = self.find("stream_options") {
            let raw = &self.body[field.value.clone()];
            let options = serde_json::from_slice::<Option<StreamOptions>>(raw).map_err(|why| {
                let param = "stream_options.include_usage";
                let reason =
                    if why.to_string().starts_with("duplicate") { "given once" } else { "true, false or null" };
                let what = format!("The field '{param}' must be {reason}");
                Rejected::at(&self.body, field.value.start, Some(param), what)
            })?;
            self.include_usage = options.and_then(|options| options.include_usage).unwrap_or(false);
        }
        Ok(())
    }

    fn require(&self, endpoint: Endpoint) -> Result<(), Rejected> {
        match endpoint.facts().needs.iter().find(|need| self.find(need.field).is_none()) {
            None => Ok(()),
            Some(Need { field, want, .. }) => {
                let message = format!("The field '{field}' is missing. It must be {want}");
                Err(Rejected { message, param: Some((*field).to_owned()), at: None })
            }
        }
    }
}

impl Rejected {
    /// A fault at a place of the body; the sentence is finished with that place.
    fn at(body: &[u8], offset: usize, param: Option<&str>, what: String) -> Self {
        let at = scan::position(body, offset);
        let message = format!("{what} (line {}, column {}).", at.0, at.1);
        Self { message, param: param.map(str::to_owned), at: Some(at) }
    }
}

/// The part of `stream_options` that is read here.
#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// The body as text that opens with an object.
fn text(body: &Bytes) -> Result<&str, Rejected> {
    let fault = |offset, what: &str| Err(Rejected::at(body, offset, None, what.to_owned()));
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(why) => return fault(why.valid_up_to(), "The body is not UTF-8. Send JSON in UTF-8"),
    };
    if text.starts_with('\u{feff}') {
        return fault(0, "The body opens with a byte order mark. Send plain UTF-8 without it");
    }
    let start = body.len() - body.trim_ascii_start().len();
    match body.get(start) {
        Some(b'{') => Ok(text),
        Some(_) => fault(start, "The body must be a JSON object. Send {\"model\": ..., ...}"),
        None => fault(start, "The body is empty. Send a JSON object: {\"model\": ..., ...}"),
    }
}

/// The top-level fields of valid JSON.
fn fields(text: &str, max_depth: usize) -> Result<Vec<Field>, Rejected> {
    let mut fields = Vec::with_capacity(16);
    let mut half = None;
    let skipped = skip::object(text.as_bytes(), max_depth, |Spans { key, escaped, value }| {
        if fields.len() > MAX_FIELDS {
            return;
        }
        if !escaped {
            let name = text[key.start + 1..key.end - 1].to_owned();
            return fields.push(Field { name, value });
        }
        match serde_json::from_str(&text[key.clone()]) {
            Ok(Key(name)) => fields.push(Field { name: name.into_owned(), value }),
            Err(_) => half = half.or(Some(key.start)),
        }
    });
    let fault = |offset: usize, param: Option<&str>, what: &str| {
        Err(Rejected::at(text.as_bytes(), offset, param, what.to_owned()))
    };
    match skipped {
        Err(Fault::Syntax(offset)) => return Err(not_json(text, offset)),
        Err(Fault::Deep(offset)) => {
            let what = format!("The body nests deeper than {} levels. Send flatter JSON", max_depth.min(skip::DEEPEST));
            return fault(offset, None, &what);
        }
        Ok(()) => {}
    }
    if let Some(offset) = half {
        return fault(offset, None, "The name of a field has half of a surrogate pair. Send whole characters");
    }
    if fields.len() > MAX_FIELDS {
        let what = format!("The body has more than {MAX_FIELDS} top-level fields. Send fewer");
        return fault(fields[MAX_FIELDS].value.start, None, &what);
    }
    Ok(fields)
}

/// The refusal of what isn't JSON, in serde_json's words; `offset` is where the skipper stopped.
fn not_json(text: &str, offset: usize) -> Rejected {
    let Err(why) = serde_json::from_str::<serde::de::IgnoredAny>(text) else {
        return Rejected::at(text.as_bytes(), offset, None, "The body is not valid JSON".to_owned());
    };
    let at = (why.line(), why.column());
    let reason = why.to_string();
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let message =
        format!("The body is not valid JSON: {reason} (line {}, column {}). Send one JSON object.", at.0, at.1);
    Rejected { message, param: None, at: Some(at) }
}

/// What the field should have been, where its value is of the wrong kind. The kind shows in a JSON value's first byte.
fn wrong_shape(name: &str, value: &[u8], endpoint: Endpoint) -> Option<&'static str> {
    let first = value.first().copied().unwrap_or_default();
    let (fits, want) = match name {
        "model" => (matches!(first, b'"' | b'n'), "a string: the name of a model"),
        "stream" => (matches!(first, b't' | b'f' | b'n'), "true, false or null"),
        "stream_options" => (matches!(first, b'{' | b'n'), "an object or null"),
        "tools" => (matches!(first, b'[' | b'n'), "an array or null"),
        name if NUMBERS.contains(&name) => (matches!(first, b'-' | b'0'..=b'9' | b'n'), "a number or null"),
        name => match endpoint.facts().needs.iter().find(|need| need.field == name) {
            Some(need) => (need.opens.contains(&first), need.want),
            None => return None,
        },
    };
    (!fits).then_some(want)
}

#[cfg(test)]
#[path = "corpus_tests.rs"]
mod corpus_tests;
#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
