//! `millrace bench`: measures gateways side by side, and judges every answer it counts.
//!
//! The way of a run: [`args`] are checked into [`settings`]; the [`stand`] brings up the mock provider, the gateway and
//! nginx as child processes ([`target`]); the [`rounds`] run each of the [`phases`] on each target with the load
//! generator ([`load`], over the client in [`http`], judged by [`check`]) while [`system`] reads what the target's
//! processes spend; the [`report`] brings the rounds together.
//!
//! Latencies in the script's phases are taken and rounded as LiteLLM's script does; all others come from an HDR
//! histogram. A ratio is always taken within a round, and the median of these ratios is shown.

pub mod args;
pub mod check;
pub mod error;
pub mod http;
pub mod latency;
pub mod load;
pub mod phases;
pub mod protocol;
pub mod report;
pub mod rounds;
#[cfg(test)]
mod scripted;
pub mod settings;
pub mod sizes;
pub mod stand;
pub mod stats;
pub mod system;
pub mod target;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

pub use args::BenchArgs;
pub use error::Error;

use args::FastPaths;
use load::stop::Stop;
use report::json::{Extra, document};
use report::script::{HEADER, ScriptReport};
use report::summary::{PhaseSummary, summarize};
use report::{record, table};
use rounds::Cell;
use settings::Settings;
use stand::Stand;

use crate::say::say;
use target::named::SELF;

/// Runs the benchmark and prints its tables. The exit code is 1 if any answer was wrong.
///
/// Not to be called from within an async runtime: it brings its own. On SIGINT, SIGTERM and SIGHUP it stops the processes
/// it started and returns [`Error::Interrupted`].
pub fn run(args: BenchArgs) -> Result<ExitCode, Error> {
    if args.lab.phase.iter().any(|name| name == "list") {
        say(&phases::list());
        return Ok(ExitCode::SUCCESS);
    }
    let settings = Settings::check(&args)?;
    let stop = Stop::default();
    watch_signals(&stop)?;
    let mut stand = Stand::up(&args, &settings, &stop)?;
    let cells = rounds::run(&settings, &mut stand, &stop)?;
    report(&args, &settings, &stand, &cells)
}

/// Sets `stop` at the first signal, from a thread of its own that lives as long as the process.
fn watch_signals(stop: &Stop) -> Result<(), Error> {
    let failed = |source| Error::System { action: "listen for signals", source };
    let runtime = load::drive::runtime()?;
    let (mut interrupt, mut terminate, mut hangup) = {
        let _inside = runtime.enter();
        let listen = |kind| signal(kind).map_err(failed);
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?)
    };
    let stop = stop.clone();
    std::thread::spawn(move || {
        runtime.block_on(async {
            tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hangup.recv() => {} }
        });
        stop.set();
    });
    Ok(())
}

fn report(args: &BenchArgs, settings: &Settings, stand: &Stand, cells: &[Cell]) -> Result<ExitCode, Error> {
    let label = &args.script.label;
    let revision = system::machine::revision(args.script.litellm_dir.as_deref().unwrap_or(Path::new(".")));
    let names: Vec<&str> = stand.targets.iter().map(|target| target.name.as_str()).collect();
    let rows: Vec<&str> = std::iter::once(target::DIRECT).chain(names.iter().copied()).collect();
    let phases = summarize(cells, &rows, &stand.reference);
    let scripts = scripts(args, stand, cells, &revision);
    let text = text(&phases, &scripts, &stand.reference);
    say(&text);
    let failed = table::failures(&phases);
    eprint!("{failed}");
    let extra = Extra { label, revision: &revision, phases: &phases, reference: &stand.reference, cells };
    // Of two fast-path variants the script's keys stand for the gateway as it runs by itself: the last.
    let own = names.iter().rposition(|name| name.starts_with(SELF)).and_then(|at| scripts.get(at)).or(scripts.first());
    let document = document(own, &scripts, extra);
    if let Some(path) = &args.script.output_json {
        std::fs::write(path, format!("{document:#}\n")).map_err(|source| Error::file("write", path, source))?;
    }
    if let Some(dir) = &settings.record {
        let arguments: Vec<String> = std::env::args().collect();
        let (machine, versions) = (system::machine::Machine::read(Path::new("/proc")), versions(args)?);
        let summary = format!("{text}{failed}");
        let folder = record::write(
            dir,
            record::Record { label, arguments: &arguments, machine, versions, document, summary: &summary },
        )?;
        say(&format!("\nrecorded in {}\n", folder.display()));
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The script's reports, one a target, in their order; none if its phases were not measured.
fn scripts(args: &BenchArgs, stand: &Stand, cells: &[Cell], revision: &str) -> Vec<ScriptReport> {
    let log = args.script.output_json.as_ref().and_then(|_| stand.keep_gateway_log());
    let report = |target: &target::Target| {
        let own = target.name.starts_with(SELF);
        let label = match target.fast_paths {
            Some(on) => format!("{} (fast paths {})", args.script.label, if on { "on" } else { "off" }),
            None if own && target.models.is_empty() => args.script.label.clone(),
            None => target.name.clone(),
        };
        let revision = if own { revision.to_owned() } else { "unknown".to_owned() };
        let mut report = ScriptReport::of(cells, &target.name, label, revision)?;
        report.proxy_log_path = log.as_ref().filter(|_| own).map(|path| path.display().to_string());
        Some(report)
    };
    stand.targets.iter().filter_map(report).collect()
}

fn text(phases: &[PhaseSummary], scripts: &[ScriptReport], reference: &str) -> String {
    let tables = table::tables(phases, reference);
    if scripts.is_empty() {
        return tables;
    }
    let rows: Vec<String> = scripts.iter().map(ScriptReport::row).collect();
    format!("{HEADER}\n{}\n{tables}", rows.join("\n"))
}

/// What the programs of the run say of themselves. Of a gateway with another command only the run's label tells.
fn versions(args: &BenchArgs) -> Result<Vec<(&'static str, String)>, Error> {
    let said = |program: &Path, argument| {
        system::machine::version(program, argument).unwrap_or_else(|| "not installed".to_owned())
    };
    let mut versions = vec![("millrace", said(&target::mock::own_program()?, "--version"))];
    versions.push(("rustc", said(Path::new("rustc"), "--version")));
    if args.lab.nginx {
        let program = target::nginx::find().unwrap_or_else(|| "nginx".into());
        versions.push(("nginx", said(&program, "-v")));
    }
    if args.lab.fast_paths != FastPaths::On {
        versions.push(("fast paths", "switched through the callbacks API".to_owned()));
    }
    Ok(versions)
}
