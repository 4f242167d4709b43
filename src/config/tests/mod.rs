//! Whole files in, whole configurations or reports out.

mod aws;
mod bad;
mod bedrock;
mod bombs;
mod canary;
mod clouds;
mod examples;
mod files;
mod good;
mod tables;

use std::collections::BTreeMap;
use std::path::Path;

use super::model::Config;
use super::report::{Complaint, Report};
use millrace_actors::ports::ParamError;

use super::load_text;

/// A validator with one rule, so that its complaints can be placed: `webhook` needs a `url` that begins with `https`.
fn validator(kind: &str, params: &serde_json::Value) -> Result<(), Vec<ParamError>> {
    let sound = params["url"].as_str().is_some_and(|url| url.starts_with("https"));
    if kind != "webhook" || sound {
        return Ok(());
    }
    Err(vec![ParamError { pointer: "/url".to_owned(), message: "must begin with https".to_owned() }])
}

fn env() -> BTreeMap<String, String> {
    let pairs = [("OPENAI_API_KEY", "sk-openai-canary"), ("EMPTY", ""), ("FIVE", "5"), ("URL", "http://env:1/v1")];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

fn read(text: &str) -> Result<Config, Report> {
    load_text(Path::new("c.yaml"), text, &env(), &validator)
}

/// The configuration of a text that must be good.
fn good(text: &str) -> Config {
    read(text).unwrap_or_else(|report| panic!("{report}"))
}

/// The first complaint that stops the start.
fn first_error(text: &str) -> Complaint {
    let report = read(text).err().unwrap_or_else(|| panic!("accepted: {text}"));
    let error = report.complaints.iter().find(|complaint| complaint.severity == super::report::Severity::Error);
    error.cloned().unwrap_or_else(|| panic!("no error in {report}"))
}
