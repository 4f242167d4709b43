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

const HELPERS: &str = "helpers of every resource stand beside the list of resources, which imports them all";
const COUNTED: &str = "an answer that refuses is counted where it is made, and what counts is in the state";
const REFUSES: &str = "an extractor answers with what it refuses by, which is a resource's error";
const PORTS: &str = "a port is a trait, and its functions speak of the types of those who call it";
const PHASES: &str = "the trait of phases stands beside their list";

/// Imports that close a circle or go up: the crate, from, to, the reason.
pub const EDGES: &[(&str, &str, &str, &str)] = &[
    ("millrace", "http::callbacks", "http", HELPERS),
    ("millrace", "http::completions", "http", HELPERS),
    ("millrace", "http::error", "http", HELPERS),
    ("millrace", "http::health", "http", HELPERS),
    ("millrace", "http::home", "http", HELPERS),
    ("millrace", "http::metrics", "http", HELPERS),
    ("millrace", "http::models", "http", HELPERS),
    ("millrace", "http::error", "state", COUNTED),
    ("millrace", "http::error", "http::request_id", COUNTED),
    ("millrace", "state", "http::error", REFUSES),
    ("millrace", "auth", "http::error", REFUSES),
    ("millrace-actors", "ports", "capabilities", PORTS),
    ("millrace-actors", "ports", "routing", PORTS),
    ("millrace-actors", "ports", "exchange", PORTS),
    ("millrace-actors", "call", "attempts", "one call is answered in the words of the loop that makes them"),
    (
        "millrace-actors",
        "pump",
        "request_handler",
        "the pump is the handler's own code while a stream lasts, in a file of its own",
    ),
    ("millrace-actors", "relay::hooked", "relay", "the mode is a part of the relay, in a file of its own"),
    ("millrace-lab", "bench::phases::added", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::burst", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::idle_memory", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::large_body", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::paced", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::prompt", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::script", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::streams_memory", "bench::phases", PHASES),
    ("millrace-lab", "bench::phases::whole", "bench::phases", PHASES),
    (
        "millrace",
        "callbacks::deny_words::stream",
        "callbacks::deny_words",
        "one half of a callback, in a file of its own",
    ),
    ("millrace", "callbacks::webhook::courier", "callbacks::webhook", "one half of a callback, in a file of its own"),
    ("millrace", "metrics::render", "metrics", "what is rendered is declared where it is collected"),
];

/// The service's top-level modules from the lowest up; an import goes down or stays.
pub const LAYERS: &[&[&str]] = &[
    &["logging", "prices", "providers", "callbacks", "metrics", "config"],
    &["keeper"],
    &["state"],
    &["auth"],
    &["http"],
    &["app"],
    &["boot"],
    &["cli"],
];
