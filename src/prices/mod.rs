//! Where prices are read: the table this program carries, and a price map of the operator's in LiteLLM's form.
//!
//! Both keep every number as the text it was written in until it is a whole number of yoctodollars; a JSON parser's
//! floats would have rounded it before anyone could look.

use std::path::Path;

use millrace_actors::prices::{ModelPrice, PriceSource, PriceTable};
use millrace_actors::wire::cost::RatesBuilder;

mod builtin;
mod fault;
mod litellm;
#[cfg(test)]
mod tests;

pub use builtin::builtin;
pub use fault::{Fault, Faults, PriceFileError};
pub use litellm::litellm;

/// Largest price file read, in bytes; LiteLLM's whole map is 3 MB.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A table and what was left out of it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The prices.
    pub table: PriceTable,
    /// The entries and fields that could not be taken, for the log and the checker.
    pub faults: Faults,
}

/// The prices this process runs on: the built-in table, and over it the operator's file if there is one.
///
/// # Errors
/// The file cannot be read or is no JSON object. Single bad entries are no error: they come back as faults.
pub fn load(file: Option<&Path>) -> Result<Loaded, PriceFileError> {
    let mut loaded = builtin()?;
    if let Some(path) = file {
        let over = litellm(&read(path)?)?;
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

/// What both readers know of a model besides its prices.
struct About<'a> {
    provider: &'a str,
    mode: &'a str,
    max_input_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
}

/// Builds an entry, with the two rules that depend on what the model is and whose.
fn entry(mut rates: RatesBuilder, about: &About<'_>, source: PriceSource) -> ModelPrice {
    if about.provider == "xai" {
        rates.inclusive_thresholds();
    }
    let output_is_nothing = matches!(about.mode, "embedding" | "rerank" | "moderation");
    ModelPrice {
        provider: about.provider.into(),
        mode: about.mode.into(),
        max_input_tokens: about.max_input_tokens,
        max_output_tokens: about.max_output_tokens,
        ..ModelPrice::new(rates, output_is_nothing, source)
    }
}
