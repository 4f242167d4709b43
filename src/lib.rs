//! The service.

pub mod cli;
pub mod config;
pub mod prices;
