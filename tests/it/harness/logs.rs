//! The process's log, kept in memory as it would be written, so that a test can look for what must not stand in it (I9).

use std::sync::{Mutex, Once, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use millrace::logging::{Shape, line};

static LINES: Mutex<String> = Mutex::new(String::new());
static STARTED: Once = Once::new();

struct Capture;

impl Log for Capture {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("millrace")
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let line = line(Shape::Human, "", record);
            let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
            lines.push_str(&line);
            lines.push('\n');
        }
    }

    fn flush(&self) {}
}

/// All that every gateway of this process has logged since the first call.
pub fn logged() -> String {
    STARTED.call_once(|| {
        log::set_logger(&Capture).expect("no other logger in the tests");
        log::set_max_level(LevelFilter::Debug);
    });
    LINES.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
