//! The message object, its usage and its end: what whole answers and streams have in common.

use super::blocks::{blocks, tokens};
use crate::mock::{
    choices::{Finish, Stop, UsagePlace},
    content::json_text,
    job::{Job, NUMBER_MARK, Tokens},
};

/// The whole answer.
pub fn whole(job: &Job<'_>) -> String {
    let blocks = blocks(job);
    let all = tokens(&blocks);
    let content: Vec<_> = blocks.into_iter().map(|block| block.whole).collect();
    message(job, &content.join(","), &end(job), &usage_field(job, &usage(job, all, all)))
}

/// A message with its content, its end and its usage given.
pub fn message(job: &Job<'_>, content: &str, end: &str, usage: &str) -> String {
    format!(
        "{{{}\"id\":\"msg_{NUMBER_MARK}\",\"type\":\"message\",\"role\":\"assistant\",{}\"content\":[{content}],{end}{usage}}}",
        job.model_field(),
        job.extra_field("message"),
    )
}

/// `,"usage":{...}`, or nothing where none is wanted.
pub fn usage_field(job: &Job<'_>, usage: &str) -> String {
    match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        _ => format!(",\"usage\":{usage}"),
    }
}

/// The usage object when `done` of `all` completion tokens are there. What the cache holds is beside `input_tokens`.
pub fn usage(job: &Job<'_>, done: u64, all: u64) -> String {
    let Tokens { prompt, completion, cached, written, written_1h, reasoning, .. } = job.tokens(done, all);
    let thought = match reasoning {
        0 => String::new(),
        tokens => format!(",\"output_tokens_details\":{{\"thinking_tokens\":{tokens}}}"),
    };
    format!(
        "{{\"input_tokens\":{prompt},\"cache_creation_input_tokens\":{written},\"cache_read_input_tokens\":{cached},\
         \"cache_creation\":{{\"ephemeral_5m_input_tokens\":{},\"ephemeral_1h_input_tokens\":{written_1h}}},\
         \"output_tokens\":{completion}{thought},\"service_tier\":\"standard\"}}",
        written.saturating_sub(written_1h),
    )
}

/// Usage where nothing is known yet.
pub const NO_USAGE: &str = "{\"input_tokens\":0,\"output_tokens\":0}";

/// The fields that say why the message ended.
pub fn end(job: &Job<'_>) -> String {
    let behaviour = job.behaviour;
    let (mut sequence, mut details) = ("null".to_owned(), "null");
    let reason = match behaviour.stop {
        _ if behaviour.finish == Finish::Missing => return unended(job),
        Stop::Auto if behaviour.tool_calls > 0 => "tool_use",
        Stop::Auto => "end_turn",
        Stop::Length => "max_tokens",
        Stop::Sequence => {
            let first = job.asked.stop_sequences.first().map_or("###", |sequence| sequence);
            sequence = format!("\"{}\"", json_text(first));
            "stop_sequence"
        }
        Stop::Refusal | Stop::Filter => {
            details = "{\"type\":\"refusal\",\"category\":null,\"explanation\":\"The request was declined\"}";
            "refusal"
        }
        Stop::Pause => "pause_turn",
        Stop::Window => "model_context_window_exceeded",
    };
    let details = match (behaviour.nulls, details) {
        (false, "null") => String::new(),
        (_, details) => format!(",\"stop_details\":{details}"),
    };
    format!("\"stop_reason\":\"{reason}\",\"stop_sequence\":{sequence}{details}")
}

/// The same fields while it has not ended.
pub fn unended(job: &Job<'_>) -> String {
    let details = if job.behaviour.nulls { ",\"stop_details\":null" } else { "" };
    format!("\"stop_reason\":null,\"stop_sequence\":null{details}")
}
