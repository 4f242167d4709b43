//! The service.

pub mod cli;
pub mod config;
pub mod logging;
pub mod metrics;
pub mod prices;
