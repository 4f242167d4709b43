//! Google's shapes: generateContent, countTokens, batchEmbedContents, after its API reference (v1beta, 2026-11).

mod parts;
mod response;

use super::{
    content::json_text,
    job::{Endpoint, Job},
    openai::answers::{as_floats, vector},
    request::Head,
    sse::COMMENT,
    writer::{Event, Refusal, Words, Writer},
};

/// Google's protocol.
pub struct Gemini;

impl Writer for Gemini {
    fn whole(&self, job: &Job<'_>) -> String {
        match job.endpoint {
            Endpoint::GenerateCount => format!("{{\"totalTokens\":{}}}", job.tokens(0, 0).prompt),
            Endpoint::GenerateEmbed | Endpoint::GenerateEmbedOne | Endpoint::Predict => embeddings(job),
            _ => response::whole(job),
        }
    }

    fn events(&self, job: &Job<'_>) -> Vec<Event> {
        response::stream(job).into_iter().map(Event::unnamed).collect()
    }

    fn terminal(&self, _: &Job<'_>) -> Option<Event> {
        None
    }

    fn broken(&self) -> &'static str {
        "{\"candidates\":[{\"content\":{"
    }

    fn error(&self, status: u16, words: Words<'_>) -> String {
        let (own_status, own_message) = error_words(status);
        format!(
            "{{\"error\":{{\"code\":{status},\"message\":\"{}\",\"status\":\"{}\"}}}}",
            json_text(words.message.unwrap_or(own_message)),
            json_text(words.kind.or(words.code).unwrap_or(own_status)),
        )
    }

    fn error_event(&self, words: Words<'_>) -> Event {
        Event::unnamed(self.error(503, words))
    }

    fn keep_alive(&self) -> &'static [u8] {
        COMMENT
    }

    fn usage(&self, job: &Job<'_>) -> String {
        let all = parts::tokens(&parts::parts(job));
        response::usage(job, all, all)
    }

    fn headers(&self) -> String {
        "server-timing: gfet4t7; dur=412\r\nvary: Origin\r\nx-gemini-service-tier: standard\r\n".to_owned()
    }

    fn openings(&self) -> &'static [&'static str] {
        &["\"text\":\""]
    }

    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str> {
        let bearer = head.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
        head.api_key.as_deref().or(bearer)
    }

    /// Google refuses names that it does not know.
    fn check(&self, job: &Job<'_>, head: &Head) -> Result<(), Refusal> {
        let asked = job.asked;
        let refuse = |message: String| Err(Refusal { status: 400, message });
        let foreign =
            [("messages", asked.messages), ("max_tokens", asked.max_tokens), ("temperature", asked.temperature)];
        if let Some((name, _)) = foreign.iter().find(|(_, there)| *there) {
            return refuse(format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."));
        }
        if (job.endpoint == Endpoint::GenerateEmbedOne && !asked.content)
            || (job.endpoint == Endpoint::Predict && asked.instances.is_none())
        {
            return refuse("* EmbedContentRequest.content: contents is not specified".to_owned());
        }
        if job.endpoint == Endpoint::Generate && !asked.contents {
            return refuse("* GenerateContentRequest.contents: contents is not specified".to_owned());
        }
        match head.path.contains(":stream") && !head.path.contains("alt=sse") {
            true => refuse("the mock streams with alt=sse only".to_owned()),
            false => Ok(()),
        }
    }
}

/// Vectors: of a batch, of one content, or of Vertex AI's `predict`, which alone tells tokens for each.
fn embeddings(job: &Job<'_>) -> String {
    let dimensions = job.asked.dimensions.unwrap_or(job.behaviour.dimensions).clamp(1, 65_536);
    let values = |n: u32| format!("\"values\":{}", as_floats(&vector(n, dimensions)));
    let list = |count: usize, one: &dyn Fn(u32) -> String| (0..count as u32).map(one).collect::<Vec<_>>().join(",");
    let tokens = job.tokens(0, 0).prompt;
    match job.endpoint {
        Endpoint::GenerateEmbedOne => {
            format!("{{\"embedding\":{{{}}},\"usageMetadata\":{{\"promptTokenCount\":{tokens}}}}}", values(0))
        }
        Endpoint::Predict => {
            let count = job.asked.instances.as_ref().map_or(0, Vec::len);
            let one = |n| {
                let statistics = format!("\"statistics\":{{\"truncated\":false,\"token_count\":{tokens}.0}}");
                format!("{{\"embeddings\":{{{statistics},{}}}}}", values(n))
            };
            format!("{{\"predictions\":[{}],\"metadata\":{{\"billableCharacterCount\":9}}}}", list(count, &one))
        }
        _ => {
            let count = job.asked.requests.as_ref().map_or(0, Vec::len);
            format!("{{\"embeddings\":[{}]}}", list(count, &|n| format!("{{{}}}", values(n))))
        }
    }
}

/// Status word and message of a status (`google.rpc.Code`).
fn error_words(status: u16) -> (&'static str, &'static str) {
    match status {
        401 => ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
        403 => ("PERMISSION_DENIED", "Method doesn't allow unregistered callers."),
        404 => ("NOT_FOUND", "models/x is not found for API version v1beta."),
        429 => ("RESOURCE_EXHAUSTED", "You exceeded your current quota."),
        503 | 529 => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
        504 => ("DEADLINE_EXCEEDED", "The request timed out."),
        500.. => ("INTERNAL", "An internal error has occurred."),
        _ => ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    }
}
