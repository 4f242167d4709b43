//! OpenAI's shapes: chat completions, completions, embeddings, models, errors; reranking, moderations, pictures and sound.

pub mod answers;
mod media;
mod quirks;
mod stream;

use super::{
    body::Body,
    job::{Job, NUMBER_MARK},
    request::Head,
    sse::COMMENT,
    writer::{Event, Refusal, Words, Writer},
};

/// OpenAI's protocol.
pub struct OpenAi;

impl Writer for OpenAi {
    fn whole(&self, job: &Job<'_>) -> String {
        quirks::whole(job.behaviour.quirk, answers::whole(job))
    }

    fn answer(&self, job: &Job<'_>) -> Body {
        media::other_than_json(job).unwrap_or_else(|| Body::json(200, self.whole(job)))
    }

    fn events(&self, job: &Job<'_>) -> Vec<Event> {
        quirks::stream(job.behaviour.quirk, stream::proper(job)).into_iter().map(Event::unnamed).collect()
    }

    fn terminal(&self, _: &Job<'_>) -> Option<Event> {
        Some(Event::unnamed("[DONE]".to_owned()))
    }

    fn broken(&self) -> &'static str {
        "{\"id\":\"chatcmpl-broken\",\"choices\":[{"
    }

    fn error(&self, status: u16, words: Words<'_>) -> String {
        answers::error(status, words)
    }

    fn error_event(&self, words: Words<'_>) -> Event {
        Event::unnamed(answers::error(500, words))
    }

    fn keep_alive(&self) -> &'static [u8] {
        COMMENT
    }

    fn usage(&self, job: &Job<'_>) -> String {
        let tokens = answers::completion_tokens(job);
        answers::usage(job, tokens, tokens)
    }

    fn headers(&self) -> String {
        format!(
            "openai-version: 2020-10-01\r\nopenai-organization: org-mock\r\nopenai-processing-ms: 7\r\n\
             x-request-id: req_{NUMBER_MARK}\r\nx-ratelimit-limit-requests: 10000\r\n\
             x-ratelimit-limit-tokens: 2000000\r\nx-ratelimit-remaining-requests: 9999\r\n\
             x-ratelimit-remaining-tokens: 1999980\r\nx-ratelimit-reset-requests: 6ms\r\n\
             x-ratelimit-reset-tokens: 0s\r\n"
        )
    }

    fn openings(&self) -> &'static [&'static str] {
        &["\"content\":\""]
    }

    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str> {
        let bearer = head.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        bearer.or(head.api_key.as_deref())
    }

    fn check(&self, _job: &Job<'_>, _head: &Head) -> Result<(), Refusal> {
        // Bodies of every kind are sent here to see that they arrive; what OpenAI would say to them is not the question.
        Ok(())
    }
}
