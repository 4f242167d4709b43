//! The command line: one file per subcommand; this file only lists them.

pub mod check;
pub mod demo;
pub mod healthcheck;
pub mod serve;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use millrace_lab::say::say;
use millrace_lab::{bench, mock};

use crate::callbacks;

/// An LLM gateway: the OpenAI API to callers, LiteLLM's configuration and admin API to operators.
#[derive(Parser, Debug)]
#[command(name = "millrace", version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the gateway.
    Serve(serve::ServeArgs),
    /// Check a configuration: every complaint at once, with file, line and column.
    Check(check::CheckArgs),
    /// Try it: a mock provider and a gateway in front of it, with ready commands to paste.
    Demo(demo::DemoArgs),
    /// A mock provider that speaks OpenAI's API, and can misbehave on demand.
    Mock(Box<mock::MockArgs>),
    /// Measure this gateway, or any other, side by side.
    Bench(Box<bench::BenchArgs>),
    /// Ask a running gateway whether it is ready; exits 0 or 1.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Parses the command line and runs what it asks for.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(args) => serve::run(&args),
        Command::Check(args) => check::run(args, &callbacks::validate),
        Command::Demo(args) => demo::run(&args),
        Command::Mock(args) => told(mock::run(*args)),
        Command::Bench(args) => bench::run(*args).unwrap_or_else(|error| told(Err(error))),
        Command::Healthcheck(args) => healthcheck::run(&args),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "millrace", &mut text);
            if say(&String::from_utf8_lossy(&text)) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

fn told<E: std::fmt::Display>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("millrace: {error}");
            ExitCode::FAILURE
        }
    }
}
