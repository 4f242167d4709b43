//! Panics are defects: each is logged with its place, through the logger that redacts, and counted.

use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The hook is the process's, so the count is too.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// A message's length in characters. The standard library quotes up to 256 bytes of a text that was cut amiss, and that
/// text may be a caller's.
const MESSAGE: usize = 120;

/// Takes the place of the standard hook, which would print the message to stderr unredacted and over several lines.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        COUNT.fetch_add(1, Relaxed);
        log::error!("{}", describe(info));
    }));
}

/// Panics since the process started.
pub fn count() -> u64 {
    COUNT.load(Relaxed)
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let message: String = info.payload_as_str().unwrap_or("no message").chars().take(MESSAGE).collect();
    let at = info.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    format!("panic at={at} thread={} message={message:?}", thread.name().unwrap_or("unnamed"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::sync::Arc;

    #[test]
    fn a_panic_is_described_in_one_short_line_and_counted() {
        // one test, since the hook is the process's
        let seen = Arc::new(Mutex::new(String::new()));
        let told = Arc::clone(&seen);
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| *told.lock() = describe(info)));
        let long = "x".repeat(1000);
        let caught = panic::catch_unwind(|| panic!("first\nsecond {long}"));
        install();
        let had = count();
        let counted = panic::catch_unwind(|| panic!("on purpose"));
        panic::set_hook(before);
        assert!(caught.is_err() && counted.is_err() && count() > had);
        let line = seen.lock().clone();
        assert!(line.starts_with("panic at=src/metrics/panics.rs:"), "{line}");
        assert!(line.contains(r#"message="first\nsecond xxx"#) && !line.contains('\n'), "{line}");
        assert!(line.len() < 300, "{line}");
    }
}
