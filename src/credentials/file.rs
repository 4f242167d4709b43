//! Small files that hold a secret, or lead to one.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

use millrace_actors::secret::Secret;

/// The longest, bytes: keys and statements have a few kB, a file of profiles some dozens.
const LONGEST: u64 = 256 << 10;

/// The whole of a file.
///
/// # Errors
/// The system's word; or that the file is too long, or no UTF-8.
pub fn read(path: &Path) -> Result<Secret> {
    let mut text = String::new();
    // one byte more than may be there tells a file that is too long
    File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    let text = Secret::new(text);
    match text.expose().len() as u64 > LONGEST {
        true => Err(Error::new(ErrorKind::FileTooLarge, "it is longer than 256 kB")),
        false => Ok(text),
    }
}
