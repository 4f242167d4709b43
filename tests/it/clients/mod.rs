//! The client's side of the fault matrix (rows C): clients that leave, wait, lie, or ask for what is not theirs.

mod flood;
mod heads;
mod inject;
mod leaving;
mod limits;
mod matrix;
mod panics;
mod paths;
mod process;
pub mod raw;
mod records;
mod silent;
mod slow;
mod smuggling;
mod surface;

use millrace_lab::mock::{MockConfig, MockServer};

/// A mock with one behaviour.
fn mock(spec: &str) -> MockServer {
    MockServer::start(MockConfig::with(spec.parse().expect("a behaviour"))).expect("a mock")
}
