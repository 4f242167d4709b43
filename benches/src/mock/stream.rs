//! The events of a stream in OpenAI's shapes, as JSON texts: role, content, finish, usage.

use super::{
    answers::{Words, completion_tokens, error, finish_reason},
    behaviour::Behaviour,
    choices::{Done, Finish, UsagePlace},
    content::{argument_pieces, pieces},
    fault::FaultKind,
    job::{Endpoint, Job, NUMBER_MARK},
};

/// The `data` of every event of the stream, in order, event-level faults included; the `[DONE]`s too.
pub fn events(job: &Job<'_>) -> Vec<String> {
    let mut events = proper(job);
    let fault = job.behaviour.fault;
    let at = usize::try_from(fault.arg).unwrap_or(usize::MAX).min(events.len());
    match fault.kind {
        FaultKind::ErrorEvent => {
            events.truncate(at);
            events.push(error(500, Words::of(job.behaviour)));
            return events;
        }
        FaultKind::BadJson if at < events.len() => events[at] = "{\"id\":\"chatcmpl-broken\",\"choices\":[{".to_owned(),
        _ => {}
    }
    finish_stream(job.behaviour.done, &mut events);
    events
}

fn finish_stream(done: Done, events: &mut Vec<String>) {
    let mark = || "[DONE]".to_owned();
    match done {
        Done::Missing => {}
        Done::Once | Done::Junk => events.push(mark()),
        Done::Twice => events.extend([mark(), mark()]),
        Done::Spaced => events.push("  [DONE]  ".to_owned()),
        Done::Then => {
            let again = events.get(1).cloned().unwrap_or_default();
            events.extend([mark(), again]);
        }
    }
}

/// The events a proper stream has, up to but without `[DONE]`.
fn proper(job: &Job<'_>) -> Vec<String> {
    let maker = Maker::new(job);
    let mut events = Vec::new();
    for (done, deltas) in deltas(job) {
        let usage = match job.behaviour.usage {
            UsagePlace::Every => Some(job.usage(done, maker.tokens)),
            _ => None,
        };
        events.extend(deltas.iter().enumerate().map(|(i, delta)| maker.chunk(i, delta, "null", usage.as_deref())));
    }
    let last = match job.behaviour.usage {
        UsagePlace::Every | UsagePlace::Finish => Some(job.usage(maker.tokens, maker.tokens)),
        _ => None,
    };
    let finishes = if job.behaviour.finish == Finish::Twice { 2 } else { 1 };
    let empty = if job.endpoint == Endpoint::Text { "\"text\":\"\"" } else { "\"delta\":{}" };
    for _ in 0..finishes {
        let choices = 0..job.choices() as usize;
        events.extend(choices.map(|i| maker.chunk(i, empty, finish_reason(job.behaviour), last.as_deref())));
    }
    if maker.usage_chunk {
        events.push(maker.envelope("", Some(&job.usage(maker.tokens, maker.tokens))));
    }
    events
}

/// The deltas, one round after the other: completion tokens up to that round, and what each choice says in it.
fn deltas(job: &Job<'_>) -> Vec<(u64, Vec<String>)> {
    let choices = job.choices() as usize;
    let behaviour = job.behaviour;
    let mut rounds = Vec::new();
    let mut tokens = 0;
    let mut round = |delta: String, new: u64| {
        tokens += new * choices as u64;
        rounds.push((tokens, vec![delta; choices]));
    };
    if job.endpoint == Endpoint::Text {
        pieces(behaviour, job.text()).iter().for_each(|piece| round(format!("\"text\":\"{piece}\""), 1));
        return rounds;
    }
    let content = if behaviour.tool_calls > 0 { "null" } else { "\"\"" };
    let refusal = if behaviour.nulls { ",\"refusal\":null" } else { "" };
    round(format!("\"delta\":{{\"role\":\"assistant\",\"content\":{content}{refusal}}}"), 0);
    if behaviour.tool_calls == 0 {
        let pieces = pieces(behaviour, job.text());
        pieces.iter().for_each(|piece| round(format!("\"delta\":{{\"content\":\"{piece}\"}}"), 1));
    }
    for call in 0..behaviour.tool_calls {
        tool_call(behaviour, call, &mut round);
    }
    rounds
}

fn tool_call(behaviour: &Behaviour, i: u32, round: &mut impl FnMut(String, u64)) {
    let first = format!(
        "{{\"index\":{i},\"id\":\"call_{i}_{NUMBER_MARK}\",\"type\":\"function\",\
         \"function\":{{\"name\":\"tool_{i}\",\"arguments\":\"\"}}}}"
    );
    round(format!("\"delta\":{{\"tool_calls\":[{first}]}}"), 0);
    for piece in argument_pieces(behaviour) {
        let call = format!("{{\"index\":{i},\"function\":{{\"arguments\":\"{piece}\"}}}}");
        round(format!("\"delta\":{{\"tool_calls\":[{call}]}}"), 1);
    }
}

/// Makes chunks; holds what is the same in all of them.
struct Maker<'a> {
    job: &'a Job<'a>,
    head: String,
    tokens: u64,
    usage_chunk: bool,
}

impl<'a> Maker<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        let (prefix, object) = match job.endpoint {
            Endpoint::Text => ("cmpl-", "text_completion"),
            _ => ("chatcmpl-", "chat.completion.chunk"),
        };
        let head = format!(
            "{{\"id\":\"{prefix}{NUMBER_MARK}\",\"object\":\"{object}\",\"created\":{},{}\
             \"service_tier\":\"default\",\"system_fingerprint\":\"fp_mock\",{}",
            job.created,
            job.model_field(),
            job.extra_field("chunk"),
        );
        let asked = job.asked.stream_options.include_usage;
        let usage_chunk = match job.behaviour.usage {
            UsagePlace::Asked | UsagePlace::Negative | UsagePlace::Absurd => asked,
            UsagePlace::Final => true,
            UsagePlace::Every | UsagePlace::Absent | UsagePlace::Finish => false,
        };
        Self { job, head, tokens: completion_tokens(job), usage_chunk }
    }

    /// A chunk with one choice.
    fn chunk(&self, index: usize, delta: &str, finish: &str, usage: Option<&str>) -> String {
        let logprobs = self.job.null_field("logprobs");
        let extra = self.job.extra_field("choice");
        self.envelope(&format!("{{\"index\":{index},{delta},{logprobs}{extra}\"finish_reason\":{finish}}}"), usage)
    }

    /// Whatever is around the choices. Where a usage chunk will come, the others say `"usage":null` as OpenAI's do.
    fn envelope(&self, choices: &str, usage: Option<&str>) -> String {
        let usage = match usage {
            Some(usage) => format!(",\"usage\":{usage}"),
            None if self.usage_chunk && self.job.behaviour.nulls => ",\"usage\":null".to_owned(),
            None => String::new(),
        };
        format!("{}\"choices\":[{choices}]{usage}}}", self.head)
    }
}
