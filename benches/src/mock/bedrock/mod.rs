//! Amazon Bedrock's shapes: Converse and ConverseStream, after its API reference (2026-11). A stream is of binary frames,
//! and a request may have to be signed.
//!
//! No answer's number stands in a frame: it is written over prepared bytes, and the frame's checksum would not fit.

mod blocks;
mod embeddings;
mod frames;
mod signature;

use std::fmt::Write as _;

use super::{
    behaviour::Behaviour,
    choices::{Finish, Stop, UsagePlace},
    content::json_text,
    job::{Endpoint, Job, NUMBER_MARK, Tokens},
    request::Head,
    writer::{Event, Refusal, Words, Writer},
};
use blocks::{Block, blocks, tokens};

/// Bedrock's protocol.
pub struct Bedrock;

impl Writer for Bedrock {
    fn whole(&self, job: &Job<'_>) -> String {
        if job.endpoint == Endpoint::Invoke {
            return embeddings::whole(job);
        }
        let blocks = blocks(job.behaviour, job.text());
        let all = tokens(&blocks);
        let content: Vec<_> = blocks.into_iter().map(|block| block.whole).collect();
        format!(
            "{{{}\"output\":{{\"message\":{{\"role\":\"assistant\",\"content\":[{}]}}}},{}{}\"metrics\":{{\"latencyMs\":7}}}}",
            job.extra_field("answer"),
            content.join(","),
            stop(job, "\"stopReason\""),
            usage_field(job, all),
        )
    }

    fn events(&self, job: &Job<'_>) -> Vec<Event> {
        let blocks = blocks(job.behaviour, job.text());
        let mut events = vec![Event::named("messageStart", "{\"role\":\"assistant\",\"p\":\"abcd\"}".to_owned())];
        for (index, block) in blocks.iter().enumerate() {
            events.extend(in_stream(job, index, block));
        }
        if job.behaviour.extra {
            events.push(Event::named("xMockEvent", "{\"x\":1}".to_owned()));
        }
        if job.behaviour.finish != Finish::Missing {
            let stop = stop(job, "\"stopReason\"");
            events.push(Event::named("messageStop", format!("{{{}}}", stop.trim_end_matches(','))));
        }
        events
    }

    fn terminal(&self, job: &Job<'_>) -> Option<Event> {
        let all = tokens(&blocks(job.behaviour, job.text()));
        let data = format!("{{{}\"metrics\":{{\"latencyMs\":7}},\"p\":\"abcdefgh\"}}", usage_field(job, all));
        Some(Event::named("metadata", data))
    }

    fn broken(&self) -> &'static str {
        "{\"contentBlockIndex\":0,\"delta\":{"
    }

    fn error(&self, status: u16, words: Words<'_>) -> String {
        format!("{{\"message\":\"{}\"}}", json_text(words.message.unwrap_or(own_words(status))))
    }

    fn error_event(&self, words: Words<'_>) -> Event {
        const KINDS: [&str; 5] = [
            "internalServerException",
            "modelStreamErrorException",
            "serviceUnavailableException",
            "throttlingException",
            "validationException",
        ];
        let asked = words.kind.or(words.code).unwrap_or("throttlingException");
        let kind = KINDS.iter().find(|kind| **kind == asked).copied().unwrap_or("internalServerException");
        Event::named(kind, self.error(429, words))
    }

    fn keep_alive(&self) -> &'static [u8] {
        frames::ping()
    }

    fn usage(&self, job: &Job<'_>) -> String {
        usage(job, tokens(&blocks(job.behaviour, job.text())))
    }

    fn headers(&self) -> String {
        format!("x-amzn-requestid: 00000000-0000-0000-{NUMBER_MARK}\r\n")
    }

    fn openings(&self) -> &'static [&'static str] {
        &["\"delta\":{\"text\":\"", "{\"text\":\""]
    }

    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str> {
        head.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "))
    }

    fn check(&self, job: &Job<'_>, _: &Head) -> Result<(), Refusal> {
        if job.endpoint == Endpoint::Invoke {
            return embeddings::check(job);
        }
        match job.asked.messages {
            true => Ok(()),
            false => Err(Refusal { status: 400, message: "The messages field is required".to_owned() }),
        }
    }

    fn signed(&self, head: &Head, body: &[u8], behaviour: &Behaviour) -> Result<(), Refusal> {
        let Some(secret) = behaviour.aws_secret.as_deref() else { return Ok(()) };
        signature::check(head, body, secret).map_err(|message| Refusal { status: 403, message })
    }

    fn in_frames(&self) -> bool {
        true
    }

    fn frame(&self, behaviour: &Behaviour, events: &[Event]) -> Option<Vec<Vec<u8>>> {
        Some(frames::frame(behaviour, events))
    }

    fn stream_type(&self) -> &'static str {
        "application/vnd.amazon.eventstream"
    }

    fn streams_by_path(&self, endpoint: Endpoint) -> Option<bool> {
        Some(endpoint == Endpoint::ConverseStream)
    }
}

