//! Tests of the mock against a raw TCP client: what counts is the bytes on the wire.

mod cli;
mod client;
mod faults;
mod framing;
mod grammar;
mod lifecycle;
mod messages;
mod messages_faults;
mod shapes;
mod sse;
mod streams;
