//! Ollama's shapes: `/api/chat`, whose streams are JSON lines, and `/api/embed`, after `docs/api.md` of its repository (2026-11).

use super::{
    behaviour::Behaviour,
    choices::{Finish, Stop, UsagePlace},
    content::{argument_pieces, argument_text, json_text, pieces, thought_pieces},
    fault::FaultKind,
    job::{Endpoint, Job, NUMBER_MARK, Tokens},
    openai::answers::{completion_tokens, floats, has_content},
    request::Head,
    writer::{Event, Refusal, Words, Writer},
};

/// Ollama's protocol.
pub struct Ollama;

impl Writer for Ollama {
    fn whole(&self, job: &Job<'_>) -> String {
        if job.endpoint == Endpoint::OllamaEmbed {
            return embeddings(job);
        }
        let behaviour = job.behaviour;
        let thinking = match behaviour.thinking {
            0 => String::new(),
            _ => format!(",\"thinking\":\"{}\"", thought_pieces(behaviour).concat()),
        };
        let text = if has_content(behaviour) { pieces(behaviour, job.text()).concat() } else { String::new() };
        let calls: Vec<_> = (0..behaviour.tool_calls).map(|call| tool_call(behaviour, call)).collect();
        let calls = if calls.is_empty() { String::new() } else { format!(",\"tool_calls\":[{}]", calls.join(",")) };
        line(job, &format!("\"content\":\"{text}\"{thinking}{calls}"), &done(job))
    }

    fn events(&self, job: &Job<'_>) -> Vec<Event> {
        let behaviour = job.behaviour;
        let said = |message: String| Event::unnamed(line(job, &message, "\"done\":false"));
        let thought = thought_pieces(behaviour).into_iter().map(|p| format!("\"content\":\"\",\"thinking\":\"{p}\""));
        let text = if has_content(behaviour) { pieces(behaviour, job.text()) } else { vec![] };
        let text = text.into_iter().map(|piece| format!("\"content\":\"{piece}\""));
        let call = |call| format!("\"content\":\"\",\"tool_calls\":[{}]", tool_call(behaviour, call));
        thought.chain(text).chain((0..behaviour.tool_calls).map(call)).map(said).collect()
    }

    fn terminal(&self, job: &Job<'_>) -> Option<Event> {
        Some(Event::unnamed(line(job, "\"content\":\"\"", &done(job))))
    }

    fn frame(&self, behaviour: &Behaviour, events: &[Event]) -> Option<Vec<Vec<u8>>> {
        let junk = (behaviour.done == super::choices::Done::Junk).then(|| b"\x00\xFF{junk after the end\n".to_vec());
        let mut lines: Vec<_> =
            events.iter().map(|event| format!("{}\n", event.data).into_bytes()).chain(junk).collect();
        if let Some(last) = lines.last_mut().filter(|_| behaviour.fault.kind == FaultKind::Unterminated) {
            last.pop();
        }
        Some(lines)
    }

    fn stream_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn broken(&self) -> &'static str {
        "{\"model\":\"broken\",\"message\":{"
    }

    fn error(&self, status: u16, words: Words<'_>) -> String {
        let own = match status {
            401 => "unauthorized",
            404 => "model not found",
            429 => "too many requests",
            503 => "server busy, please try again. maximum pending requests exceeded",
            500.. => "model runner has unexpectedly stopped",
            _ => "invalid request",
        };
        format!("{{\"error\":\"{}\"}}", json_text(words.message.unwrap_or(own)))
    }

    fn error_event(&self, words: Words<'_>) -> Event {
        Event::unnamed(self.error(500, words))
    }

    fn keep_alive(&self) -> &'static [u8] {
        b"\n"
    }

    fn usage(&self, job: &Job<'_>) -> String {
        format!("{{{}}}", counts(job))
    }

    fn headers(&self) -> String {
        String::new()
    }

    fn openings(&self) -> &'static [&'static str] {
        &["\"content\":\""]
    }

    fn credential<'h>(&self, head: &'h Head) -> Option<&'h str> {
        head.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "))
    }

    fn check(&self, _: &Job<'_>, _: &Head) -> Result<(), Refusal> {
        // it takes nearly everything, and forgets what it does not know
        Ok(())
    }
}

fn line(job: &Job<'_>, message: &str, end: &str) -> String {
    format!(
        "{{{}{}\"created_at\":\"2026-11-04T08:52:19.385406455Z\",\"message\":{{{}\"role\":\"assistant\",{message}}},{end}}}",
        job.model_field(),
        job.extra_field("line"),
        job.extra_field("message"),
    )
}

/// Arguments are an object, and come whole. Of a call without any it is empty.
fn tool_call(behaviour: &Behaviour, call: u32) -> String {
    let arguments = match argument_text(behaviour) {
        "" => "{}".to_owned(),
        _ => {
            // the pieces are the inside of a JSON string: read as one, they are the object's text
            let text = argument_pieces(behaviour).concat();
            serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| argument_text(behaviour).to_owned())
        }
    };
    format!(
        "{{\"id\":\"call_{call}_{NUMBER_MARK}\",\
         \"function\":{{\"index\":{call},\"name\":\"tool_{call}\",\"arguments\":{arguments}}}}}"
    )
}

fn done(job: &Job<'_>) -> String {
    let reason = match (job.behaviour.finish, job.behaviour.stop) {
        (Finish::Missing, _) => String::new(),
        (_, Stop::Length | Stop::Window) => "\"done_reason\":\"length\",".to_owned(),
        _ => "\"done_reason\":\"stop\",".to_owned(),
    };
    let counts = match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        _ => format!(",{}", counts(job)),
    };
    format!("{reason}\"done\":true,\"total_duration\":4883583458,\"load_duration\":1334875{counts}")
}

fn counts(job: &Job<'_>) -> String {
    let all = completion_tokens(job);
    let Tokens { prompt, completion, .. } = job.tokens(all, all);
    format!("\"prompt_eval_count\":{prompt},\"prompt_eval_duration\":342546000,\"eval_count\":{completion}")
}

fn embeddings(job: &Job<'_>) -> String {
    let dimensions = job.asked.dimensions.unwrap_or(job.behaviour.dimensions).clamp(1, 65_536);
    let all: Vec<_> = (0..job.asked.input.0.min(2048)).map(|index| floats(index, dimensions)).collect();
    let (all, tokens) = (all.join(","), job.tokens(0, 0).prompt);
    format!(
        "{{{}\"embeddings\":[{all}],\"total_duration\":14143917,\"prompt_eval_count\":{tokens}}}",
        job.model_field()
    )
}
