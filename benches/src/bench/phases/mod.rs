//! The workloads: each one a struct in its own file, each with the same five methods in the same order.

mod added;
mod burst;
pub mod figure;
mod idle_memory;
mod large_body;
mod paced;
mod prompt;
pub mod script;
mod streams_memory;
mod whole;

pub use figure::{Figure, Measured};

use super::error::Error;
use super::http::request::Ask;
use super::load::{Pace, Read};
use super::sizes::Sizes;

/// Warm-up of the field's load phases: one request for so many measured ones.
const WARMUP_SHARE: u64 = 10;

/// The load of one phase, before it is addressed to a target.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What is asked.
    pub ask: Ask,
    /// How far answers are read.
    pub read: Read,
    /// Requests before the measured ones.
    pub warmup: u64,
    /// Measured requests.
    pub requests: u64,
    /// Requests in flight.
    pub concurrency: usize,
    /// When they are sent.
    pub pace: Pace,
}

impl Plan {
    /// A load of the field's size; open loop if one was asked for.
    pub fn field(sizes: &Sizes, ask: Ask, read: Read) -> Self {
        let warmup = sizes.field_requests.div_ceil(WARMUP_SHARE);
        let (requests, pace) = match sizes.open_loop {
            Some((rate, seconds)) => ((rate * seconds).ceil() as u64, Pace::Open { rate }),
            None => (sizes.field_requests, Pace::Closed),
        };
        Self { ask, read, warmup, requests, concurrency: sizes.field_concurrency, pace }
    }
}

/// A workload.
pub trait Phase: std::fmt::Debug + Sync {
    /// Its name on the command line and in the output.
    fn name(&self) -> &'static str;
    /// What it measures, in one line.
    fn about(&self) -> &'static str;
    /// Whether the provider itself is measured as well, to be compared with.
    fn wants_direct(&self) -> bool;
    /// The load.
    fn plan(&self, sizes: &Sizes) -> Plan;
    /// The figures, from what was measured on the target and, in the same round, on the provider itself.
    fn figures(&self, own: &Measured, direct: Option<&Measured>) -> Vec<Figure>;
}

/// The pull request's three, in its order.
pub static SCRIPT: &[&dyn Phase] = &[&script::NonStream, &script::FirstToken, &script::FullStream];
/// All others. Memory at rest comes first, before any load has made the target grow.
pub static FIELD: &[&dyn Phase] = &[
    &idle_memory::IdleMemory,
    &whole::Whole,
    &burst::Burst,
    &paced::Paced,
    &prompt::Prompt,
    &added::Added,
    &added::AddedFirstToken,
    &streams_memory::StreamsMemory,
    &large_body::LargeBody,
];

/// Finds the phases named, in the order named.
pub fn choose(names: &[String]) -> Result<Vec<&'static dyn Phase>, Error> {
    let mut chosen: Vec<&'static dyn Phase> = Vec::new();
    for name in names {
        match name.as_str() {
            "script" => chosen.extend(SCRIPT),
            "field" => chosen.extend(FIELD),
            _ => chosen.push(find(name)?),
        }
    }
    Ok(chosen)
}

fn find(name: &str) -> Result<&'static dyn Phase, Error> {
    let all = SCRIPT.iter().chain(FIELD);
    all.clone().find(|phase| phase.name() == name).copied().ok_or_else(|| {
        let names: Vec<_> = all.map(|phase| phase.name()).collect();
        Error::option("--phase", format!("there is no `{name}`"), format!("use script, field, {}", names.join(", ")))
    })
}

/// A table of all phases, for `--phase list`.
pub fn list() -> String {
    let line = |phase: &&'static dyn Phase| format!("{:<16}{}\n", phase.name(), phase.about());
    SCRIPT.iter().chain(FIELD).map(line).collect()
}

/// A model name from which the mock provider reads what it is to do.
fn mock_model(behaviour: &str) -> String {
    format!("mock:{behaviour}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_open_loop_has_rate_times_seconds_requests() {
        let sizes = Sizes { open_loop: Some((100.0, 2.5)), ..Sizes::default() };
        let plan = whole::Whole.plan(&sizes);
        assert_eq!((plan.requests, plan.pace), (250, Pace::Open { rate: 100.0 }));
        assert_eq!(added::Added.plan(&sizes).pace, Pace::Closed, "one connection cannot keep a rate");
    }

    #[test]
    fn names_are_found_and_differ() {
        let chosen = choose(&["script".to_owned(), "field".to_owned(), "whole".to_owned()]).expect("known");
        assert_eq!(chosen.len(), SCRIPT.len() + FIELD.len() + 1);
        let mut names: Vec<_> = SCRIPT.iter().chain(FIELD).map(|phase| phase.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SCRIPT.len() + FIELD.len());
        let message = choose(&["hole".to_owned()]).expect_err("unknown").to_string();
        assert!(message.contains("whole") && message.contains("script"), "{message}");
    }
}
