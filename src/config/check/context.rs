//! What the check needs besides the tree, and how callbacks are asked about their parameters.

use std::path::PathBuf;

use millrace_actors::ports::ParamError;
use serde_json::Value;

use crate::config::model::Place;
use crate::config::node::At;

/// Judges the parameters of a callback of the given kind. A parameter of `load`, so that the configuration needs to
/// know nothing of callbacks, and what they complain about still gets a line number.
pub type Validator<'v> = &'v dyn Fn(&str, &Value) -> Result<(), Vec<ParamError>>;

/// What the check needs besides the tree.
pub(in crate::config) struct Context<'c> {
    /// Names of the files, by number.
    pub(in crate::config) files: Vec<PathBuf>,
    /// Judges the parameters of callbacks.
    pub(in crate::config) validator: Validator<'c>,
}

impl Context<'_> {
    /// A place as complaints and records name it.
    pub(in crate::config) fn place(&self, at: At) -> Place {
        Place { file: self.files.get(at.file).cloned().unwrap_or_default(), line: at.line, column: at.column }
    }
}
