//! The events of a stream: message_start, blocks, message_delta, pings in between.

use super::{
    blocks::{Block, blocks, tokens},
    message::{NO_USAGE, end, message, unended, usage, usage_field},
};
use crate::mock::{
    choices::{Finish, UsagePlace},
    job::Job,
    writer::Event,
};

/// The events of a proper stream, up to but without `message_stop`.
pub fn proper(job: &Job<'_>) -> Vec<Event> {
    let blocks = blocks(job);
    let mut maker = Maker { job, all: tokens(&blocks), done: 0, events: Vec::new() };
    maker.start();
    for (index, block) in blocks.iter().enumerate() {
        maker.block(index, block);
    }
    if job.behaviour.extra {
        maker.push("x_mock_event", "{\"type\":\"x_mock_event\",\"index\":0}".to_owned());
    }
    let finishes = if job.behaviour.finish == Finish::Twice { 2 } else { 1 };
    for _ in 0..finishes {
        maker.delta(&end(job));
    }
    maker.events
}

/// Makes events, and counts the tokens that they are worth.
struct Maker<'a> {
    job: &'a Job<'a>,
    all: u64,
    done: u64,
    events: Vec<Event>,
}

impl Maker<'_> {
    fn start(&mut self) {
        let job = self.job;
        // One token of the answer is counted at the start, as the provider counts it.
        let usage = match job.behaviour.usage {
            UsagePlace::Final => NO_USAGE.to_owned(),
            _ => usage(job, 1.min(self.all), self.all),
        };
        let message = message(job, "", &unended(job), &usage_field(job, &usage));
        self.push("message_start", format!("{{\"type\":\"message_start\",\"message\":{message}}}"));
    }

    fn block(&mut self, index: usize, block: &Block) {
        let (extra, start) = (self.job.extra_field("block"), &block.start);
        self.push(
            "content_block_start",
            format!("{{\"type\":\"content_block_start\",{extra}\"index\":{index},\"content_block\":{start}}}"),
        );
        if index == 0 && !self.job.behaviour.pings {
            // The provider sends one here.
            self.ping();
        }
        for (delta, tokens) in &block.deltas {
            let extra = self.job.extra_field("delta");
            self.push(
                "content_block_delta",
                format!("{{\"type\":\"content_block_delta\",{extra}\"index\":{index},\"delta\":{delta}}}"),
            );
            self.done += tokens;
            if *tokens > 0 && self.job.behaviour.usage == UsagePlace::Every {
                self.delta(&unended(self.job));
            }
        }
        self.push("content_block_stop", format!("{{\"type\":\"content_block_stop\",\"index\":{index}}}"));
    }

    /// A message_delta with the usage so far.
    fn delta(&mut self, end: &str) {
        let usage = match self.job.behaviour.usage {
            UsagePlace::Finish => {
                format!("{{\"output_tokens\":{}}}", self.job.tokens(self.done, self.all).completion)
            }
            _ => usage(self.job, self.done, self.all),
        };
        let usage = usage_field(self.job, &usage);
        self.push("message_delta", format!("{{\"type\":\"message_delta\",\"delta\":{{{end}}}{usage}}}"));
    }

    fn ping(&mut self) {
        self.events.push(Event::named("ping", "{\"type\": \"ping\"}".to_owned()));
    }

    fn push(&mut self, name: &'static str, data: String) {
        if self.job.behaviour.pings && !self.events.is_empty() {
            self.ping();
        }
        self.events.push(Event::named(name, data));
    }
}
