//! The dialects, a row each: the one table of them that tests and fuzz targets try. The fuzz crate takes this file in by its
//! path, so it names nothing but what this crate shows to everyone.

use millrace_actors::fault::Fault;
use millrace_actors::wire::framing::Framing;
use millrace_actors::wire::protocol::Protocol;

use crate::dialects::cohere::COHERE;
use crate::dialects::ollama::OLLAMA;
use crate::dialects::own::Own;
use crate::dialects::{
    BadRequest, Decode, Event, Request, Target, Written, anthropic, bedrock, gemini, openai, responses, text,
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
