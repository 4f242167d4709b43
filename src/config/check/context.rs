//! What the check needs besides the tree, and how callbacks are asked about their parameters.

use std::fmt;
use std::path::PathBuf;

use serde_json::Value;

/// Judges the parameters of a callback of the given kind. A parameter of `load`, so that the configuration needs to
/// know nothing of callbacks, and what they complain about still gets a line number.
pub type Validator<'v> = &'v dyn Fn(&str, &Value) -> Result<(), Vec<ParamError>>;

/// What a callback's constructor says about one of its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParamError {
    /// JSON pointer into the parameters; empty for all of them.
    pub pointer: String,
    /// What is wrong, without secrets.
    pub message: String,
}

impl fmt::Display for ParamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

/// What the check needs besides the tree.
pub(in crate::config) struct Context<'c> {
    /// Names of the files, by number.
    pub(in crate::config) files: Vec<PathBuf>,
    /// Judges the parameters of callbacks.
    pub(in crate::config) validator: Validator<'c>,
}
