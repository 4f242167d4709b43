//! What holds for every dialect and every pair of them, over the fixtures of each. A dialect joins with a row in
//! [`rows::ROWS`] and a folder of fixtures: `request-x.json`, `whole-x.json` and `stream-x.*`, where a whole answer and a
//! stream of one name are one answer. Its README names source and date of what they were made after.
//!
//! Goldens stand in `fixtures/golden/across/<from>-to-<to>`; `MILLRACE_BLESS=1` writes them.

pub mod fixtures;
mod matrix;
pub mod orders;
pub mod random;
mod reasons;
mod rows;
mod splits;
pub mod table;
mod tools;
mod usage;
