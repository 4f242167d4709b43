//! `millrace mock`: the mock provider as a program.

use super::{behaviour::Behaviour, choices::ScriptEnd, config::MockConfig, grammar, server::MockServer, value::Value};
use crate::say::say;
use std::{io, net::SocketAddr};

/// A provider that speaks OpenAI's and Anthropic's API and misbehaves on demand, on loopback by default, with no key asked.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = grammar::help())]
pub struct MockArgs {
    /// Where to listen; port 0 takes a free one. Whoever can reach it can use it.
    #[arg(long, default_value = "127.0.0.1:9099", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Refuse every connection, as a provider that is down; the port stays taken.
    #[arg(long)]
    pub refuse: bool,
    /// Threads that answer.
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub workers: usize,
    /// What to do with every request: key=value,key=value (see below).
    #[arg(long, default_value = "", value_name = "SPEC")]
    pub behaviour: Behaviour,
    /// What to do with the n-th API request, given n times; each step stands in the place of --behaviour.
    #[arg(long = "script", value_name = "SPEC")]
    pub script: Vec<Behaviour>,
    /// After the last step of the script: back to --behaviour, or that step again and again.
    #[arg(long, default_value = "default", value_parser = ScriptEnd::read, value_name = "default|repeat-last")]
    pub script_end: ScriptEnd,
    /// Models that /v1/models lists; any model can be asked.
    #[arg(long = "model", default_values_t = ["mock".to_owned()], value_name = "NAME")]
    pub models: Vec<String>,
    /// Put behind the model's name in answers, as -2024-08-06.
    #[arg(long, default_value = "", allow_hyphen_values = true, value_name = "TEXT")]
    pub model_suffix: String,
    /// Show the last N requests at /requests, with all their headers, keys included; 0 keeps none.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub record: usize,
    /// Largest request body in bytes.
    #[arg(long, default_value_t = 256 << 20, value_name = "BYTES")]
    pub max_body: usize,
}

impl From<MockArgs> for MockConfig {
    fn from(args: MockArgs) -> Self {
        Self {
            listen: args.listen,
            workers: args.workers,
            behaviour: args.behaviour,
            script: args.script,
            script_end: args.script_end,
            record: args.record,
            models: args.models,
            model_suffix: args.model_suffix,
            max_body: args.max_body,
        }
    }
}

/// The mock could not run.
#[derive(Debug, thiserror::Error)]
pub enum MockError {
    /// The listener could not be opened.
    #[error("cannot listen on {addr}: {source}; choose another with --listen, port 0 takes a free one")]
    Listen {
        /// What was asked for.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Signals could not be waited for.
    #[error("cannot wait for signals: {0}")]
    Signals(#[source] io::Error),
}

/// Runs the mock until SIGINT or SIGTERM. Prints its base URL on standard output once it is ready.
///
/// # Errors
/// It cannot listen, or not wait for signals.
pub fn run(args: MockArgs) -> Result<(), MockError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(MockError::Signals)?;
    runtime.block_on(serve(args))
}

/// As [`run`], within a tokio runtime; the server has its own threads all the same.
///
/// # Errors
/// It cannot listen, or not wait for signals.
pub async fn serve(args: MockArgs) -> Result<(), MockError> {
    let addr = args.listen;
    let listen = |source| MockError::Listen { addr, source };
    let refuse = args.refuse;
    let server = MockServer::start(args.into()).map_err(listen)?;
    if refuse {
        server.refuse(true).map_err(listen)?;
    }
    say(&format!("{}\n", server.base_url()));
    log::info!("mock ready addr={}", server.addr());
    stopped().await.map_err(MockError::Signals)?;
    let stats = server.stats();
    log::info!(
        "mock stops requests={} streams={} faults={}",
        stats.requests,
        stats.streams_started,
        stats.faults_played
    );
    Ok(())
}

#[cfg(unix)]
async fn stopped() -> io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupt = tokio::signal::ctrl_c() => interrupt,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stopped() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
