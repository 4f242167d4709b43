//! The cast.

pub mod wire;
pub mod upstream;
