//! The events of a stream: the response, its items and their parts.

use super::{
    items::{Inner, Item, items},
    response::{begun, end, whole},
};
use crate::mock::{job::Job, writer::Event};

/// The events of a proper stream, up to but without the last.
pub fn proper(job: &Job<'_>) -> Vec<Event> {
    let mut maker = Maker { job, events: Vec::new() };
    let begun = begun(job);
    maker.push("response.created", &format!("\"response\":{begun}"));
    maker.push("response.in_progress", &format!("\"response\":{begun}"));
    for (output, item) in items(job).iter().enumerate() {
        maker.item(output, item);
    }
    if job.behaviour.extra {
        maker.push("response.x_mock.event", "\"x\":1");
    }
    maker.events
}

/// The last event, which holds the whole answer.
pub fn last(job: &Job<'_>) -> Event {
    let mut maker = Maker { job, events: Vec::new() };
    let number = proper(job).len();
    maker.numbered(end(job).1, number, &format!("\"response\":{}", whole(job)));
    maker.events.remove(0)
}

/// Numbers events.
struct Maker<'a> {
    job: &'a Job<'a>,
    events: Vec<Event>,
}

impl Maker<'_> {
    fn item(&mut self, output: usize, item: &Item) {
        let of = |item: String| format!("\"output_index\":{output},\"item\":{item}");
        self.push("response.output_item.added", &of(item.begun()));
        let text = item.inner.pieces().concat();
        let at = format!("\"item_id\":\"{}\",\"output_index\":{output}", item.id);
        let (kind, part, place) = match &item.inner {
            Inner::Text(_) => ("response.output_text", "response.content_part", "content_index"),
            Inner::Refusal(_) => ("response.refusal", "response.content_part", "content_index"),
            Inner::Summary(_) => {
                ("response.reasoning_summary_text", "response.reasoning_summary_part", "summary_index")
            }
            Inner::Arguments(name, pieces) => {
                self.deltas("response.function_call_arguments", &at, pieces, "");
                let done = format!("{at},\"name\":\"{name}\",\"arguments\":\"{text}\"");
                self.push("response.function_call_arguments.done", &done);
                return self.push("response.output_item.done", &of(item.ended()));
            }
            Inner::Nothing => return self.push("response.output_item.done", &of(item.ended())),
        };
        let at = format!("{at},\"{place}\":0");
        let (field, more) = match &item.inner {
            Inner::Text(_) => ("text", ",\"logprobs\":[]"),
            Inner::Refusal(_) => ("refusal", ""),
            _ => ("text", ""),
        };
        self.push(&format!("{part}.added"), &format!("{at},\"part\":{}", item.inner.part("")));
        self.deltas(kind, &at, item.inner.pieces(), more);
        self.push(&format!("{kind}.done"), &format!("{at},\"{field}\":\"{text}\"{more}"));
        self.push(&format!("{part}.done"), &format!("{at},\"part\":{}", item.inner.part(&text)));
        self.push("response.output_item.done", &of(item.ended()));
    }

    fn deltas(&mut self, kind: &str, at: &str, pieces: &[String], more: &str) {
        for piece in pieces {
            let extra = self.job.extra_field("delta");
            self.push(&format!("{kind}.delta"), &format!("{extra}{at},\"delta\":\"{piece}\"{more}"));
        }
    }

    fn push(&mut self, kind: &str, members: &str) {
        self.numbered(kind, self.events.len(), members);
    }

    fn numbered(&mut self, kind: &str, number: usize, members: &str) {
        let data = format!("{{\"type\":\"{kind}\",\"sequence_number\":{number},{members}}}");
        self.events.push(Event::named(name(kind), data));
    }
}

/// Every name there is, since an event's name lives as long as the program.
fn name(kind: &str) -> &'static str {
    const NAMES: [&str; 21] = [
        "response.created",
        "response.in_progress",
        "response.completed",
        "response.incomplete",
        "response.output_item.added",
        "response.output_item.done",
        "response.content_part.added",
        "response.content_part.done",
        "response.output_text.delta",
        "response.output_text.done",
        "response.refusal.delta",
        "response.refusal.done",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_part.done",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.x_mock.event",
        "response.failed",
        "error",
    ];
    NAMES.iter().find(|name| **name == kind).copied().unwrap_or("error")
}
