//! What is said of a run: the script's row, a table for each phase, JSON, and the dated folder.

pub mod date;
pub mod json;
pub mod record;
pub mod script;
pub mod strip;
pub mod summary;
pub mod table;
