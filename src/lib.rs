//! Millrace, the service: configuration, HTTP surface, providers and callbacks around the cast in `millrace_actors`.
//!
//! `main` calls [`cli::main`]; [`boot`] makes everything once and in order; [`app`] is the actix App of one worker, used by
//! the server and by the tests alike. ARCHITECTURE.md has the map.

pub mod app;
pub mod auth;
pub mod boot;
pub mod callbacks;
pub mod cli;
pub mod config;
pub mod credentials;
pub mod dialects;
pub mod http;
pub mod keeper;
pub mod logging;
pub mod metrics;
pub mod prices;
pub mod providers;
pub mod state;
pub mod tokens;
