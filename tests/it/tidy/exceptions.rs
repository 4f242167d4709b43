//! What is excepted from the rules, each with its reason. A test fails when one is no longer needed.

/// Log lines: the finding, the reason.
pub const LOG_LINES: &[(&str, &str)] = &[
    (
        "src/callbacks/sink.rs: a value without a key: \"sink drops records callback={name} cause={cause} detail={detail:?} {}\"",
        "the last value is a list of key=value pairs itself",
    ),
    ("src/metrics/panics.rs: a value without a key: \"{}\"", "the whole line is made by a function, which has a test"),
];

/// Functions that are long: the finding, the reason.
pub const LONG: &[(&str, &str)] = &[
    (
        "actors/src/fault/shape.rs callers_shape: more than 69 lines",
        "a row for each cause that is the caller's fault, and nothing else",
    ),
    (
        "benches/src/mock/behaviour.rs default: more than 69 lines",
        "a line for each key of the mock's grammar, and nothing else",
    ),
];

/// Tests that sleep, or assert how long something took: the finding, the reason.
pub const TIMES: &[(&str, &str)] = &[
    ("actors/src/upload.rs: sleeps", "a caller that takes longer than its provider may"),
    ("actors/src/upstream/tests/head.rs: sleeps", "a head that dribbles is what is tried"),
    ("actors/src/upstream/tests/life.rs: sleeps", "a connection closes at another moment each time"),
    ("tests/it/callbacks/refusals.rs: sleeps", "a verdict that comes while the call is under way"),
    ("tests/it/clients/limits.rs: sleeps", "a client that sends slowly and for ever"),
    ("tests/it/clients/silent.rs: sleeps", "looks again and again whether anything still moves"),
    ("tests/it/harness/mod.rs: sleeps", "looks again and again, up to the time that is for what hangs"),
    ("tests/it/invariants.rs: sleeps", "looks again and again whether anything still moves"),
    ("tests/it/process/panics.rs: sleeps", "a callback that panics only after heartbeats have gone out"),
    ("tests/it/uploads/late.rs: sleeps", "a caller that sends slowly is what is tried"),
    ("tests/it/uploads/through.rs: sleeps", "a caller that pauses is what is tried"),
    (
        "tests/it/upstream/retries.rs: asserts a duration",
        "the least that a provider asked to be waited: no machine is too slow for it",
    ),
    ("tests/it/upstream/stale.rs: sleeps", "a connection closes at another moment each time"),
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
