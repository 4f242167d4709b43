//! What is measured, and how it is brought up: a target is an address with a name; those that this run starts are child
//! processes that end with it.

pub mod admin;
pub mod child;
pub mod gateway;
pub mod key;
pub mod mock;
pub mod named;
pub mod nginx;
pub mod ready;
pub mod words;
pub mod workdir;

use super::http::endpoint::Endpoint;
use key::Key;

/// The provider itself, as a target.
pub const DIRECT: &str = "direct";

/// One thing to measure.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in the output.
    pub name: String,
    /// Its address.
    pub endpoint: Endpoint,
    /// The key sent to it.
    pub key: Option<Key>,
    /// Its process, or the parent of its processes, where that is known.
    pub pid: Option<u32>,
    /// How its fast paths have to stand while it is measured; nothing where they are left alone.
    pub fast_paths: Option<bool>,
    /// What the names of models begin with that it is asked for, where that chooses what it does.
    pub models: &'static str,
}

impl Target {
    /// The provider itself.
    pub fn direct(endpoint: Endpoint, pid: Option<u32>) -> Self {
        Self { name: DIRECT.to_owned(), endpoint, key: None, pid, fast_paths: None, models: "" }
    }

    /// Whether it is the provider itself.
    pub fn is_direct(&self) -> bool {
        self.name == DIRECT
    }
}
