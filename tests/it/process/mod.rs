//! The process: its signals, its end, its reloads, its command line.

mod actors;
mod at_once;
mod bad_configs;
mod bench;
mod cli;
mod files;
mod first_run;
mod panics;
mod reload;
mod shutdown;
