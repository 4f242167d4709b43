//! Log lines: one record is one line, for people or as JSON, and no secret is in any (I9).
//!
//! Whatever a line was made from, it passes [`redact::clean`] on its way out: provider errors, paths and panics carry text
//! that others wrote. Who logs a key by mistake has a defect; this makes sure that it is not also a leak.

mod line;
mod redact;

use std::io::Write;

use env_logger::{Builder, Target};
use log::LevelFilter;

pub use line::{Shape, line};
pub use redact::guard_secret;

/// Starts logging to stderr. `MILLRACE_LOG` sets the levels, or else `RUST_LOG`, in env_logger's notation
/// (`info,millrace_actors::upstream=debug`); without either, `default_level` holds. A second call changes nothing.
pub fn init(json: bool, default_level: LevelFilter) {
    let shape = if json { Shape::Json } else { Shape::Human };
    let mut builder = Builder::new();
    builder.filter_level(default_level);
    if let Some(filters) = ["MILLRACE_LOG", "RUST_LOG"].iter().find_map(|name| std::env::var(name).ok()) {
        builder.parse_filters(&filters);
    }
    builder.target(Target::Stderr).format(move |out, record| {
        let at = out.timestamp_millis().to_string();
        writeln!(out, "{}", line(shape, &at, record))
    });
    if builder.try_init().is_err() {
        log::warn!("logging was started twice, the first settings hold");
    }
}
