//! The response object, its usage and its end: what whole answers and the events around a stream have in common.

use super::items::{Item, items, tokens};
use crate::mock::{
    choices::{Stop, UsagePlace},
    job::{Job, NUMBER_MARK, Tokens},
};

/// The whole answer.
pub fn whole(job: &Job<'_>) -> String {
    let items = items(job);
    let all = tokens(&items);
    let output: Vec<_> = items.iter().map(Item::ended).collect();
    let usage = match job.behaviour.usage {
        UsagePlace::Absent => String::new(),
        _ => format!(",\"usage\":{}", usage(job, all)),
    };
    response(job, end(job).0, &output.join(","), &usage)
}

/// The response while it goes on.
pub fn begun(job: &Job<'_>) -> String {
    response(job, "in_progress", "", ",\"usage\":null")
}

/// The status in the end, and the name of the event that tells it.
pub fn end(job: &Job<'_>) -> (&'static str, &'static str) {
    match incomplete(job) {
        None => ("completed", "response.completed"),
        Some(_) => ("incomplete", "response.incomplete"),
    }
}

fn incomplete(job: &Job<'_>) -> Option<&'static str> {
    match job.behaviour.stop {
        Stop::Length | Stop::Window | Stop::Pause => Some("max_output_tokens"),
        Stop::Filter => Some("content_filter"),
        _ => None,
    }
}

fn response(job: &Job<'_>, status: &str, output: &str, usage: &str) -> String {
    let details = match incomplete(job).filter(|_| status == "incomplete") {
        Some(reason) => format!("{{\"reason\":\"{reason}\"}}"),
        None => "null".to_owned(),
    };
    format!(
        "{{\"id\":\"resp_{NUMBER_MARK}\",\"object\":\"response\",\"created_at\":{},{}\"status\":\"{status}\",\
         \"background\":false,\"error\":null,\"incomplete_details\":{details},\"instructions\":null,\
         \"max_output_tokens\":null,{}\"output\":[{output}],\"parallel_tool_calls\":true,\"previous_response_id\":null,\
         \"reasoning\":{{\"effort\":null,\"summary\":null}},\"service_tier\":\"default\",\"store\":false,\
         \"temperature\":1.0,\"text\":{{\"format\":{{\"type\":\"text\"}}}},\"tool_choice\":\"auto\",\"tools\":[],\
         \"top_p\":1.0,\"truncation\":\"disabled\",\"metadata\":{{}}{usage}}}",
        job.created,
        job.model_field(),
        job.extra_field("response"),
    )
}

/// The usage object.
pub fn usage(job: &Job<'_>, all: u64) -> String {
    let Tokens { prompt, completion, total, cached, written, reasoning, .. } = job.tokens(all, all);
    format!(
        "{{\"input_tokens\":{prompt},\"input_tokens_details\":{{\"cached_tokens\":{cached},\
         \"cache_write_tokens\":{written}}},\"output_tokens\":{completion},\
         \"output_tokens_details\":{{\"reasoning_tokens\":{reasoning}}},\"total_tokens\":{total}}}"
    )
}
