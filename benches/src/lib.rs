//! The laboratory.
pub mod mock;
