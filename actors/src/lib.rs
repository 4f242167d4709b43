//! The cast.
pub mod upstream;
