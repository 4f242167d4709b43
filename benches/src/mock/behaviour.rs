//! What the mock does with one request: a flat struct (grammar.rs reads and writes it).

use super::{
    choices::{
        Alphabet, Arguments, CloseOn, Done, Encoding, Eol, Escape, Finish, Framing, How, ModelField, Quirk, Shape,
        Stop, UsagePlace,
    },
    fault::Fault,
};
use std::time::Duration;

/// What the mock does with one request. Field by field the grammar of `key=value,key=value`, where `_` reads `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behaviour {
    /// Content chunks of a stream, and pieces of content in a whole answer; per choice.
    pub chunks: u32,
    /// Bytes of content per chunk, before JSON escaping; a character is never split.
    pub chunk_bytes: usize,
    /// Pause before each event after the first.
    pub gap: Duration,
    /// Pause before the head of a stream (with `head_first`: between head and first event).
    pub ttft: Duration,
    /// Sends the head of a stream at once, before `ttft`.
    pub head_first: bool,
    /// Pause before a whole answer (also before an error answer).
    pub delay: Duration,
    /// The content, instead of generated content; it is cut into pieces of `chunk_bytes`, `chunks` is not looked at.
    pub text: Option<String>,
    /// Takes the content from the request's `user` field, so that answers can be told apart.
    pub echo_user: bool,
    /// What generated content is made of.
    pub alphabet: Alphabet,
    /// How characters outside ASCII are written in JSON.
    pub escape: Escape,
    /// Choices, instead of the number the request asks for with `n`.
    pub n: Option<u32>,
    /// Tool calls per choice, in place of content.
    pub tool_calls: u32,
    /// Content before the tool calls as well.
    pub text_too: bool,
    /// Content in place of the tool calls, once the request holds a result of one: so that a caller's loop ends.
    pub until_told: bool,
    /// What a tool call is given.
    pub arguments: Arguments,
    /// Pictures behind the content (Google's protocol, and OpenAI's as OpenRouter has them).
    pub pictures: u32,
    /// Pieces of sound in place of content (Google's protocol and OpenAI's).
    pub sound: u32,
    /// Pieces of thought before the content.
    pub thinking: u32,
    /// Blocks of thought that only the provider can read, before the content (Anthropic).
    pub redacted: u32,
    /// Why the answer ends.
    pub stop: Stop,
    /// Prompt tokens in usage; absent: the length of the request body divided by 4.
    pub prompt_tokens: Option<u64>,
    /// Completion tokens in usage; absent: one per content chunk.
    pub completion_tokens: Option<u64>,
    /// Tokens read from a cache in usage.
    pub cached_tokens: u64,
    /// Tokens written to a cache in usage (Anthropic).
    pub cache_write_tokens: u64,
    /// How many of those are kept for an hour.
    pub cache_write_1h_tokens: u64,
    /// Reasoning tokens in usage.
    pub reasoning_tokens: u64,
    /// Where usage stands.
    pub usage: UsagePlace,
    /// What a server of OpenAI's protocol does otherwise.
    pub quirk: Quirk,
    /// What the `model` field says.
    pub model: ModelField,
    /// Adds fields that the provider does not have, at every level; to an Anthropic stream also an event and a block.
    pub extra: bool,
    /// Writes the fields that the provider sends as null (`logprobs`, `refusal`, `usage`; `stop_details`).
    pub nulls: bool,
    /// How often `finish_reason` comes.
    pub finish: Finish,
    /// How the stream says that it is over.
    pub done: Done,
    /// Whole answer or stream, against what was asked.
    pub shape: Shape,
    /// The fault.
    pub fault: Fault,
    /// How the connection ends when the fault ends it.
    pub how: How,
    /// How the end of the body is told.
    pub framing: Framing,
    /// The content-encoding.
    pub encoding: Encoding,
    /// Line ends of a stream.
    pub eol: Eol,
    /// Starts a stream with a byte order mark.
    pub bom: bool,
    /// Puts a comment before every event.
    pub comments: bool,
    /// Puts a ping before every event but the first (Anthropic).
    pub pings: bool,
    /// Leaves out the `event:` lines of protocols that have them.
    pub nameless: bool,
    /// Writes `data:` without the blank.
    pub no_space: bool,
    /// Breaks the JSON of every event over several `data:` lines.
    pub multiline: bool,
    /// Adds `event:`, `id:` and `retry:` to every event.
    pub fields: bool,
    /// Adds fields that no SSE reader knows, and a `data` without colon in an event of its own.
    pub unknown_fields: bool,
    /// Writes the answer in pieces of this many bytes, each a write of its own; 0: in one.
    pub slice: usize,
    /// Interim answers before the answer, as `100+103`.
    pub interim: Vec<u16>,
    /// The key that requests must carry; absent: any or none will do.
    pub key: Option<String>,
    /// The secret that requests must be signed with; absent: no signature is looked at (Bedrock).
    pub aws_secret: Option<String>,
    /// Bytes per second of the answer's head; 0: at once.
    pub head_rate: u32,
    /// Bytes per second at which the request body is read; 0: at once. From flags, script or header only.
    pub read_rate: u32,
    /// This many headers more in the answer.
    pub headers: u32,
    /// A header of this many bytes in the answer.
    pub header_bytes: usize,
    /// One more header for the answer, as `name:value`.
    pub header: Option<String>,
    /// The content-type, instead of the right one.
    pub content_type: Option<String>,
    /// Where a redirect points.
    pub location: String,
    /// The `code` of an error answer, as `context_length_exceeded`, `content_filter`, `insufficient_quota`; with
    /// Anthropic its `type`, as `overloaded_error`.
    pub code: Option<String>,
    /// The `message` of an error answer.
    pub message: Option<String>,
    /// The `type` of an error answer.
    pub error_type: Option<String>,
    /// The `param` of an error answer.
    pub error_param: Option<String>,
    /// The `retry-after` header, literally; `date:N` is the HTTP date N seconds from now.
    pub retry_after: Option<String>,
    /// The `retry-after-ms` header, literally.
    pub retry_after_ms: Option<String>,
    /// Closes the connection after this many requests on it; 0: never.
    pub close_after: u32,
    /// When it is closed.
    pub close_on: CloseOn,
    /// Numbers in an embedding when the request does not say.
    pub dimensions: u32,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            chunks: 20,
            chunk_bytes: 8,
            gap: Duration::ZERO,
            ttft: Duration::ZERO,
            head_first: false,
            delay: Duration::ZERO,
            text: None,
            echo_user: false,
            alphabet: Alphabet::default(),
            escape: Escape::default(),
            n: None,
            tool_calls: 0,
            text_too: false,
            until_told: false,
            arguments: Arguments::default(),
            pictures: 0,
            sound: 0,
            thinking: 0,
            redacted: 0,
            stop: Stop::default(),
            prompt_tokens: None,
            completion_tokens: None,
            cached_tokens: 0,
            cache_write_tokens: 0,
            cache_write_1h_tokens: 0,
            reasoning_tokens: 0,
            usage: UsagePlace::default(),
            quirk: Quirk::default(),
            model: ModelField::default(),
            extra: false,
            nulls: true,
            finish: Finish::default(),
            done: Done::default(),
            shape: Shape::default(),
            fault: Fault::default(),
            how: How::default(),
            framing: Framing::default(),
            encoding: Encoding::default(),
            eol: Eol::default(),
            bom: false,
            comments: false,
            pings: false,
            nameless: false,
            no_space: false,
            multiline: false,
            fields: false,
            unknown_fields: false,
            slice: 0,
            interim: Vec::new(),
            key: None,
            aws_secret: None,
            head_rate: 0,
            read_rate: 0,
            headers: 0,
            header_bytes: 0,
            header: None,
            content_type: None,
            location: "http://127.0.0.1:1/elsewhere".to_owned(),
            code: None,
            message: None,
            error_type: None,
            error_param: None,
            retry_after: None,
            retry_after_ms: None,
            close_after: 0,
            close_on: CloseOn::default(),
            dimensions: 1536,
        }
    }
}

impl Behaviour {
    /// The default with one fault.
    pub fn fault(fault: impl Into<Fault>) -> Self {
        Self { fault: fault.into(), ..Self::default() }
    }

    /// The default with an error answer of this status.
    pub fn status(code: u16) -> Self {
        Self::fault(Fault::status(code))
    }
}
