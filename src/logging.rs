//! Log lines: one record is one line, for people or as JSON, and no secret is in any (I9).
//!
//! Whatever a line was made from, it passes `redact::clean` on its way out: provider errors, paths and panics carry text
//! that others wrote. Who logs a key by mistake has a defect; this makes sure that it is not also a leak.

mod line;
mod redact;

use std::io::Write;

use env_logger::{Builder, Target};
use log::LevelFilter;

pub use line::{Shape, line};
pub use redact::{clean, guard_passing, guard_secret};

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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Runs [`child`] in a process of its own, since a process has one logger, and returns what it wrote to stderr.
    fn logged(json: bool, levels: &str) -> Vec<String> {
        let out = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "logging::tests::child", "--ignored", "--nocapture"])
            .env_remove("RUST_LOG")
            .env("MILLRACE_LOG", levels)
            .env("MILLRACE_TEST_JSON", if json { "1" } else { "0" })
            .output()
            .unwrap();
        let text = String::from_utf8(out.stderr).unwrap();
        assert!(!text.contains("canary"), "{text}");
        text.lines()
            .filter(|line| line.contains("logging::tests") || line.contains("panics"))
            .map(str::to_owned)
            .collect()
    }

    #[test]
    #[ignore = "the other half of the test below, which starts it"]
    fn child() {
        init(std::env::var("MILLRACE_TEST_JSON").as_deref() == Ok("1"), LevelFilter::Info);
        crate::metrics::panics::install();
        guard_secret("canary-process-1");
        log::info!("ready key={}", "canary-process-1");
        log::debug!("details");
        let caught = std::panic::catch_unwind(|| panic!("two\nlines of canary-process-1"));
        assert!(caught.is_err());
    }

    #[test]
    fn a_process_logs_one_clean_line_a_record() {
        let lines = logged(false, "info");
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].ends_with("Z info millrace::logging::tests ready key=[redacted]"), "{lines:?}");
        assert!(lines[1].contains("Z error millrace::metrics::panics panic at=src/logging.rs:"), "{lines:?}");
        assert!(lines[1].ends_with(r#"message="two\nlines of [redacted]""#), "{lines:?}");
        assert_eq!(logged(false, "error").len(), 1);
        assert_eq!(logged(false, "millrace::logging=debug").len(), 3, "the default holds for the others");
        for line in logged(true, "info") {
            let object: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert!(object["ts"].as_str().is_some_and(|ts| ts.len() == 24 && ts.ends_with('Z')), "{line}");
        }
    }
}
