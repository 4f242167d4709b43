//! What is printed, for whoever still reads it.

use std::io::{Write, stdout};

/// Writes to standard output, and says whether that could be done. A reader that went away (`| head`) is no reason to panic,
/// which `print!` would.
pub fn say(text: &str) -> bool {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}
