//! What can be wrong with a price file: as a whole, and entry by entry.

use std::fmt;
use std::path::PathBuf;

/// Largest price file read, in bytes; LiteLLM's whole map is 3 MB.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;
/// Faults kept word by word; of what comes after, only the number is kept, so that a file of the wrong kind cannot
/// fill the memory or the log.
const KEPT: usize = 100;
/// Bytes of an offending value that are shown.
const SHOWN: usize = 40;

/// Why a price file could not be used at all.
#[derive(Debug, thiserror::Error)]
pub enum PriceFileError {
    /// It could not be read from disk.
    #[error("cannot read the price file {}: {error}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// It is larger than any price file.
    #[error("the price file {} has {size} bytes, more than the {} allowed; is it the right file?", path.display(), MAX_FILE_BYTES)]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// The operator's file is not JSON of the form of a price map. As elsewhere, the place stands in front.
    #[error("{}:{}:{}: the price file is not a JSON object of models: {error}", path.display(), error.line(), error.column())]
    NoMap {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// It is not JSON of the form of a price map.
    #[error("the price map is not a JSON object of models: {0}")]
    Malformed(#[from] serde_json::Error),
}

/// One thing in a price file that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a JSON pointer (RFC 6901): `/azure~1gpt-4o/input_cost_per_token`.
    pub pointer: String,
    /// What was written there, shortened.
    pub value: String,
    /// What is wrong with it and what follows.
    pub problem: String,
}

/// All of them, up to a bound.
#[derive(Debug, Default)]
pub struct Faults {
    kept: Vec<Fault>,
    more: usize,
}

impl Fault {
    pub(super) fn new(path: &[&str], value: &str, problem: impl fmt::Display) -> Self {
        let pointer = path.iter().map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1"))).collect();
        let end = value.char_indices().map(|(at, _)| at).take_while(|at| *at <= SHOWN).last().unwrap_or(0);
        let value = match value.len() > SHOWN {
            true => format!("{}...", value.get(..end).unwrap_or_default()),
            false => value.to_owned(),
        };
        Self { pointer, value, problem: problem.to_string() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.pointer, self.value, self.problem)
    }
}

impl Faults {
    /// Those kept, in the order of the file.
    #[must_use]
    pub fn kept(&self) -> &[Fault] {
        &self.kept
    }

    /// How many there were in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept.len() + self.more
    }

    /// True if there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count() == 0
    }

    pub(super) fn push(&mut self, fault: Fault) {
        if self.kept.len() < KEPT {
            self.kept.push(fault);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn append(&mut self, others: Self) {
        self.more += others.more;
        others.kept.into_iter().for_each(|fault| self.push(fault));
    }
}
