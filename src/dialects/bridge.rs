//! From one protocol to another: which reader meets which writer. What the providers call, and the only place that knows all
//! dialects.

use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use bytes::Bytes;
use millrace_actors::fault::Fault;
use millrace_actors::ports::{AnswerFacts, EncodeCall, Frame, Translate};
use millrace_actors::wire::envelope::{Edits, Endpoint};
use millrace_actors::wire::form;
use millrace_actors::wire::notes::Notes;
use millrace_actors::wire::pieces::Pieces;
use millrace_actors::wire::protocol::Protocol;
use millrace_actors::wire::usage::Usage;
use serde_json::{Map, Value};

use super::custom::{self, Stage, Staged};
use super::event::{Event, Start};
use super::halves::Halves;
use super::hidden::Hidden;
use super::members::{Wins, is_googles, is_same, merge};
use super::untold::Untold;
use super::{
    BadRequest, Decode, Encode, Request, Target, Written, anthropic, bedrock, check, defaults, gemini, hidden, openai,
    own_names, responses, sealed, text,
};

/// Parameters that label a request and do not shape its answer: a provider without them is told nothing else, so leaving
/// them out needs no leave. It is noted all the same.
const LABELS: [&str; 9] = [
    "user",
    own_names::USER_ID,
    "metadata",
    "store",
    "stream_options",
    "service_tier",
    "prompt_cache_key",
    "prompt_cache_retention",
    "safety_identifier",
];

/// Where details stand that a client could hardly leave out of what it was given, or that ask for no more than to be told.
const DETAILS: [&str; 4] = ["messages.", "tools.", "input.", "include."];

// === Requests ===

/// The caller's own body with the few fields changed that must be, for a provider that speaks as the caller does.
///
/// # Errors
/// What the deployment's entry sets cannot be written for that provider.
pub fn edited(call: &EncodeCall<'_>, stream_usage: bool) -> Result<(Pieces, Notes), Fault> {
    edited_with(call, stream_usage, &[], Vec::new())
}

/// The same, with fields that the provider's own differences take out and put in. The operator's `extra_body` wins over them.
///
/// # Errors
/// As [`edited`].
pub fn edited_with(
    call: &EncodeCall<'_>,
    stream_usage: bool,
    out: &[&str],
    put: Vec<(String, String)>,
) -> Result<(Pieces, Notes), Fault> {
    let deployment = call.deployment;
    let drop: Vec<&str> = deployment.drop.iter().map(String::as_str).chain(out.iter().copied()).collect();
    let how = defaults::How {
        read: &|body| read_request(call.protocol, body),
        write: &|request, target| write_request(call.protocol, request, target),
    };
    let (mut set, mut notes) = defaults::own(call, &how).map_err(refused)?;
    set.extend(sealed::without(call, &mut notes));
    set.extend(put);
    for extra in &deployment.extra_body {
        let extra = merged(call, &set, extra);
        set.push(extra);
    }
    Ok((call.envelope.rewrite(&Edits { model: call.model, stream_usage, drop: &drop, set: &set }), notes))
}

/// A member of the operator's for the caller's body, under the caller's name of it. Google's stand in objects
/// (`generationConfig`) in which they are put, as LiteLLM does: they win over the caller's member of the same name, not over
/// all beside it.
fn merged(call: &EncodeCall<'_>, set: &[(String, String)], (name, raw): &(String, String)) -> (String, String) {
    let google = call.protocol == Protocol::GenerateContent;
    let set = set.iter().rev().map(|(known, raw)| (known.as_str(), raw.as_bytes()));
    let mut known = set.chain(call.envelope.fields());
    let Some((known, own)) = known.find(|(known, _)| is_same(known, name, google)) else {
        return (name.clone(), raw.clone());
    };
    let parsed = |raw: &[u8]| serde_json::from_slice::<Map<String, Value>>(raw).ok();
    match (parsed(own), parsed(raw.as_bytes())) {
        (Some(mut own), Some(extra)) if google && is_googles(name) => {
            merge(&mut own, extra, google, Wins::More);
            (known.to_owned(), Value::Object(own).to_string())
        }
        _ => (known.to_owned(), raw.clone()),
    }
}

