//! The workloads: each one a struct in its own file, each with the same five methods in the same order.

mod added;
mod burst;
pub mod figure;
mod idle_memory;
mod large_body;
mod paced;
mod phase;
mod prompt;
pub mod script;
mod streams_memory;
mod whole;

pub use figure::{Figure, Measured};
use phase::mock_model;
pub use phase::{Phase, Plan};

use super::error::Error;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::load::Pace;
    use crate::bench::sizes::Sizes;

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
