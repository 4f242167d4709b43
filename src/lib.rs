//! The service.

pub mod prices;
