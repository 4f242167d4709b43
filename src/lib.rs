//! The service.

pub mod callbacks;
pub mod cli;
pub mod config;
pub mod prices;