/// The fields of the caller's form with the same few changed, and the header that says what it is. Its files follow.
///
/// # Errors
/// As [`edited`].
pub fn form(call: &EncodeCall<'_>) -> Result<(Vec<(HeaderName, HeaderValue)>, Pieces), Fault> {
    let boundary = call.boundary.unwrap_or_default();
    let body = form::fields(&edited(call, false)?.0.to_bytes(), boundary);
    let kind = HeaderValue::from_str(&form::boundary::content_type(boundary));
    Ok((kind.map(|kind| (CONTENT_TYPE, kind)).into_iter().collect(), body))
}

/// The caller's request in the provider's protocol. Parameters that the deployment's entry sets are the caller's where it
/// gave none; its `extra_body` is the provider's and goes in last.
///
/// # Errors
/// The request cannot be understood or carried, or a parameter would be lost and `drop_params` does not allow it.
pub fn written(call: &EncodeCall<'_>, to: Protocol) -> Result<(Pieces, Notes), Fault> {
    written_by(call, |request, target| write_request(to, request, target))
}

/// The same, by a given writer.
///
/// # Errors
/// As [`written`].
pub fn written_by(
    call: &EncodeCall<'_>,
    write: impl FnOnce(&Request, &Target<'_>) -> Result<Written, BadRequest>,
) -> Result<(Pieces, Notes), Fault> {
    let target =
        Target { model: call.model, max_output_tokens: call.max_output_tokens, stream_usage: call.stream_usage };
    let mut set = Vec::new();
    if call.protocol == Protocol::Messages && call.envelope.field("max_tokens").is_none() {
        // what is only counted needs no limit, without which it could not be read
        let counted = (call.endpoint == Endpoint::CountTokens).then(|| ("max_tokens".to_owned(), "1".to_owned()));
        set.extend(defaults::limit(call).or(counted));
    }
    written_with(call, &set, |body| {
        let mut request = read_request(call.protocol, body)?;
        // not every protocol says so in its body
        request.stream = call.envelope.stream();
        hidden::unsealed(&mut request);
        check::check(&request, call.protocol)?;
        defaults::fill(call, &mut request)?;
        write(&request, &target)
    })
}

/// The same, by whoever reads the caller's body and writes the provider's.
///
/// # Errors
/// As [`written`].
pub fn written_as(
    call: &EncodeCall<'_>,
    write: impl FnOnce(&[u8]) -> Result<Written, BadRequest>,
) -> Result<(Pieces, Notes), Fault> {
    written_with(call, &defaults::raw(call), write)
}

/// The same, with these members in the caller's body.
fn written_with(
    call: &EncodeCall<'_>,
    set: &[(String, String)],
    write: impl FnOnce(&[u8]) -> Result<Written, BadRequest>,
) -> Result<(Pieces, Notes), Fault> {
    let deployment = call.deployment;
    let body = match deployment.drop.is_empty() && set.is_empty() {
        true => call.envelope.body().clone(),
        false => {
            let drop: Vec<&str> = deployment.drop.iter().map(String::as_str).collect();
            let edits = Edits { model: call.model, stream_usage: false, drop: &drop, set };
            call.envelope.rewrite(&edits).to_bytes()
        }
    };
    let mut written = write(&body).map_err(refused)?;
    own_names::of(call.protocol).iter().for_each(|(ours, own)| written.notes.rename(ours, own));
    // a detail of a message that has no place is noted; a client could hardly leave it out of what it was given
    let refusable = |name: &&str| !is_label(name) && !DETAILS.iter().any(|of| name.starts_with(of));
    let lost: Vec<&str> = written.notes.dropped().map(|note| note.param.as_str()).filter(refusable).collect();
    if !lost.is_empty() && !deployment.drop_params {
        return Err(unsupported(call, &lost));
    }
    Ok((with_extra(written.body, &deployment.extra_body), written.notes))
}

/// A resource that the provider does not have.
pub fn not_served(call: &EncodeCall<'_>, provider: &str) -> Fault {
    let resource = call.endpoint.facts().noun;
    Fault::BadRequest {
        message: format!("The model `{}` is served by {provider}, which has no {resource}.", call.model),
        param: Some("model".into()),
    }
}

/// A complaint about a caller's body as the caller is told it.
pub fn refused(bad: BadRequest) -> Fault {
    let message = match bad.pointer.as_str() {
        "" => format!("{}.", bad.what),
        // readers of bodies say what is wrong of the place: "is a number; it must be a string"
        pointer if bad.what.starts_with(char::is_lowercase) => format!("`{pointer}` {}.", bad.what),
        pointer => format!("{} (at {pointer}).", bad.what),
    };
    let dotted = bad.pointer.trim_start_matches('/').replace('/', ".");
    Fault::BadRequest { message, param: Some(dotted).filter(|param| !param.is_empty()) }
}

/// Whether a parameter labels a request and does not shape its answer.
pub fn is_label(name: &str) -> bool {
    LABELS.contains(&name)
}

/// Parameters would be lost that shape the answer: the complaint that names them all.
pub fn unsupported(call: &EncodeCall<'_>, lost: &[&str]) -> Fault {
    let names = lost.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Fault::BadRequest {
        message: format!(
            "{} does not support parameters: {names}, for model={}. Leave them out; or the operator sets `drop_params: true`.",
            call.deployment.provider, call.model
        ),
        param: lost.first().map(|name| (*name).to_owned()),
    }
}

/// The body with the operator's own members in it, which win.
fn with_extra(body: Bytes, extra: &[(String, String)]) -> Pieces {
    if extra.is_empty() {
        return Pieces::from(body);
    }
    let Ok(mut object) = serde_json::from_slice::<Map<_, _>>(&body) else { return Pieces::from(body) };
    for (name, raw) in extra {
        let Ok(value) = serde_json::from_str::<Value>(raw) else { continue };
        // the same holds where the body was written for Google, or for a model on Bedrock
        let google = is_googles(name);
        let within = google || name == bedrock::FIELDS;
        let known = object.iter_mut().find(|(known, _)| is_same(known, name, google)).map(|(_, known)| known);
        match (known, value) {
            (Some(Value::Object(own)), Value::Object(extra)) if within => drop(merge(own, extra, google, Wins::More)),
            (Some(known), value) => *known = value,
            (None, value) => drop(object.insert(name.clone(), value)),
        }
    }
    Pieces::from(Bytes::from(Value::Object(object).to_string()))
}

// === Answers ===

/// A whole answer as the events of a stream in the same protocol, the terminal one included.
///
/// # Errors
/// It cannot be understood.
pub fn split(protocol: Protocol, whole: &[u8]) -> Result<Vec<Frame>, Fault> {
    let events = read_whole(protocol, whole)?;
    let mut encoder = encoder(protocol, own_facts(&events));
    let mut frames = Vec::new();
    events.into_iter().for_each(|event| encoder.event(event, &mut frames));
    Ok(frames)
}

/// The way of one stream.
pub fn translator(from: Protocol, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
    bridged(decoder(from), to, facts)
}

/// The way of one stream from a given reader.
pub(super) fn bridged(decoder: Box<dyn Decode>, to: Protocol, facts: AnswerFacts) -> Box<dyn Translate> {
    let hidden = Hidden::from(to, &facts);
    let (encoder, untold) = (encoder(to, facts), Untold::new(to));
    Box::new(Bridge {
        decoder,
        encoder,
        halves: Halves::default(),
        events: Vec::new(),
        usage: None,
        untold,
        begun: false,
        said: false,
        hidden,
    })
}

/// A whole answer of one protocol in another.
///
/// # Errors
/// It cannot be understood, or nothing of it can be told.
pub fn translate(
    from: Protocol,
    to: Protocol,
    facts: AnswerFacts,
    whole: &[u8],
    notes: &mut Notes,
) -> Result<Bytes, Fault> {
    told(to, read_whole(from, whole)?, &facts, notes)
}

/// A whole answer of given events.
///
/// # Errors
/// Nothing of it can be told.
pub(super) fn told(
    to: Protocol,
    mut events: Vec<Event>,
    facts: &AnswerFacts,
    notes: &mut Notes,
) -> Result<Bytes, Fault> {
    if let Some(mut hidden) = Hidden::from(to, facts) {
        let told = events.into_iter().map(|event| hidden.event(event, notes));
        events = told.flat_map(|(sealed, event)| sealed.into_iter().chain(event)).collect();
    }
    let events = events.into_iter().map(Event::sound).collect::<Result<Vec<Event>, Fault>>()?;
    let mut untold = Untold::new(to);
    events.iter().for_each(|event| untold.look(event));
    untold.end()?;
    notes.extend(untold.notes());
    Ok(write_whole(to, events, facts))
}

struct Bridge {
    decoder: Box<dyn Decode>,
    encoder: Box<dyn Encode>,
    halves: Halves,
    /// Empty between calls; kept for its room.
    events: Vec<Event>,
    usage: Option<Usage>,
    untold: Untold,
    /// An answer begins once: what a caller was told of it holds to its end.
    begun: bool,
    /// Something else was told already, and with it what is to be said of the answer.
    said: bool,
    /// Where thought in words stays.
    hidden: Option<Hidden>,
}

impl Translate for Bridge {
    fn event(&mut self, name: Option<&[u8]>, data: &[u8], out: &mut Vec<Frame>) -> Result<bool, Fault> {
        let data = self.halves.join(data);
        let decoded = self.decoder.event(name, &data, &mut self.events);
        let complete = self.encode(out);
        decoded.and(complete)
    }

    fn close(&mut self, out: &mut Vec<Frame>) -> Result<bool, Fault> {
        let decoded = self.decoder.close(&mut self.events);
        let complete = self.encode(out);
        decoded.and(complete)
    }

    fn usage(&self) -> Option<Usage> {
        self.usage
    }

    fn notes(&self) -> &Notes {
        self.untold.notes()
    }
}

impl Bridge {
    /// Writes what was read; tells whether the answer is complete.
    fn encode(&mut self, out: &mut Vec<Frame>) -> Result<bool, Fault> {
        let mut complete = false;
        for event in self.events.drain(..) {
            let (sealed, event) = match &mut self.hidden {
                Some(hidden) => hidden.event(event, self.untold.notes_mut()),
                None => (None, Some(event)),
            };
            sealed.into_iter().for_each(|sealed| self.encoder.event(sealed, out));
            let Some(event) = event else { continue };
            let event = event.sound()?;
            match &event {
                Event::Start(_) if std::mem::replace(&mut self.begun, true) => {
                    return Err(Fault::InvalidAnswer { cause: "another answer begins within one".into() });
                }
                Event::Start(_) if self.said => continue,
                Event::Start(_) => {}
                Event::Usage(usage) => self.usage = Some(*usage),
                Event::End => {
                    self.untold.end()?;
                    complete = true;
                }
                other => {
                    self.said = true;
                    self.untold.look(other);
                }
            }
            self.encoder.event(event, out);
        }
        Ok(complete)
    }
}

/// What an answer says of itself, for writing it in its own protocol.
fn own_facts(events: &[Event]) -> AnswerFacts {
    let start = events.iter().find_map(|event| match event {
        Event::Start(start) => Some(start.clone()),
        _ => None,
    });
    let Start { id, model, created, .. } = start.unwrap_or_default();
    AnswerFacts {
        model: model.unwrap_or_default(),
        id: id.unwrap_or_default(),
        created: created.unwrap_or_default(),
        show_usage: true,
        asked: Vec::new(),
        vectors: None,
    }
}

// === The table ===
// A provider's own protocol has its own functions (`own.rs`) and is never asked for here; it stands beside OpenAI's so that
// nothing here can fail.

fn read_request(protocol: Protocol, body: &[u8]) -> Result<Request, BadRequest> {
    match protocol {
        Protocol::Chat | Protocol::Own => openai::read_request(body),
        Protocol::Text => text::read_request(body),
        Protocol::Messages => anthropic::read_request(body),
        Protocol::Responses => responses::read_request(body),
        Protocol::GenerateContent => gemini::read_request(body),
    }
}

fn write_request(protocol: Protocol, request: &Request, target: &Target<'_>) -> Result<Written, BadRequest> {
    match protocol {
        Protocol::Chat | Protocol::Own => openai::write_request(request, target),
        Protocol::Text => text::write_request(request, target),
        Protocol::Messages => anthropic::write_request(request, target),
        Protocol::Responses => responses::write_request(request, target),
        Protocol::GenerateContent => gemini::write_request(request, target),
    }
}

fn read_whole(protocol: Protocol, body: &[u8]) -> Result<Vec<Event>, Fault> {
    match protocol {
        Protocol::Chat | Protocol::Own => openai::read_whole(body),
        Protocol::Text => text::read_whole(body),
        Protocol::Messages => anthropic::read_whole(body),
        Protocol::Responses => responses::read_whole(body),
        Protocol::GenerateContent => gemini::read_whole(body),
    }
}

pub(super) fn write_whole(protocol: Protocol, events: Vec<Event>, facts: &AnswerFacts) -> Bytes {
    let events = match stage(protocol, facts) {
        Some(stage) => custom::staged(stage, events),
        None => events,
    };
    match protocol {
        Protocol::Chat | Protocol::Own => openai::write_whole(events, facts),
        Protocol::Text => text::write_whole(events, facts),
        Protocol::Messages => anthropic::write_whole(events, facts),
        Protocol::Responses => responses::write_whole(events, facts),
        Protocol::GenerateContent => gemini::write_whole(events, facts),
    }
}

fn decoder(protocol: Protocol) -> Box<dyn Decode> {
    match protocol {
        Protocol::Chat | Protocol::Own => Box::new(openai::Decoder::default()),
        Protocol::Text => Box::new(text::Decoder::default()),
        Protocol::Messages => Box::new(anthropic::Decoder::default()),
        Protocol::Responses => Box::new(responses::Decoder::default()),
        Protocol::GenerateContent => Box::new(gemini::Decoder::default()),
    }
}

pub(super) fn encoder(protocol: Protocol, facts: AnswerFacts) -> Box<dyn Encode> {
    let stage = stage(protocol, &facts);
    match protocol {
        Protocol::Chat | Protocol::Own => staged(stage, openai::Encoder::new(facts)),
        Protocol::Text => Box::new(text::Encoder::new(facts)),
        Protocol::Messages => staged(stage, anthropic::Encoder::new(facts)),
        Protocol::Responses => staged(stage, responses::Encoder::new(facts)),
        Protocol::GenerateContent => staged(stage, gemini::Encoder::new(facts)),
    }
}

fn staged(stage: Option<Stage>, encoder: impl Encode + 'static) -> Box<dyn Encode> {
    match stage {
        Some(stage) => Box::new(Staged { stage, encoder }),
        None => Box::new(encoder),
    }
}

/// What becomes of calls of custom tools, and of functions that stand for such.
fn stage(protocol: Protocol, facts: &AnswerFacts) -> Option<Stage> {
    match protocol {
        Protocol::Chat | Protocol::Responses | Protocol::Own => Stage::unwrap(facts),
        Protocol::Messages | Protocol::GenerateContent => Some(Stage::wrap()),
        Protocol::Text => None,
    }
}