/// The events of one block. A text's begins without saying so, as the provider's does.
fn in_stream(job: &Job<'_>, index: usize, block: &Block) -> Vec<Event> {
    let mut events = Vec::new();
    let extra = job.extra_field("delta");
    if let Some(start) = &block.start {
        let data = format!("{{\"contentBlockIndex\":{index},{extra}\"start\":{start}}}");
        events.push(Event::named("contentBlockStart", data));
    }
    for (delta, _) in &block.deltas {
        let data = format!("{{\"contentBlockIndex\":{index},{extra}\"delta\":{delta},\"p\":\"abcdefghijk\"}}");
        events.push(Event::named("contentBlockDelta", data));
    }
    events.push(Event::named("contentBlockStop", format!("{{\"contentBlockIndex\":{index}}}")));
    events
}

/// `"stopReason":"...",`, and the sequence that was met.
fn stop(job: &Job<'_>, name: &str) -> String {
    let behaviour = job.behaviour;
    let reason = match behaviour.stop {
        _ if behaviour.finish == Finish::Missing => return String::new(),
        Stop::Auto if behaviour.tool_calls > 0 => "tool_use",
        Stop::Auto | Stop::Pause => "end_turn",
        Stop::Length => "max_tokens",
        Stop::Sequence => "stop_sequence",
        Stop::Refusal => "guardrail_intervened",
        Stop::Filter => "content_filtered",
        Stop::Window => "model_context_window_exceeded",
    };
    let mut out = format!("{name}:\"{reason}\",");
    if behaviour.stop == Stop::Sequence {
        let _ = write!(out, "\"additionalModelResponseFields\":{{\"stop_sequence\":\"###\"}},");
    }
    out
}

/// `"usage":{...},`, or nothing where none is wanted.
fn usage_field(job: &Job<'_>, all: u64) -> String {
    match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        _ => format!("\"usage\":{},", usage(job, all)),
    }
}

/// The usage object. What the cache holds is beside `inputTokens`.
fn usage(job: &Job<'_>, all: u64) -> String {
    let Tokens { prompt, completion, total, cached, written, written_1h, .. } = job.tokens(all, all);
    let mut cache = String::new();
    if cached != 0 || written != 0 {
        let minutes = written.saturating_sub(written_1h);
        let _ = write!(
            cache,
            ",\"cacheReadInputTokens\":{cached},\"cacheWriteInputTokens\":{written},\"cacheDetails\":[\
             {{\"ttl\":\"1h\",\"inputTokens\":{written_1h}}},{{\"ttl\":\"5m\",\"inputTokens\":{minutes}}}]"
        );
    }
    format!("{{\"inputTokens\":{prompt},\"outputTokens\":{completion},\"totalTokens\":{total}{cache}}}")
}

fn own_words(status: u16) -> &'static str {
    match status {
        400 => "The request is not valid",
        401 | 403 => "The security token included in the request is invalid",
        404 => "The resource is not found",
        408 => "Model processing took too long",
        424 => "The model failed",
        429 => "Too many requests, please wait before trying again",
        503 => "The service is not available",
        _ => "The system encountered an unexpected error",
    }
}
