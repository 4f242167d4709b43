//! The laboratory: what the gateway is tried and measured with. It depends on no other crate of the workspace, so that a
//! bug of the gateway cannot hide in its own meter.

pub mod bench;
pub mod mock;
pub mod order;
pub mod say;
