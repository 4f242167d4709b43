//! The vocabulary of the wire, kept together so that it can become a crate.

pub mod cost;
pub mod money;
