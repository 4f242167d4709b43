//! The events of a stream in OpenAI's shapes, as JSON texts: role, thought, content, finish, usage.

use super::answers::{completion_tokens, finish_reason, has_content, picture, usage};
use crate::mock::{
    behaviour::Behaviour,
    choices::{Finish, Stop, UsagePlace},
    content::{argument_pieces, pieces, thought_pieces},
    job::{Endpoint, Job, NUMBER_MARK},
    pictured::{pictures, sound_pieces},
};

/// The events a proper stream has, up to but without `[DONE]`.
pub fn proper(job: &Job<'_>) -> Vec<String> {
    let maker = Maker::new(job);
    let mut events = Vec::new();
    for (done, deltas) in deltas(job) {
        let usage = match job.behaviour.usage {
            UsagePlace::Every => Some(usage(job, done, maker.tokens)),
            _ => None,
        };
        events.extend(deltas.iter().enumerate().map(|(i, delta)| maker.chunk(i, delta, "null", usage.as_deref())));
    }
    let last = match job.behaviour.usage {
        UsagePlace::Every | UsagePlace::Finish => Some(usage(job, maker.tokens, maker.tokens)),
        _ => None,
    };
    let finishes = if job.behaviour.finish == Finish::Twice { 2 } else { 1 };
    let empty = if job.endpoint == Endpoint::Text { "\"text\":\"\"" } else { "\"delta\":{}" };
    for _ in 0..finishes {
        let choices = 0..job.choices() as usize;
        events.extend(choices.map(|i| maker.chunk(i, empty, finish_reason(job.behaviour), last.as_deref())));
    }
    if maker.usage_chunk {
        events.push(maker.envelope("", Some(&usage(job, maker.tokens, maker.tokens))));
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
    let content = if has_content(behaviour) { "\"\"" } else { "null" };
    let refusal = if behaviour.nulls { ",\"refusal\":null" } else { "" };
    round(format!("\"delta\":{{\"role\":\"assistant\",\"content\":{content}{refusal}}}"), 0);
    let mut say = |field: &str, pieces: &[String]| {
        pieces.iter().for_each(|piece| round(format!("\"delta\":{{\"{field}\":\"{piece}\"}}"), 1));
    };
    say("reasoning_content", &thought_pieces(behaviour));
    if has_content(behaviour) {
        let field = if behaviour.stop == Stop::Refusal { "refusal" } else { "content" };
        say(field, &pieces(behaviour, job.text()));
    }
    media(job, &mut round);
    for call in 0..behaviour.tool_calls {
        tool_call(behaviour, call, &mut round);
    }
    rounds
}

/// Pictures whole; of sound what is said in it, then the sound, then until when it is kept.
fn media(job: &Job<'_>, round: &mut impl FnMut(String, u64)) {
    let behaviour = job.behaviour;
    for (n, data) in pictures(behaviour).iter().enumerate() {
        round(format!("\"delta\":{{\"images\":[{}]}}", picture(n, data)), 0);
    }
    if behaviour.sound == 0 {
        return;
    }
    let mut piece = |member: String| round(format!("\"delta\":{{\"audio\":{{{member}}}}}"), 0);
    piece(format!("\"id\":\"audio_{NUMBER_MARK}\",\"transcript\":\"\""));
    pieces(behaviour, job.text()).iter().for_each(|said| piece(format!("\"transcript\":\"{said}\"")));
    sound_pieces(behaviour).iter().for_each(|data| piece(format!("\"data\":\"{data}\"")));
    piece(format!("\"expires_at\":{}", job.created + 3600));
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
