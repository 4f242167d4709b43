//! The command line: defaults, specs, and what it says when it cannot listen.

use crate::mock::{Behaviour, MockArgs, MockConfig, MockServer, ScriptEnd, run};
use clap::{Args, Command, FromArgMatches};

fn parse(line: &str) -> Result<MockArgs, clap::Error> {
    let command = MockArgs::augment_args(Command::new("mock"));
    MockArgs::from_arg_matches(&command.try_get_matches_from(line.split(' '))?)
}

#[test]
fn without_flags_it_is_plain_on_loopback_and_records_nothing() {
    let config = MockConfig::from(parse("mock").unwrap());
    assert!(config.listen.ip().is_loopback());
    assert_eq!((config.behaviour, config.record, config.workers), (Behaviour::default(), 0, 1));
    assert_eq!(config.models, ["mock"]);
}

#[test]
fn flags_reach_the_configuration() {
    let line = "mock --listen 127.0.0.1:0 --behaviour gap=5ms,chunks=50 --script 429 --script stall:2 \
                --script-end repeat-last --model a --model b --model-suffix -2024-08-06";
    let config = MockConfig::from(parse(line).unwrap());
    assert_eq!(config.behaviour.to_string(), "chunks=50,gap=5ms");
    assert_eq!(config.script, [Behaviour::status(429), "stall:2".parse().unwrap()]);
    assert_eq!((config.script_end, config.model_suffix.as_str()), (ScriptEnd::RepeatLast, "-2024-08-06"));
    assert_eq!(config.models, ["a", "b"]);
}

#[test]
fn a_wrong_spec_is_explained() {
    let error = parse("mock --behaviour framing=tight").unwrap_err().to_string();
    assert!(error.contains("close-silent"), "{error}");
}

#[test]
fn a_taken_port_is_named() {
    let taken = MockServer::start(MockConfig::default()).unwrap();
    let error = run(parse(&format!("mock --listen {}", taken.addr())).unwrap()).unwrap_err().to_string();
    assert!(error.contains(&taken.addr().to_string()) && error.contains("--listen"), "{error}");
}
