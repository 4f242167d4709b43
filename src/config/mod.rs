//! LiteLLM's `config.yaml`, in three stages.
//!
//! ```text
//! file --source--> text --parse--> Node tree --check (all complaints at once)--> Config (what we run on)
//!                                      ^              |
//!                                   keys: the one     +--> Report: file:line:column, what, nearest, what to do
//!                                   table of keys
//! ```
//!
//! The tree is our own (over `granit-parser`, the parser below serde-saphyr), because serde's types lose what is
//! needed here: the digits of a price, the place of a key, and every complaint after the first.

pub mod base_url;
mod check;
pub mod codes;
mod finding;
mod json;
mod keys;
mod load;
pub mod master_key;
pub mod model;
mod node;
mod parse;
pub mod prices;
mod reader;
pub mod report;
pub mod settings;
mod source;
pub mod tables;
#[cfg(test)]
mod tests;
mod vars;

pub use check::{BUILT_IN_CALLBACKS, Validator};
pub use load::{from_env, load, load_text};
pub use master_key::{OpenToAll, WeakKey, check_bind, check_master_key};
pub use model::{CallbackEntry, CallbackEvents, Config, MillraceSettings, ModelEntry, Provider, RouterSettings};
pub use report::Report;
pub use vars::{Env, ProcessEnv};
