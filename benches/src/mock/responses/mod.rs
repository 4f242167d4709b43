//! OpenAI's responses, after its API description (`Response`, `ResponseStreamEvent`).

mod items;
mod response;
mod stream;

use super::{
    content::json_text,
    job::Job,
    openai::OpenAi,
    request::Head,
    sse::COMMENT,
    writer::{Event, Refusal, Words, Writer},
};

/// The protocol.
pub struct Responses;

impl Writer for Responses {
    fn whole(&self, job: &Job<'_>) -> String {
        response::whole(job)
    }

    fn events(&self, job: &Job<'_>) -> Vec<Event> {
        stream::proper(job)
    }

    fn terminal(&self, job: &Job<'_>) -> Option<Event> {
        Some(stream::last(job))
    }

    fn broken(&self) -> &'static str {
        "{\"type\":\"response.output_text.delta\",\"delta\":\""
    }

    fn error(&self, status: u16, words: Words<'_>) -> String {
        OpenAi.error(status, words)
    }

    fn error_event(&self, words: Words<'_>) -> Event {
        let text =
            |word: Option<&str>| word.map_or_else(|| "null".to_owned(), |word| format!("\"{}\"", json_text(word)));
        let data = format!(
            "{{\"type\":\"error\",\"code\":{},\"message\":{},\"param\":{},\"sequence_number\":1}}",
            text(words.code.or(words.kind).or(Some("server_error"))),
            text(words.message.or(Some("The server had an error while processing your request"))),
            text(words.param),
        );
        Event::named("error", data)
    }

    fn keep_alive(&self) -> &'static [u8] {
        COMMENT
    }

    fn usage(&self, job: &Job<'_>) -> String {
        response::usage(job, items::tokens(&items::items(job)))
    }

    fn headers(&self) -> String {
        OpenAi.headers()
    }

    fn openings(&self) -> &'static [&'static str] {
        &["\"delta\":\"", "\"text\":\""]
    }

    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str> {
        OpenAi.credential(head)
    }

    fn check(&self, job: &Job<'_>, head: &Head) -> Result<(), Refusal> {
        OpenAi.check(job, head)
    }
}
