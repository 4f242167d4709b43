//! The cast.

pub mod wire;
