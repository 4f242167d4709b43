//! Black-box tests: the real server on a port of its own, the mock provider playing the fault, raw sockets in between.
//!
//! One binary of modules: it links once. Each test is named after the row of the fault matrix it tries, where there is one.

// a test says what is wrong by panicking; clippy.toml's leave is for `#[test]` functions and not for what they share
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod azure;
mod bedrock;
mod bodies;
mod callbacks;
mod clients;
mod compatible;
mod cost;
mod credentials;
mod deploy;
mod endpoints;
mod faults;
mod gemini;
mod harness;
mod invariants;
mod media;
mod messages;
mod pass_through;
mod process;
mod responses;
mod smoke;
mod streams;
mod tidy;
mod translated;
mod uploads;
mod upstream;
mod vertex;
