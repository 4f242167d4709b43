//! The command line, in two groups: the flags of the LiteLLM pull request's script, with its names and defaults
//! ([`ScriptArgs`]), and the flags that only this benchmark has ([`LabArgs`]).
//!
//! Where a flag of the script means something else here, its help says so, beginning with "Deviation".

use std::path::PathBuf;

use super::protocol::{Protocol, Providers};

/// Measure a gateway: the pull request's table, or any choice of workloads, against one target or several.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchArgs {
    /// The script's own flags.
    #[command(flatten)]
    pub script: ScriptArgs,
    /// The flags that the script does not have.
    #[command(flatten)]
    pub lab: LabArgs,
}

/// The flags of LiteLLM's `scripts/benchmark_chat_completions_perf.py` (pull request 27816).
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "The script's flags")]
pub struct ScriptArgs {
    /// Name of this run in the table
    #[arg(long, default_value = "current")]
    pub label: String,
    /// Folder in which the gateway is started and whose revision is reported [default: the present one]
    ///
    /// Deviation: the name is kept for the script's users; any gateway's folder will do.
    #[arg(long, value_name = "DIR")]
    pub litellm_dir: Option<PathBuf>,
    /// Command that starts the gateway [default: this program's `serve`]
    ///
    /// Deviation: the script's default is `uv run litellm`. As in the script, `--config F --port P` is appended (and
    /// `--host H` where it is not 127.0.0.1), unless the command has one of the placeholders {config}, {host}, {port}: then
    /// only these are filled in. It is split into words as a shell does with quotes; no shell is run.
    #[arg(long, value_name = "COMMAND")]
    pub proxy_command: Option<String>,
    /// Address the gateway listens on (a number: no name is looked up)
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    pub proxy_host: std::net::IpAddr,
    /// Port of the gateway; 0 picks a free one
    #[arg(long, default_value_t = 4000, value_name = "PORT")]
    pub proxy_port: u16,
    /// Address the mock provider listens on
    #[arg(long, default_value = "127.0.0.1", value_name = "IP")]
    pub provider_host: std::net::IpAddr,
    /// Port of the mock provider; 0 picks a free one
    #[arg(long, default_value_t = 8099, value_name = "PORT")]
    pub provider_port: u16,
    /// Key sent to the gateway, which is also its master key [default: a random one for each run]
    ///
    /// Deviation: the script's default is a key everybody knows. With --no-start-proxy and no key given, no key is sent.
    #[arg(long, env = "MILLRACE_BENCH_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub api_key: Option<String>,
    /// Whole answers asked for in each of the script's phases
    #[arg(long, default_value_t = 500, value_name = "N")]
    pub requests: u64,
    /// How many of them are in flight at a time
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub concurrency: usize,
    /// Whole answers before the measured ones
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub warmup: u64,
    /// Streams asked for in each of the script's stream phases
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub stream_requests: u64,
    /// How many of them are open at a time
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub stream_concurrency: usize,
    /// Streams before the measured ones
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub stream_warmup: u64,
    /// Seconds after which a request has failed
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS")]
    pub timeout: f64,
    /// Seconds the gateway may take to start
    #[arg(long, default_value_t = 90.0, value_name = "SECONDS")]
    pub proxy_start_timeout: f64,
    /// Milliseconds the mock provider waits before a stream's first token
    #[arg(long, default_value_t = 0.0, value_name = "MS")]
    pub provider_first_token_delay_ms: f64,
    /// Content chunks in each of the mock provider's streams
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub provider_stream_content_chunks: u32,
    /// Rounds; the reported run is the one whose whole-answer p50 is the median
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub repeats: usize,
    /// Measure streams to their end, too (this is the default)
    #[arg(long, overrides_with = "no_measure_full_stream")]
    pub measure_full_stream: bool,
    /// Do not measure streams to their end
    #[arg(long)]
    pub no_measure_full_stream: bool,
    /// Measure the gateway that already runs on --proxy-host and --proxy-port
    #[arg(long)]
    pub no_start_proxy: bool,
    /// A provider that already runs, instead of a mock provider of our own (plain http)
    #[arg(long, value_name = "URL")]
    pub provider_url: Option<String>,
    /// Write the result as JSON, with the script's keys
    #[arg(long, value_name = "PATH")]
    pub output_json: Option<PathBuf>,
}

