//! `millrace check FILE`: says everything that is wrong with a configuration, before it is run.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use millrace_actors::record;
use millrace_lab::say::say;

use crate::config::model::{Config, ModelEntry};
use crate::config::report::{Report, Severity, counted};
use crate::config::{ProcessEnv, Validator, check_bind, load, tables};

/// Checks a configuration file and prints every complaint with its line.
#[derive(Args, Clone, Debug)]
pub struct CheckArgs {
    /// The file to check.
    #[arg(value_name = "FILE", required_unless_present_any = ["schema", "defaults", "record_schema"])]
    pub file: Option<PathBuf>,
    /// Print complaints and notices as a JSON array.
    #[arg(long)]
    pub json: bool,
    /// Print the JSON schema of the file, for editors, and stop.
    #[arg(long, conflicts_with_all = ["file", "json", "defaults"])]
    pub schema: bool,
    /// Print every key with its default and meaning, as Markdown, and stop.
    #[arg(long, conflicts_with_all = ["file", "json"])]
    pub defaults: bool,
    /// Print the JSON schema of a log record, which is what log callbacks are given, and stop.
    #[arg(long, conflicts_with_all = ["file", "json", "schema", "defaults"])]
    pub record_schema: bool,
}

/// Runs the subcommand: 0 if the file can be run, 1 if not. `validator` judges the parameters of callbacks.
pub fn run(args: CheckArgs, validator: Validator<'_>) -> ExitCode {
    let (text, good) = answer(&args, validator);
    if say(&text) && good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What is printed, and whether all is well.
fn answer(args: &CheckArgs, validator: Validator<'_>) -> (String, bool) {
    if args.schema {
        return (tables::schema(), true);
    }
    if args.defaults {
        return (tables::defaults(), true);
    }
    if args.record_schema {
        return (format!("{:#}\n", record::schema()), true);
    }
    let Some(file) = &args.file else {
        return ("error: no file given; write `millrace check FILE`\n".to_owned(), false);
    };
    match load(file, &ProcessEnv, validator) {
        Ok(config) if args.json => {
            let report = whole(&config);
            (format!("{}\n", report.to_json()), !report.has_errors())
        }
        Ok(config) => summary(&config),
        Err(report) if args.json => (format!("{}\n", report.to_json()), false),
        Err(report) => (format!("{report}\n"), false),
    }
}

/// What is worth knowing of a file that can be read, and that the server would refuse to listen, if it would.
fn whole(config: &Config) -> Report {
    let mut report = Report::of_notices(&config.notices);
    let open = check_bind(config.millrace.host, config).err();
    report.complaints.extend(open.map(|open| open.complaint(config.host_place.clone().unwrap_or_default())));
    report
}

/// A row for each model; not well if the server would refuse to listen.
fn summary(config: &Config) -> (String, bool) {
    let mut out = String::new();
    for notice in &config.notices {
        out.push_str(&format!("{}: {} {}: {}\n", notice.place, Severity::Notice, notice.code, notice.message));
    }
    let width = config.models.iter().map(|model| model.model_name.chars().count()).max().unwrap_or(0);
    for model in &config.models {
        out.push_str(&row(model, width));
    }
    for callback in &config.callbacks {
        out.push_str(&format!("  callback {} ({})\n", callback.name, callback.kind));
    }
    let key = if config.general.master_key.is_some() { "with" } else { "without" };
    let millrace = &config.millrace;
    out.push_str(&format!("  listens on {}:{} {key} a master key\n", millrace.host, millrace.port));
    if let Some(error) = whole(config).complaints.iter().find(|complaint| complaint.severity == Severity::Error) {
        out.push_str(&error.to_string());
        return (out, false);
    }
    let (models, notices) = (counted(config.models.len(), "deployment"), counted(config.notices.len(), "notice"));
    out.push_str(&format!("ok: {models}, {notices}\n"));
    (out, true)
}

fn row(model: &ModelEntry, width: usize) -> String {
    let key = if model.api_key.is_some() { "" } else { ", no key" };
    let ModelEntry { model_name, provider, upstream_model, api_base, .. } = model;
    format!("  {model_name:width$}  {provider}/{upstream_model} at {api_base}{key}\n")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use clap::Parser;

    use super::{CheckArgs, answer};

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        check: CheckArgs,
    }

    fn run(text: &str, flags: &[&str]) -> (String, bool) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let path = file.path().to_str().unwrap().to_owned();
        let words = ["check", path.as_str()].into_iter().chain(flags.iter().copied());
        answer(&Cli::try_parse_from(words).unwrap().check, &|_, _| Ok(()))
    }

    const GOOD: &str = "model_list:\n- model_name: a\n  litellm_params: {model: hosted_vllm/m, api_base: 'http://h:1/v1', api_key: k-canary, tags: [x]}\n";

    #[test]
    fn a_good_file_is_summed_up() {
        let (text, good) = run(GOOD, &[]);
        assert!(good, "{text}");
        assert!(text.contains("a  hosted_vllm/m at http://h:1/v1"), "{text}");
        assert!(
            text.contains("not supported yet and has no effect") && text.contains("ok: 1 deployment, 1 notice\n"),
            "{text}"
        );
        assert!(!text.contains("canary"), "{text}");
    }

    #[test]
    fn an_open_gateway_does_not_pass() {
        let (text, good) = run(&format!("{GOOD}millrace: {{host: 0.0.0.0}}\n"), &[]);
        assert!(!good && text.contains("MR1051"), "{text}");
    }

    #[test]
    fn a_bad_file_fails_in_both_forms() {
        let (text, good) = run("modle_list: []\n", &[]);
        assert!(!good && text.contains("did you mean `model_list`?") && text.contains("^^^^^^^^^^"), "{text}");
        let (text, good) = run("modle_list: []\n", &["--json"]);
        let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(!good);
        assert_eq!((&rows[0]["code"], &rows[0]["line"], &rows[0]["column"]), (&"MR1022".into(), &1.into(), &1.into()));
        let (text, good) = run(GOOD, &["--json"]);
        let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(good && rows[0]["severity"] == "notice", "{text}");
    }

    #[test]
    fn the_file_is_needed_but_for_the_tables() {
        assert!(Cli::try_parse_from(["check"]).is_err());
        let args = Cli::try_parse_from(["check", "--defaults"]).unwrap().check;
        assert!(answer(&args, &|_, _| Ok(())).0.contains("| `num_retries` |"));
    }
}
