//! The house rules, kept by a test and not by memory. Each rule is a function over text with a test of its own that shows
//! it can fail; this file runs them over what is committed. What is excepted stands in [`exceptions`] with its reason, and
//! an exception that is no longer needed fails as well.

mod code;
mod copies;
mod docs;
mod exceptions;
mod graph;
mod lines;
mod lists;
mod logs;
mod times;
mod tree;

use std::collections::BTreeSet;

use graph::Graph;
use tree::{Source, rust_sources};

/// Fails with every finding at once.
#[track_caller]
fn none(rule: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "{rule}: {} found\n  {}", findings.len(), findings.join("\n  "));
}

/// Findings less the excepted ones; an exception that nothing needs is a finding too.
fn less(findings: Vec<String>, excepted: &[(&str, &str)]) -> Vec<String> {
    let stale = excepted.iter().filter(|(finding, _)| !findings.iter().any(|f| f == finding));
    let stale: Vec<_> =
        stale.map(|(finding, _)| format!("no longer needed, take it off the list: {finding}")).collect();
    findings.into_iter().filter(|f| !excepted.iter().any(|(e, _)| e == f)).chain(stale).collect()
}

fn each(sources: &[Source], rule: impl Fn(&Source) -> Vec<String>) -> Vec<String> {
    sources
        .iter()
        .flat_map(|source| rule(source).into_iter().map(move |what| format!("{}: {what}", source.path)))
        .collect()
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    let sources = rust_sources();
    let mut lengths: Vec<_> = sources.iter().map(|source| source.text.lines().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    println!("tidy: {} files, median {median} lines, longest {:?}", lengths.len(), lengths.last());
    none("every file opens with //!", each(&sources, |source| lines::opening(&source.text)));
    none("no file over 500 lines", each(&sources, |source| lines::length(&source.text)));
    assert!(median <= 150, "the median file has {median} lines");
}

#[test]
fn functions_stay_short_and_take_few_parameters() {
    let sources = rust_sources();
    let functions: Vec<_> = sources.iter().flat_map(code::functions).collect();
    println!("tidy: {} functions", functions.len());
    none("functions under 70 lines", less(functions.iter().filter_map(code::too_long).collect(), exceptions::LONG));
    none("at most 5 parameters", functions.iter().filter_map(code::too_many).collect());
}

#[test]
fn outside_tests_nothing_is_unsafe_or_gives_up() {
    let sources = rust_sources();
    none("no unsafe, unwrap, expect, panic", each(&sources, code::gives_up));
    none("no do_send outside mailbox.rs", each(&sources, code::sends_unbounded));
}

#[test]
fn what_is_public_says_what_it_is() {
    none("every pub item has a doc comment", each(&rust_sources(), docs::undocumented));
}

#[test]
fn no_test_sleeps_until_it_passes_or_asserts_a_duration() {
    none("time in tests", less(each(&rust_sources(), times::in_tests), exceptions::TIMES));
}

#[test]
fn log_lines_are_lowercase_structured_and_without_a_full_stop() {
    let findings = each(&rust_sources(), logs::log_lines);
    none("log lines", less(findings, exceptions::LOG_LINES));
}

#[test]
fn the_cast_knows_no_provider_and_only_its_upstream_knows_awc() {
    let sources: Vec<_> = rust_sources().into_iter().filter(|source| source.path.starts_with("actors/src/")).collect();
    let findings = each(&sources, code::provider_names);
    none("no provider in the cast", less(findings, exceptions::PROVIDERS_IN_THE_CAST));
    let elsewhere: Vec<_> =
        sources.into_iter().filter(|source| !source.path.starts_with("actors/src/upstream/")).collect();
    none("awc only in upstream", each(&elsewhere, |source| code::names(source, &["awc"])));
}

#[test]
fn providers_are_not_copies_of_each_other() {
    let sources = rust_sources();
    // rows of one table are alike by design
    let code = |path: &str| !path.starts_with("src/providers/rows/");
    let providers: Vec<_> = sources.iter().filter(|s| s.path.starts_with("src/providers/") && code(&s.path)).collect();
    assert!(!providers.is_empty(), "the folder has moved");
    none("providers share at most 5 % of their lines", copies::shared(&providers));
}

#[test]
fn modules_form_no_circle_and_no_import_goes_up() {
    let sources = rust_sources();
    let mut findings = vec![];
    for (krate, folder) in [("millrace", "src/"), ("millrace-actors", "actors/src/"), ("millrace-lab", "benches/src/")]
    {
        let graph = Graph::of(krate, folder, &sources);
        assert!(graph.len() > 5, "{folder} is not read");
        let excepted = exceptions::EDGES.iter().filter(|(k, ..)| *k == krate);
        let edges: BTreeSet<_> = excepted.map(|(_, from, to, _)| (*from, *to)).collect();
        let stale = edges.iter().filter(|(from, to)| !graph.has(from, to));
        findings
            .extend(stale.map(|(from, to)| format!("{krate}: no longer needed, take it off the list: {from} -> {to}")));
        let rest = graph.without(&edges);
        findings.extend(rest.circles().into_iter().map(|circle| format!("{krate}: a circle: {circle}")));
        if krate == "millrace" {
            findings
                .extend(rest.upward(exceptions::LAYERS).into_iter().map(|edge| format!("{krate}: goes up: {edge}")));
        }
    }
    none("imports", findings);
}

#[test]
fn what_is_committed_is_clean() {
    let Some(files) = tree::committed() else {
        println!("tidy: no git here, nothing to look at");
        return;
    };
    let hosts = tree::own_hosts();
    none("trailing whitespace", each(&files, |file| lines::trailing(&file.text)));
    none("notes to oneself", each(&files, |file| lines::notes(&file.text)));
    let findings = each(&files, |file| lines::of_this_machine(&file.text, &hosts));
    none("paths and names of this machine", less(findings, exceptions::MACHINE));
    let lock = files.iter().find(|file| file.path == "Cargo.lock").expect("a lock file");
    none("packages from elsewhere", lines::foreign_sources(&lock.text));
    let packages = lock.text.matches("[[package]]").count();
    println!("tidy: {packages} packages");
    assert!(packages < 320, "{packages} packages in the lock file");
}
