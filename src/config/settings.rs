//! The settings sections of a resolved configuration. Their defaults come from the table in `keys`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use millrace_actors::secret::Secret;

/// `router_settings`, and what `litellm_settings` says about the same things.
#[derive(Clone, Debug)]
pub struct RouterSettings {
    /// Tries after the first, per request, before fallbacks. Default 2.
    pub num_retries: u32,
    /// Time for a whole answer; from here, or `litellm_settings.request_timeout`. `None`: `millrace.total_timeout`.
    pub timeout: Option<Duration>,
    /// Time until a stream's first event. `None`: `timeout`.
    pub stream_timeout: Option<Duration>,
    /// Least wait before a retry. Default 0.
    pub retry_after: Duration,
    /// What to try when a model group failed; targets are known groups, aliases, or match a wildcard.
    pub fallbacks: Vec<Fallback>,
    /// What to try for groups that have no entry in `fallbacks`; also an entry `"*"`.
    pub default_fallbacks: Vec<String>,
    /// How many fallback targets one request may go through. Default 5.
    pub max_fallbacks: u32,
    /// Other names for model groups; free of loops.
    pub aliases: Vec<Alias>,
    /// Failures a minute before a deployment rests. `None`: the rules by share of failures apply.
    pub allowed_fails: Option<u32>,
    /// How long it rests. Default 5 s.
    pub cooldown_time: Duration,
    /// No deployment ever rests.
    pub disable_cooldowns: bool,
    /// How a deployment of a group is chosen.
    pub routing_strategy: RoutingStrategy,
}

/// How a deployment of a group is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoutingStrategy {
    /// At random, by `weight`, else `rpm`, else `tpm`, else evenly.
    #[default]
    SimpleShuffle,
}

/// What to try, in order, when `model` failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// The group that failed.
    pub model: String,
    /// The groups to try, in order.
    pub targets: Vec<String>,
}

/// Another name for a model group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The name callers may use.
    pub name: String,
    /// The group (or alias) it stands for.
    pub target: String,
    /// Not listed by `/v1/models`.
    pub hidden: bool,
}

/// `general_settings`.
#[derive(Clone, Debug)]
pub struct GeneralSettings {
    /// The key that may do everything; from here or `LITELLM_MASTER_KEY`. Never a weak one.
    pub master_key: Option<Secret>,
    /// Largest request body, bytes. Default 32 MiB.
    pub max_request_bytes: u64,
    /// Largest whole (not streamed) upstream answer, bytes. Default 64 MiB.
    pub max_response_bytes: u64,
    /// `true`: usage on every stream, asked for or not. `false`: not asked of upstream unless the caller asks. `None`:
    /// always asked of upstream, shown to who asked.
    pub always_include_stream_usage: Option<bool>,
}

/// `litellm_settings`, apart from callbacks, fallbacks, retries and timeouts.
#[derive(Clone, Debug, Default)]
pub struct LitellmSettings {
    /// Drop parameters that a provider does not know, in place of sending them on.
    pub drop_params: bool,
    /// Callbacks that log get no prompts and no answers.
    pub turn_off_message_logging: bool,
    /// Log lines are JSON objects.
    pub json_logs: bool,
}

/// `millrace`: what LiteLLM has no key for.
#[derive(Clone, Debug)]
pub struct MillraceSettings {
    /// Address to listen on. Numeric: a name that resolves twice would run the App factory twice per worker.
    pub host: IpAddr,
    /// Port to listen on. Default 4000, as LiteLLM.
    pub port: u16,
    /// Worker threads; `None`: one per core.
    pub workers: Option<usize>,
    /// How long streams may go on after SIGTERM. Default 600 s.
    pub shutdown_grace: Duration,
    /// A comment line is sent to a waiting streaming client this often; `None` (default): never.
    pub stream_heartbeat: Option<Duration>,
    /// Longest wait for the head and first event of an answer. Default 300 s.
    pub first_token_timeout: Duration,
    /// Longest silence within a stream. Default 120 s.
    pub idle_timeout: Duration,
    /// Longest whole exchange, where nothing else sets a timeout. Default 6000 s, as LiteLLM.
    pub total_timeout: Duration,
    /// Longest TCP and TLS set-up. Default 5 s.
    pub connect_timeout: Duration,
    /// Largest single SSE event, bytes. Default 8 MiB.
    pub max_event_bytes: usize,
    /// Bytes a stream may hold for a slow client before upstream is no longer read. Default 256 KiB.
    pub credit_bytes: usize,
    /// What of an upload is kept in memory for another try, bytes. Default 1 MiB, as other proxies have it.
    pub upload_replay_bytes: usize,
    /// What forms that must be read before they are sent may take on the disk, all together, bytes. Default 1 GiB: 32 of the
    /// largest at a time.
    pub upload_spool_bytes: usize,
    /// Longest pause within a request body. Default 30 s.
    pub client_body_idle_timeout: Duration,
    /// Longest time a client may take nothing of a stream that has bytes for it. Default 60 s.
    pub write_idle_timeout: Duration,
    /// How long an idle client connection is kept. Default 75 s.
    pub keep_alive: Duration,
    /// Where we may write. `None`: nothing is written to disk.
    pub data_dir: Option<PathBuf>,
    /// A price map in LiteLLM's format, in place of the built-in one.
    pub price_file: Option<PathBuf>,
    /// Exchanges at once, over all workers; more are refused with 503. Default 4096.
    pub max_in_flight: usize,
    /// Keys of LiteLLM that protect something, are not served here, and that the operator accepts as having no effect.
    pub accept_unenforced: Vec<String>,
}

impl Default for RouterSettings {
    fn default() -> Self {
        Self {
            num_retries: 2,
            timeout: None,
            stream_timeout: None,
            retry_after: Duration::ZERO,
            fallbacks: Vec::new(),
            default_fallbacks: Vec::new(),
            max_fallbacks: 5,
            aliases: Vec::new(),
            allowed_fails: None,
            cooldown_time: Duration::from_secs(5),
            disable_cooldowns: false,
            routing_strategy: RoutingStrategy::SimpleShuffle,
        }
    }
}

impl Default for GeneralSettings {
    fn default() -> Self {
        Self {
            master_key: None,
            max_request_bytes: 32 << 20,
            max_response_bytes: 64 << 20,
            always_include_stream_usage: None,
        }
    }
}

impl Default for MillraceSettings {
    fn default() -> Self {
        Self {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 4000,
            workers: None,
            shutdown_grace: Duration::from_secs(600),
            stream_heartbeat: None,
            first_token_timeout: Duration::from_secs(300),
            idle_timeout: Duration::from_secs(120),
            total_timeout: Duration::from_secs(6000),
            connect_timeout: Duration::from_secs(5),
            max_event_bytes: 8 << 20,
            credit_bytes: 256 << 10,
            upload_replay_bytes: 1 << 20,
            upload_spool_bytes: 1 << 30,
            client_body_idle_timeout: Duration::from_secs(30),
            write_idle_timeout: Duration::from_secs(60),
            keep_alive: Duration::from_secs(75),
            data_dir: None,
            price_file: None,
            max_in_flight: 4096,
            accept_unenforced: Vec::new(),
        }
    }
}
