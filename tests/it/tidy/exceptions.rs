//! What is excepted from the rules, each with its reason. A test fails when one is no longer needed.

/// Log lines: the finding, the reason.
pub const LOG_LINES: &[(&str, &str)] = &[
    (
        "src/callbacks/sink.rs: a value without a key: \"sink drops records callback={name} cause={cause} detail={detail:?} {}\"",
        "the last value is a list of key=value pairs itself",
    ),
    ("src/metrics/panics.rs: a value without a key: \"{}\"", "the whole line is made by a function, which has a test"),
];

/// Names of providers in the cast: the finding, the reason.
pub const PROVIDERS_IN_THE_CAST: &[(&str, &str)] = &[
    (
        "actors/src/wire/endpoint.rs: names anthropic in \"anthropic_messages\"",
        "LiteLLM's call type, which those who read its records know",
    ),
    (
        "actors/src/wire/forbidden.rs: names azure in \"azure_*\"",
        "names of fields that are refused, whoever would serve them",
    ),
    (
        "actors/src/wire/forbidden.rs: names vertex in \"vertex_*\"",
        "names of fields that are refused, whoever would serve them",
    ),
];

/// Paths and hosts that are meant: the finding, the reason.
pub const MACHINE: &[(&str, &str)] = &[];

/// Imports that close a circle or go up: the crate, from, to, the reason.
pub const EDGES: &[(&str, &str, &str, &str)] = &[];

/// The service's top-level modules from the lowest up; an import goes down or stays.
pub const LAYERS: &[&[&str]] = &[
    &["dialects", "tokens"],
    &["logging"],
    &["credentials"],
    &["prices", "providers", "callbacks", "metrics", "config"],
    &["keeper"],
    &["state"],
    &["auth"],
    &["http"],
    &["app"],
    &["boot"],
    &["cli"],
];
