//! Callbacks: the admin surface, the hooks, the sinks, and change under load.

pub mod admin;
mod bounds;
mod deny_words;
mod hooks;
mod lost_updates;
mod persist;
pub mod recorder;
mod refusals;
mod sinks;
mod storm;
mod webhook;
