//! The cast.

pub mod secret;
