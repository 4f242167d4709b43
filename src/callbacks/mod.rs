//! The built-in callbacks, one a file, and the factory that makes them.
//!
//! ```text
//! spec ── admin: what may come over HTTP ── read: parameters ── start: files, threads ── Arc<dyn Callback>
//! ```

mod admin;
mod deny_words;
mod headers;
mod jsonl;
mod noop;
mod params;
mod redact;
mod sink;
mod sink_callback;
mod sink_params;
#[cfg(test)]
mod testing;
mod webhook;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use millrace_actors::ports::{Callback, CallbackFactory, CallbackSpec, ParamError};
use millrace_actors::upstream::TlsTrust;
use parking_lot::RwLock;
use serde_json::Value;

pub use admin::shown;

/// Every kind there is.
pub const KINDS: [&str; 5] = ["deny_words", "headers", "jsonl", "noop", "webhook"];

/// Makes the built-in callbacks.
pub struct Builtins {
    data_dir: Option<PathBuf>,
    tls: Option<TlsTrust>,
    /// The specs of the configuration. Read and written only when callbacks change, never on a request's path.
    configured: RwLock<Vec<CallbackSpec>>,
}

impl Builtins {
    /// `data_dir` is where relative paths lie; without it there are none.
    pub fn new(data_dir: Option<PathBuf>) -> Self {
        Builtins { data_dir, tls: None, configured: RwLock::default() }
    }

    /// Believes these certificates in place of the public roots only.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsTrust) -> Self {
        self.tls = Some(tls);
        self
    }
}

impl CallbackFactory for Builtins {
    fn make(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        read(&spec.kind, &spec.params, self.data_dir.as_deref())?.start(&spec.name, self.tls.as_ref())
    }

    fn make_for_admin(&self, spec: &CallbackSpec) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        let mut errors = admin::check(spec, &self.configured.read(), self.data_dir.as_deref());
        if errors.is_empty() {
            return self.make(spec);
        }
        errors.extend(read(&spec.kind, &spec.params, self.data_dir.as_deref()).err().unwrap_or_default());
        Err(errors)
    }

    fn configured(&self, specs: &[CallbackSpec]) {
        *self.configured.write() = specs.to_vec();
    }
}

/// Checks the parameters of a callback of the configuration, without opening a file or starting a thread.
///
/// # Errors
/// Every complaint.
pub fn validate(kind: &str, params: &Value) -> Result<(), Vec<ParamError>> {
    // any directory will do: whether there is one is known only where the callback is made
    read(kind, params, Some(Path::new("/"))).map(drop)
}

/// Checked parameters of each kind.
enum Checked {
    DenyWords(deny_words::Params),
    Headers(headers::Headers),
    Jsonl(jsonl::Params),
    Noop(noop::Noop),
    Webhook(Box<webhook::Params>),
}

fn read(kind: &str, params: &Value, data_dir: Option<&Path>) -> Result<Checked, Vec<ParamError>> {
    match kind {
        "deny_words" => deny_words::read(params).map(Checked::DenyWords),
        "headers" => headers::read(params).map(Checked::Headers),
        "jsonl" => jsonl::read(params, data_dir).map(Checked::Jsonl),
        "noop" => noop::read(params).map(Checked::Noop),
        "webhook" => webhook::read(params).map(|params| Checked::Webhook(Box::new(params))),
        _ => {
            let hint =
                params::nearest(kind, &KINDS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("no callback of kind `{kind}` is built in: there are {}{hint}", KINDS.join(", "));
            Err(vec![ParamError { pointer: String::new(), message }])
        }
    }
}

impl Checked {
    fn start(self, name: &str, tls: Option<&TlsTrust>) -> Result<Arc<dyn Callback>, Vec<ParamError>> {
        Ok(match self {
            Checked::DenyWords(params) => Arc::new(deny_words::start(name, params)),
            Checked::Headers(headers) => Arc::new(headers),
            Checked::Jsonl(params) => Arc::new(jsonl::start(name, params)?),
            Checked::Noop(noop) => Arc::new(noop),
            Checked::Webhook(params) => Arc::new(webhook::start(name, *params, tls)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(kind: &str, params: Value) -> CallbackSpec {
        CallbackSpec { name: format!("my-{kind}"), kind: kind.to_owned(), params }
    }

    #[actix_web::test]
    async fn each_kind_can_be_made() {
        let dir = tempfile::tempdir().unwrap();
        let factory = Builtins::new(Some(dir.path().to_owned()));
        let params = [
            json!({"words": ["bad"]}),
            json!({"headers": {"x-a": "b"}}),
            json!({"path": "x.jsonl"}),
            Value::Null,
            json!({"url": "http://127.0.0.1:9/"}),
        ];
        for (kind, params) in KINDS.into_iter().zip(params) {
            validate(kind, &params).unwrap();
            let made = factory.make(&spec(kind, params)).unwrap_or_else(|errors| panic!("{kind}: {errors:?}"));
            assert_eq!(made.kind(), kind);
        }
        assert!(dir.path().join("x.jsonl").exists());
    }

    #[test]
    fn an_unknown_kind_is_met_with_the_nearest() {
        let errors = validate("web_hook", &Value::Null).unwrap_err();
        assert!(errors[0].message.contains("did you mean `webhook`?"), "{}", errors[0].message);
        let errors = Builtins::new(None).make(&spec("langfuse", Value::Null)).err().unwrap();
        assert!(errors[0].message.contains("there are deny_words, headers, jsonl, noop, webhook"), "{errors:?}");
    }

    #[test]
    fn validating_opens_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.jsonl");
        validate("jsonl", &json!({"path": path})).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn the_admin_surface_gets_what_the_configuration_has_and_little_more() {
        let dir = tempfile::tempdir().unwrap();
        let makes = Builtins::new(Some(dir.path().to_owned()));
        let outside = tempfile::tempdir().unwrap();
        let given = spec("jsonl", json!({"path": outside.path().join("log")}));
        assert_eq!(makes.make_for_admin(&given).err().unwrap()[0].pointer, "/path");
        assert!(!outside.path().join("log").exists());
        makes.configured(std::slice::from_ref(&given));
        assert!(makes.make(&given).is_ok() && makes.make_for_admin(&given).is_ok());
        makes.configured(&[]);
        assert!(makes.make_for_admin(&given).is_err());
        assert!(makes.make_for_admin(&spec("jsonl", json!({"path": "mine.jsonl"}))).is_ok());
        let errors =
            makes.make_for_admin(&spec("webhook", json!({"url": "http://10.0.0.1", "batch": 3}))).err().unwrap();
        assert_eq!(errors.iter().map(|e| e.pointer.as_str()).collect::<Vec<_>>(), ["/url", "/batch"], "all at once");
    }
}