/// Which fast paths of the gateway are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FastPaths {
    /// As the gateway runs by itself
    On,
    /// With a callback registered that has every hook and does nothing in any
    Off,
    /// One after the other in each round: the pull request's before and after
    Both,
}

/// The flags that only this benchmark has.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "The laboratory's flags")]
pub struct LabArgs {
    /// Workloads, in this order: `script` (the pull request's three), `field` (all others), or names of single ones
    /// (`--phase list` shows them) [default: script; whole if --rate is given]
    #[arg(long, value_delimiter = ',', value_name = "NAME,..")]
    pub phase: Vec<String>,
    /// Protocol of the load: what the targets are asked in (anthropic: whole, burst, paced)
    #[arg(long, value_enum, default_value = "openai")]
    pub protocol: Protocol,
    /// Protocol in which the gateway this command starts asks the mock provider, whatever the load speaks
    ///
    /// With `both` and `all`, the gateway is measured as several targets that take turns: the first, to which ratios refer, is
    /// passed through verbatim, the others translated.
    #[arg(long, value_enum, default_value = "openai")]
    pub provider_protocol: Providers,
    /// A running target, or `self` for the gateway this command starts; may be given several times
    ///
    /// With targets given, the gateway is started only if one of them is `self`. PID is that of the target's process or of
    /// the parent of its processes: with it, CPU and memory are measured. KEY is sent as the bearer token.
    #[arg(long, value_name = "NAME=URL[,pid=PID][,key=KEY]")]
    pub target: Vec<String>,
    /// Also measure nginx, if it is installed, as a bare reverse proxy before the same provider
    #[arg(long)]
    pub nginx: bool,
    /// Target to which the ratios refer [default: nginx if present, else the first that is not `direct`]
    #[arg(long, value_name = "NAME")]
    pub reference: Option<String>,
    /// Fast paths of the gateway, switched through its admin API with the master key
    #[arg(long, value_enum, default_value = "on")]
    pub fast_paths: FastPaths,
    /// Leave a stream at its first token, as the script does (this is the default): each sample pays for a new connection,
    /// and the target for noticing that its caller left
    #[arg(long, overrides_with = "ttft_drain")]
    pub ttft_abandon: bool,
    /// Read each stream to its end in the first-token phase and keep the connection
    #[arg(long)]
    pub ttft_drain: bool,
    /// Requests in each of the field's load phases
    #[arg(long, default_value_t = 4000, value_name = "N")]
    pub field_requests: u64,
    /// Requests in flight in each of the field's load phases
    #[arg(long, default_value_t = 16, value_name = "N")]
    pub field_concurrency: usize,
    /// Streams open at a time in the phase streams-memory
    #[arg(long, default_value_t = 500, value_name = "N")]
    pub memory_streams: usize,
    /// Open loop: requests a second, in the phases whole, burst and prompt; latency counts from the intended time
    #[arg(long, value_name = "R", requires = "duration")]
    pub rate: Option<f64>,
    /// Open loop: seconds
    #[arg(long, value_name = "SECONDS", requires = "rate")]
    pub duration: Option<f64>,
    /// Threads of the load generator
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub load_threads: usize,
    /// Worker processes of nginx, and workers of the gateway where it is started by its default command
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub workers: usize,
    /// Keep the target on one core and the mock provider and the load on another [when given without a value: 0:1]
    #[arg(long, value_name = "TARGET:LOAD", num_args = 0..=1, default_missing_value = "0:1")]
    pub pin: Option<String>,
    /// The provider is not our mock: do not insist on the number of chunks, their text, and the model's name
    #[arg(long)]
    pub any_provider: bool,
    /// Write a dated folder with the machine, the command, the versions and the raw data
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "benches/runs")]
    pub record: Option<PathBuf>,
}
