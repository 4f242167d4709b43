//! The built-in callbacks, one a file, and the factory that makes them.
//!
//! ```text
//! spec ── admin rules, if it came over HTTP ── read: parameters ── start: files, threads ── Arc<dyn Callback>
//! ```

mod headers;
mod jsonl;
mod noop;
mod params;
mod redact;
mod sink;
mod sink_params;
#[cfg(test)]
mod testing;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use millrace_actors::ports::{Callback, CallbackFactory, CallbackSpec, ParamError};
use serde_json::Value;

/// Every kind there is.
pub const KINDS: [&str; 3] = ["headers", "jsonl", "noop"];

/// Makes the built-in callbacks.
pub struct Builtins {
    data_dir: Option<PathBuf>,
}

impl Builtins {
    /// `data_dir` is where relative paths lie.
    pub fn new(data_dir: Option<PathBuf>) -> Self {
        Builtins { data_dir }
    }
}

impl CallbackFactory for Builtins {
    fn make(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        read(&spec.kind, &spec.params, self.data_dir.as_deref())?.start(&spec.name)
    }
}

/// Checks parameters without opening a file or starting a thread.
///
/// # Errors
/// Every complaint.
pub fn validate(kind: &str, params: &Value) -> Result<(), Vec<ParamError>> {
    // any directory will do: whether there is one is known only where the callback is made
    read(kind, params, Some(Path::new("/"))).map(drop)
}

/// Checked parameters of each kind.
enum Checked {
    Headers(headers::Headers),
    Jsonl(jsonl::Params),
    Noop(noop::Noop),
}

fn read(kind: &str, params: &Value, data_dir: Option<&Path>) -> Result<Checked, Vec<ParamError>> {
    match kind {
        "headers" => headers::read(params).map(Checked::Headers),
        "jsonl" => jsonl::read(params, data_dir).map(Checked::Jsonl),
        "noop" => noop::read(params).map(Checked::Noop),
        _ => {
            let hint =
                params::nearest(kind, &KINDS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("no callback of kind `{kind}` is built in: there are {}{hint}", KINDS.join(", "));
            Err(vec![ParamError { pointer: String::new(), message }])
        }
    }
}

impl Checked {
    fn start(self, name: &str) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        Ok(match self {
            Checked::Headers(headers) => Arc::new(headers),
            Checked::Jsonl(params) => Arc::new(jsonl::start(name, params)?),
            Checked::Noop(noop) => Arc::new(noop),
        })
    }
}
