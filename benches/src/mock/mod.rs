//! The mock provider: the APIs of OpenAI, Anthropic, Google, Bedrock, Cohere and Ollama over HTTP/1.1, and every way of getting
//! them wrong that a gateway must bear.
//!
//! A protocol is a [`writer::Writer`]: shapes and field names, no more. What can go wrong is the same for all and stands
//! apart: events ([`Behaviour::done`], `events.rs`), bodies and bytes (`faults.rs`), framing, encodings, connections.
//!
//! Raw TCP, since it must play broken HTTP. An answer is prepared once per question ([`wire::Wire`]: bytes, pauses, an
//! end) and then played from memory, so the mock is not the bottleneck of a measurement.
//!
//! # Behaviours
//!
//! A [`Behaviour`] says what happens to one request. It is written `key=value,key=value`; `mock --help` lists all keys,
//! and [`keys::KEYS`] is that list. A word alone is a switch (`bom`), a fault (`stall:3`) or a status (`429`). In texts
//! `%XX` stands for any byte, `%2C` for the comma. Durations are `5ms`, `250us`, `2s`.
//!
//! Where it comes from, a later source overriding an earlier one key by key:
//! 1. the next step of the script ([`MockConfig::script`], [`MockServer::push_script`]); without one the server's
//!    behaviour ([`MockConfig::behaviour`], [`MockServer::set_behaviour`]). Each POST to an API path takes a step, whatever
//!    comes of it; `/models`, `/stats`, `/requests` and `/health` take none. After the last step [`ScriptEnd`] decides;
//! 2. the model name: `mock-FAULT`, `mock:SPEC` or `mock-fault:SPEC`, also behind a prefix (`openai/mock:gap=5ms`). A
//!    `mock-WORD` that is no fault is an ordinary name;
//! 3. the request header `x-mock: SPEC`.
//!
//! What acts before the body is read (`read-rate`, the faults `deaf` and `early`) cannot come from the model name.
//! A spec that cannot be read is answered 400 with what would have been right.
//!
//! # Examples
//!
//! - `chunks=50,gap=5ms` a stream of 50 content chunks, 5 ms apart
//! - `mock-429` or `429,retry-after=date:30,code=insufficient_quota`
//! - `cut:3,how=rst` a reset after three events; `cut-byte:417` a FIN after byte 417 of the wire answer
//! - `slice=1,eol=mixed,alphabet=emoji` every byte a write of its own
//! - `framing=close-silent` a body that ends with the connection, without a word of warning
//!
//! [`MockServer::refuse`], [`MockServer::mute`] and [`MockServer::drop_connections`] act on connections, not requests.

mod anthropic;
pub mod asked;
mod bedrock;
pub mod behaviour;
pub mod body;
pub mod choices;
pub mod cli;
mod cohere;
pub mod config;
mod connection;
pub mod content;
mod encode;
mod events;
mod exchange;
pub mod fault;
mod faults;
mod form;
mod gemini;
pub mod grammar;
mod head;
pub mod job;
pub mod keys;
mod ollama;
mod openai;
mod pictured;
pub mod plan;
mod player;
pub mod prepare;
mod protocol;
mod report;
mod request;
mod responses;
mod route;
pub mod server;
mod shared;
mod socket;
mod sse;
pub mod stats;
#[cfg(test)]
mod tests;
pub mod value;
pub mod wire;
mod worker;
pub mod writer;

pub use behaviour::Behaviour;
pub use choices::{
    Alphabet, Arguments, CloseOn, Done, Encoding, Eol, Escape, Finish, Framing, How, ModelField, ScriptEnd, Shape,
    Stop, UsagePlace,
};
pub use cli::{MockArgs, MockError, run, serve};
pub use config::MockConfig;
pub use fault::{Fault, FaultKind};
pub use grammar::GrammarError;
pub use server::MockServer;
pub use stats::{Recorded, Stats};
