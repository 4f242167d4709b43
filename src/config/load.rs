//! From a file, or from nothing but the environment, to a [`Config`] or a [`Report`].

use std::path::Path;

use super::check::{Context, Validator, check, environment_block};
use super::finding::Finding;
use super::model::Config;
use super::node::At;
use super::reader::Reader;
use super::report::Report;
use super::source::{Sources, from_text, read_all};
use super::vars::{Env, Vars};

/// Most complaints in a report: beyond that a file is broken in one way, many times.
const MAX_COMPLAINTS: usize = 200;

/// What stands in for a file when there is none.
const FROM_ENVIRONMENT: &str = "(environment)";

/// What is served when there is no file: every model of OpenAI's, under its own name.
const WILDCARD: &str = "model_list: [{model_name: '*', litellm_params: {model: 'openai/*'}}]";

/// Reads the file and everything it includes, and checks it whole.
///
/// `env` is asked for `os.environ/NAME` and for the few variables that stand in for a missing key; it is never changed.
/// `validator` judges the parameters of callbacks. The `Err` holds every error and every notice, in order.
pub fn load(path: &Path, env: &dyn Env, validator: Validator<'_>) -> Result<Config, Report> {
    resolve(read_all(path, env), env, validator)
}

/// As [`load`], for a text that is not (yet) a file; `path` is what complaints name and what `include` is relative to.
pub fn load_text(path: &Path, text: &str, env: &dyn Env, validator: Validator<'_>) -> Result<Config, Report> {
    resolve(from_text(path, text, env), env, validator)
}

/// A configuration from `OPENAI_API_KEY` and `OPENAI_BASE_URL`: `*` to `openai/*`. `None` without the former.
///
/// `LITELLM_MASTER_KEY` counts as well. The error is about a variable: an address that cannot be called, a weak key.
pub fn from_env(env: &dyn Env) -> Option<Result<Config, Report>> {
    Vars::new(env).first(&["OPENAI_API_KEY"])?;
    let sources = from_text(Path::new(FROM_ENVIRONMENT), WILDCARD, env);
    let resolved = resolve(sources, env, &|_, _| Ok(()));
    Some(resolved.map(|mut config| {
        // There is no file to watch.
        config.files.clear();
        config
    }))
}

fn resolve(sources: Sources, env: &dyn Env, validator: Validator<'_>) -> Result<Config, Report> {
    let Sources { root, files, mut found } = sources;
    let mut vars = Vars::new(env);
    found.extend(environment_block(&root, &mut vars));
    let context = Context { files: files.iter().map(|file| file.path.clone()).collect(), validator };
    let mut reader = Reader::new(&vars);
    let mut config = check(&mut reader, &root, &context);
    found.append(&mut reader.found);
    let mut failed = found.iter().any(Finding::is_error);
    if config.models.is_empty() && !failed {
        failed = !config.left_out.is_empty();
        found.push(no_model(failed));
    }
    found.sort_by_key(Finding::order);
    // Errors come first where there are too many: the notices of a refused file can wait.
    if found.len() > MAX_COMPLAINTS {
        found.sort_by_key(|finding| !finding.is_error());
    }
    let left_off = found.len().saturating_sub(MAX_COMPLAINTS);
    found.truncate(MAX_COMPLAINTS);
    found.sort_by_key(Finding::order);
    let complaints = found.into_iter().map(|finding| finding.finish(&files)).collect();
    let report = Report { complaints, left_off };
    if failed {
        return Err(report);
    }
    config.notices = report.notices();
    Ok(config)
}

/// Nothing can be called: on purpose, as it may be, or since all that is configured was left out.
fn no_model(all_left_out: bool) -> Finding {
    let start = At { file: 0, line: 1, column: 1, width: 1 };
    let finding = match all_left_out {
        true => {
            let message = "nothing can be called: the providers of all deployments are not supported yet";
            Finding::error("MR1302", start, message, "add a deployment of one that is supported")
        }
        false => {
            let message = "no model is configured, so nothing can be called";
            Finding::notice("MR1302", start, message, "add a `model_list`")
        }
    };
    finding.key("model_list")
}
