//! The dialects, a row each.

use bytes::BytesMut;
use millrace_actors::fault::Fault;
use millrace_actors::wire::framing::{Framing, StreamReader};
use millrace_actors::wire::protocol::Protocol;
use serde_json::Value;

use crate::dialects::cohere::COHERE;
use crate::dialects::ollama::OLLAMA;
use crate::dialects::own::Own;
use crate::dialects::{
    AnswerFacts, BadRequest, Decode, Event, Frame, Request, Target, Written, anthropic, bedrock, bridge, gemini,
    openai, responses, text,
};

/// Reads a caller's request.
type ReadRequest = fn(&[u8]) -> Result<Request, BadRequest>;

/// A dialect as the tests need it.
pub struct Row {
    /// Its folder of fixtures.
    pub name: &'static str,
    /// A model to write requests for.
    pub model: &'static str,
    /// Reads a caller's request; `None` where only providers speak it.
    pub read_request: Option<ReadRequest>,
    pub write_request: fn(&Request, &Target<'_>) -> Result<Written, BadRequest>,
    pub read_whole: fn(&[u8]) -> Result<Vec<Event>, Fault>,
    pub decoder: fn() -> Box<dyn Decode>,
    /// What callers of it speak, if any do.
    pub caller: Option<Protocol>,
    pub framing: Framing,
}

/// All of them.
pub const ROWS: [Row; 8] = [
    Row {
        name: "openai",
        model: "gpt-4.1",
        read_request: Some(openai::read_request),
        write_request: openai::write_request,
        read_whole: openai::read_whole,
        decoder: || Box::new(openai::Decoder::default()),
        caller: Some(Protocol::Chat),
        framing: Framing::Events,
    },
    Row {
        name: "anthropic",
        model: "claude-sonnet-4-5",
        read_request: Some(anthropic::read_request),
        write_request: anthropic::write_request,
        read_whole: anthropic::read_whole,
        decoder: || Box::new(anthropic::Decoder::default()),
        caller: Some(Protocol::Messages),
        framing: Framing::Events,
    },
    Row {
        name: "gemini",
        model: "gemini-2.5-pro",
        read_request: Some(gemini::read_request),
        write_request: gemini::write_request,
        read_whole: gemini::read_whole,
        decoder: || Box::new(gemini::Decoder::default()),
        caller: Some(Protocol::GenerateContent),
        framing: Framing::Events,
    },
    Row {
        name: "responses",
        model: "gpt-5",
        read_request: Some(responses::read_request),
        write_request: responses::write_request,
        read_whole: responses::read_whole,
        decoder: || Box::new(responses::Decoder::default()),
        caller: Some(Protocol::Responses),
        framing: Framing::Events,
    },
    Row {
        name: "text",
        model: "gpt-3.5-turbo-instruct",
        read_request: Some(text::read_request),
        write_request: text::write_request,
        read_whole: text::read_whole,
        decoder: || Box::new(text::Decoder::default()),
        caller: Some(Protocol::Text),
        framing: Framing::Events,
    },
    Row {
        name: "bedrock",
        model: "anthropic.claude-sonnet-4-5-20250929-v1:0",
        read_request: None,
        write_request: bedrock::write_request,
        read_whole: bedrock::read_whole,
        decoder: || Box::new(bedrock::Decoder::default()),
        caller: None,
        framing: Framing::Frames,
    },
    own("cohere", "command-a-03-2025", &COHERE, Framing::Events),
    own("ollama", "llama3.2", &OLLAMA, Framing::Lines),
];

/// A dialect that no caller speaks.
const fn own(name: &'static str, model: &'static str, dialect: &Own, framing: Framing) -> Row {
    Row {
        name,
        model,
        read_request: None,
        write_request: dialect.write_request,
        read_whole: dialect.read_whole,
        decoder: dialect.decoder,
        caller: None,
        framing,
    }
}

/// The dialects that callers speak, with their protocol.
pub fn callers() -> impl Iterator<Item = (&'static Row, Protocol)> {
    static ALL: &[Row] = &ROWS;
    ALL.iter().filter_map(|row| Some((row, row.caller?)))
}

/// What is told of an answer that does not tell it itself.
pub fn facts() -> AnswerFacts {
    AnswerFacts {
        model: "alias".into(),
        id: "own-1".into(),
        created: 1_700_000_000,
        show_usage: true,
        asked: Vec::new(),
        vectors: None,
    }
}

/// A stream's fixture as it comes over the wire: binary frames are written as server-sent events in the file.
pub fn wire(row: &Row, text: &str) -> Vec<u8> {
    if row.framing != Framing::Frames {
        return text.as_bytes().to_vec();
    }
    let (mut reader, mut out) = (StreamReader::new(Framing::Events, 1 << 20), BytesMut::new());
    reader.feed(text.as_bytes(), |event| row.framing.write(Protocol::Own, &mut out, event.name, event.data)).unwrap();
    out.to_vec()
}

/// The events of a stream that comes in these pieces, and the fault that ended it, if one did.
pub fn decode<'a>(row: &Row, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<String>) {
    let (mut decoder, mut events, mut fault) = ((row.decoder)(), vec![], None);
    let mut reader = StreamReader::new(row.framing, 1 << 20);
    for piece in pieces {
        let fed = reader.feed(piece, |event| {
            if fault.is_none() {
                fault = decoder.event(event.name, event.data, &mut events).err().map(|fault| format!("{fault:?}"));
            }
        });
        if let Err(why) = fed {
            fault.get_or_insert(format!("{why:?}"));
            break;
        }
    }
    if fault.is_none() {
        fault = decoder.close(&mut events).err().map(|fault| format!("{fault:?}"));
    }
    events.iter_mut().for_each(settle);
    (events, fault)
}

/// The events of a whole answer.
pub fn read_whole(row: &Row, body: &str) -> Vec<Event> {
    let mut events = (row.read_whole)(body.as_bytes()).unwrap();
    events.iter_mut().for_each(settle);
    events
}

/// Some dialects have no ids of calls, and their readers draw them.
fn settle(event: &mut Event) {
    let drawn = |id: &str| id.len() == 37 && id.starts_with("call_") && id[5..].bytes().all(|b| b.is_ascii_hexdigit());
    match event {
        Event::ToolCall { call, id, .. } if drawn(id) => *id = format!("call_drawn_{call}"),
        _ => {}
    }
}

/// The frames that a caller of `to` gets for these events.
pub fn encode(to: Protocol, events: Vec<Event>) -> Vec<Frame> {
    let (mut encoder, mut frames) = (bridge::encoder(to, facts()), vec![]);
    events.into_iter().for_each(|event| encoder.event(event, &mut frames));
    frames
}

/// Frames as they go out.
pub fn framed(frames: &[Frame]) -> String {
    let line = |frame: &Frame| {
        let name = frame.name.map(|name| format!("event: {name}\n")).unwrap_or_default();
        format!("{name}data: {}\n\n", String::from_utf8_lossy(&frame.data))
    };
    frames.iter().map(line).collect()
}

/// A whole answer for a caller of `to`.
pub fn whole(to: Protocol, events: Vec<Event>) -> Value {
    serde_json::from_slice(&bridge::write_whole(to, events, &facts())).unwrap()
}
