//! Where prices are read: the table this program carries, and a price map of the operator's in LiteLLM's form.
//!
//! Both keep every number as the text it was written in until it is a whole number of yoctodollars; a JSON parser's
//! floats would have rounded it before anyone could look.

use std::path::Path;

mod builtin;
mod entry;
mod fault;
mod litellm;
#[cfg(test)]
mod tests;

pub use builtin::builtin;
pub use entry::Loaded;
pub use fault::{Fault, Faults, MAX_FILE_BYTES, PriceFileError};
pub use litellm::litellm;

/// The prices this process runs on: the built-in table, and over it the operator's file if there is one.
///
/// # Errors
/// The file cannot be read or is no JSON object. Single bad entries are no error: they come back as faults.
pub fn load(file: Option<&Path>) -> Result<Loaded, PriceFileError> {
    let mut loaded = builtin()?;
    if let Some(path) = file {
        let over = litellm(&read(path)?).map_err(|error| match error {
            PriceFileError::Malformed(error) => PriceFileError::NoMap { path: path.to_owned(), error },
            other => other,
        })?;
        loaded.table.overlay(over.table);
        loaded.faults.append(over.faults);
    }
    Ok(loaded)
}

fn read(path: &Path) -> Result<String, PriceFileError> {
    let failed = |error| PriceFileError::Unreadable { path: path.to_owned(), error };
    let size = std::fs::metadata(path).map_err(failed)?.len();
    if size > MAX_FILE_BYTES {
        return Err(PriceFileError::TooLarge { path: path.to_owned(), size });
    }
    std::fs::read_to_string(path).map_err(failed)
}
