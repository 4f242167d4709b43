//! The cast.

pub mod prices;
pub mod wire;
pub mod upstream;
pub mod secret;
