//! The response object, its usage and its end: what whole answers and streams have in common.

use super::parts::{SIGNATURE, parts, tokens};
use crate::mock::{
    choices::{Finish, Stop, UsagePlace},
    job::{Job, NUMBER_MARK, Tokens},
};

/// The whole answer.
pub fn whole(job: &Job<'_>) -> String {
    let parts = parts(job);
    let all = tokens(&parts);
    let said: Vec<_> = parts.iter().map(super::parts::Part::whole).collect();
    let candidates: Vec<_> =
        (0..job.choices()).map(|index| candidate(job, index, Some(&said.join(",")), &finish(job))).collect();
    response(job, &candidates.join(","), Some(&usage(job, all, all)))
}

/// The responses of a proper stream.
pub fn stream(job: &Job<'_>) -> Vec<String> {
    let parts = parts(job);
    let all = tokens(&parts);
    let place = job.behaviour.usage;
    let told = |done: u64| match place {
        UsagePlace::Final | UsagePlace::Finish | UsagePlace::Absent => None,
        _ => Some(usage(job, done, all)),
    };
    let mut events = Vec::new();
    for (n, part) in parts.iter().flat_map(super::parts::Part::streamed).enumerate() {
        for index in 0..job.choices() {
            let candidate = candidate(job, index, Some(&part), "");
            events.push(response(job, &candidate, told(n as u64 + 1).as_deref()));
        }
    }
    // where a call carries the signature, the end has none
    let signed = job.behaviour.thinking > 0 && job.behaviour.tool_calls == 0;
    let last = match signed {
        true => format!("{{\"text\":\"\",\"thoughtSignature\":\"{SIGNATURE}\"}}"),
        false => "{\"text\":\"\"}".to_owned(),
    };
    let finishes = if job.behaviour.finish == Finish::Twice { 2 } else { 1 };
    for _ in 0..finishes {
        for index in 0..job.choices() {
            let candidate = candidate(job, index, Some(&last), &finish(job));
            events.push(response(job, &candidate, Some(&usage(job, all, all))));
        }
    }
    events
}

fn candidate(job: &Job<'_>, index: u32, parts: Option<&str>, finish: &str) -> String {
    let extra = job.extra_field("candidate");
    let parts = parts.unwrap_or_default();
    format!("{{{extra}\"content\":{{\"parts\":[{parts}],\"role\":\"model\"}}{finish},\"index\":{index}}}")
}

fn response(job: &Job<'_>, candidates: &str, usage: Option<&str>) -> String {
    let usage = match (job.behaviour.usage, usage) {
        (UsagePlace::Absent, _) | (_, None) => String::new(),
        (_, Some(usage)) => format!("\"usageMetadata\":{usage},"),
    };
    // `"model":"...",` is `"modelVersion":"...",` here
    let model = job.model_field().replacen("\"model\"", "\"modelVersion\"", 1);
    let extra = job.extra_field("response");
    format!("{{{extra}\"candidates\":[{candidates}],{usage}{model}\"responseId\":\"resp{NUMBER_MARK}\"}}")
}

/// The counts when `done` of `all` completion tokens are there. Thought stands beside what the candidates say.
pub fn usage(job: &Job<'_>, done: u64, all: u64) -> String {
    let Tokens { prompt, completion, total, cached, reasoning, .. } = job.tokens(done, all);
    let absurd = matches!(job.behaviour.usage, UsagePlace::Negative | UsagePlace::Absurd);
    let total = if absurd { total } else { total + reasoning };
    let mut more = String::new();
    for (name, count) in [("cachedContentTokenCount", cached), ("thoughtsTokenCount", reasoning)] {
        if count != 0 {
            more.push_str(&format!(",\"{name}\":{count}"));
        }
    }
    format!(
        "{{\"promptTokenCount\":{prompt},\"candidatesTokenCount\":{completion},\"totalTokenCount\":{total}{more},\
         \"promptTokensDetails\":[{{\"modality\":\"TEXT\",\"tokenCount\":{prompt}}}]}}"
    )
}

/// Why a candidate is over. A call of a function ends with `STOP` like any answer.
fn finish(job: &Job<'_>) -> String {
    let word = match (job.behaviour.finish, job.behaviour.stop) {
        (Finish::Missing, _) => return String::new(),
        (_, Stop::Length | Stop::Window | Stop::Pause) => "MAX_TOKENS",
        (_, Stop::Filter | Stop::Refusal) => "SAFETY",
        _ => "STOP",
    };
    format!(",\"finishReason\":\"{word}\"")
}
