//! LiteLLM's `config.yaml`: raw (what was written, with positions), check (all complaints at once), resolved
//! ([`model`]: what we run on).

pub mod base_url;
pub mod model;
pub mod prices;
pub mod settings;
