//! Anthropic's shapes: messages and token counts, after "Messages" and "Streaming messages" of its API reference (2026-11).

pub mod blocks;
mod checks;
mod errors;
mod message;
mod stream;

use super::{
    job::{Endpoint, Job, NUMBER_MARK},
    request::Head,
    writer::{Event, Refusal, Words, Writer},
};

/// Anthropic's protocol.
pub struct Anthropic;

impl Writer for Anthropic {
    fn whole(&self, job: &Job<'_>) -> String {
        match job.endpoint {
            Endpoint::CountTokens => format!("{{\"input_tokens\":{}}}", job.tokens(0, 0).prompt),
            _ => message::whole(job),
        }
    }

    fn events(&self, job: &Job<'_>) -> Vec<Event> {
        stream::proper(job)
    }

    fn terminal(&self, _: &Job<'_>) -> Option<Event> {
        Some(Event::named("message_stop", "{\"type\":\"message_stop\"}".to_owned()))
    }

    fn broken(&self) -> &'static str {
        "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
    }

    fn error(&self, status: u16, words: Words<'_>) -> String {
        errors::error(status, words.kind.or(words.code), words.message)
    }

    fn error_event(&self, words: Words<'_>) -> Event {
        // What a stream ends with under load; without a stream it would be a 529 ("Streaming messages", error events).
        Event::named("error", self.error(529, words))
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"event: ping\ndata: {\"type\": \"ping\"}\n\n"
    }

    fn usage(&self, job: &Job<'_>) -> String {
        let all = blocks::tokens(&blocks::blocks(job));
        message::usage(job, all, all)
    }

    fn headers(&self) -> String {
        let limits = ["requests", "tokens", "input-tokens", "output-tokens"].map(|what| {
            format!(
                "anthropic-ratelimit-{what}-limit: 400000\r\nanthropic-ratelimit-{what}-remaining: 399000\r\n\
                 anthropic-ratelimit-{what}-reset: 2026-01-01T00:00:00Z\r\n"
            )
        });
        format!("request-id: req_{NUMBER_MARK}\r\nanthropic-organization-id: org-mock\r\n{}", limits.concat())
    }

    fn openings(&self) -> &'static [&'static str] {
        &["\"text_delta\",\"text\":\"", "\"type\":\"text\",\"text\":\""]
    }

    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str> {
        checks::credential(head)
    }

    fn check(&self, job: &Job<'_>, head: &Head) -> Result<(), Refusal> {
        checks::check(job, head)
    }
}
