//! Cohere's shapes: chat and embeddings, version 2, after its "API reference" (2026-11).

mod chat;

use super::{
    content::json_text,
    job::{Endpoint, Job, NUMBER_MARK},
    openai::answers::floats,
    request::Head,
    sse::COMMENT,
    writer::{Event, Refusal, Words, Writer},
};

/// Cohere's protocol.
pub struct Cohere;

impl Writer for Cohere {
    fn whole(&self, job: &Job<'_>) -> String {
        match job.endpoint {
            Endpoint::CohereEmbed => embeddings(job),
            _ => chat::whole(job),
        }
    }

    fn events(&self, job: &Job<'_>) -> Vec<Event> {
        chat::events(job)
    }

    fn terminal(&self, job: &Job<'_>) -> Option<Event> {
        Some(chat::end(job))
    }

    fn broken(&self) -> &'static str {
        "{\"type\":\"content-delta\",\"index\":0,\"delta\":{"
    }

    fn error(&self, status: u16, words: Words<'_>) -> String {
        let own = match status {
            401 => "invalid api token",
            404 => "model not found",
            429 => "you are past the per minute request limit, please wait and try again later",
            500.. => "internal server error",
            _ => "invalid request",
        };
        let message = json_text(words.message.unwrap_or(own));
        format!("{{\"id\":\"{NUMBER_MARK}\",\"message\":\"{message}\"}}")
    }

    fn error_event(&self, words: Words<'_>) -> Event {
        Event::named("error", self.error(500, words))
    }

    fn keep_alive(&self) -> &'static [u8] {
        COMMENT
    }

    fn usage(&self, job: &Job<'_>) -> String {
        chat::usage(job)
    }

    fn headers(&self) -> String {
        format!("x-debug-trace-id: {NUMBER_MARK}\r\nx-endpoint-monthly-call-limit: 1000\r\n")
    }

    fn openings(&self) -> &'static [&'static str] {
        &["\"content\":{\"text\":\""]
    }

    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str> {
        head.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "))
    }

    /// What the provider insists on, and what it does not know.
    fn check(&self, job: &Job<'_>, _: &Head) -> Result<(), Refusal> {
        let asked = job.asked;
        let missing = match job.endpoint {
            Endpoint::CohereEmbed if asked.input.0 == 0 => Some("texts"),
            Endpoint::CohereEmbed if asked.input_type.is_none() => Some("input_type"),
            Endpoint::CohereChat if !asked.messages => Some("messages"),
            _ => None,
        };
        match missing {
            Some(field) => Err(Refusal { status: 400, message: format!("invalid request: {field} must be provided") }),
            None if asked.top_p || asked.top_k => {
                Err(Refusal { status: 422, message: "unknown field: parameter is not a valid field".to_owned() })
            }
            None => Ok(()),
        }
    }
}

fn embeddings(job: &Job<'_>) -> String {
    let dimensions = job.asked.dimensions.unwrap_or(job.behaviour.dimensions).clamp(1, 65_536);
    let all: Vec<_> = (0..job.asked.input.0.min(2048)).map(|index| floats(index, dimensions)).collect();
    let texts = vec!["\"text\""; all.len()].join(",");
    let tokens = job.tokens(0, 0).prompt;
    format!(
        "{{\"id\":\"{NUMBER_MARK}\",\"embeddings\":{{\"float\":[{}]}},\"texts\":[{texts}],\
         \"meta\":{{\"api_version\":{{\"version\":\"2\"}},\"billed_units\":{{\"input_tokens\":{tokens}}}}},\
         \"response_type\":\"embeddings_by_type\"}}",
        all.join(",")
    )
}
