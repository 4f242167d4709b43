//! `millrace serve`: the gateway.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use millrace_actors::secret::Secret;
use millrace_lab::say::say;

use crate::boot::boot;
use crate::boot::server::{Bound, bind};
use crate::callbacks;
use crate::config::{self, Config, ProcessEnv};
use crate::keeper::overlay::write_private;
use crate::keeper::source::{ConfigSource, guard_secrets};
use crate::logging;

/// Options of `serve`. What is given here stands over the configuration file.
#[derive(Args, Debug, Clone, Default)]
pub struct ServeArgs {
    /// LiteLLM's config.yaml. Without one, a provider key in the environment (OPENAI_API_KEY, OPENAI_BASE_URL) will do.
    /// [env: MILLRACE_CONFIG]
    #[arg(long, short, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The address to listen on, as a number.
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<IpAddr>,
    /// The port to listen on [default: 4000].
    #[arg(long, short, value_name = "PORT")]
    pub port: Option<u16>,
    /// Worker threads [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub workers: Option<u16>,
}

/// Why the gateway did not start. The text is for the operator: what, where, what to do.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration has complaints.
    #[error("{0}")]
    Config(config::Report),
    /// There is nothing to serve.
    #[error("nothing to serve: name a configuration with --config FILE, or set OPENAI_API_KEY (and OPENAI_BASE_URL)")]
    NoConfig,
    /// It would be open to all.
    #[error("{0}")]
    Open(String),
    /// The address cannot be had.
    #[error("cannot listen on {address}: {cause}")]
    Bind {
        /// The address.
        address: String,
        /// The system's word.
        cause: std::io::Error,
    },
    /// The data folder cannot be used.
    #[error("cannot keep the master key in {}: {cause}; set MILLRACE_DATA_DIR to a folder of ours, or LITELLM_MASTER_KEY to a key", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// The system's word.
        cause: std::io::Error,
    },
    /// It cannot be run.
    #[error("{0}")]
    Boot(#[from] crate::boot::BootError),
    /// The running server failed.
    #[error("the server failed: {0}")]
    Io(#[from] std::io::Error),
}

/// Runs the gateway until a signal.
pub fn run(args: &ServeArgs) -> ExitCode {
    // not clap's `env`: a compose file sets variables that have nothing in them
    let named = || std::env::var_os("MILLRACE_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from);
    let args = ServeArgs { config: args.config.clone().or_else(named), ..args.clone() };
    let system = actix_rt::System::new();
    match system.block_on(serve(&args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("millrace: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: &ServeArgs) -> Result<(), ServeError> {
    let loaded = load(args)?;
    let config = configure(args, loaded.clone())?;
    logging::init(config.litellm.json_logs, log::LevelFilter::Info);
    crate::metrics::panics::install();
    for notice in &config.notices {
        log::warn!("config notice code={} place={} message={:?}", notice.code, notice.place, notice.message);
    }
    let source = ConfigSource { loaded, ..ConfigSource::new(args.config.clone(), &config) };
    let bound = start_from(config, source)?;
    for address in &bound.addresses {
        log::info!("listening address={address} version={}", env!("CARGO_PKG_VERSION"));
    }
    Ok(bound.run().await?)
}

/// Boots a checked configuration and binds it. Also what the demo and the tests call.
pub fn start(config: Config, path: Option<PathBuf>) -> Result<Bound, ServeError> {
    let source = ConfigSource::new(path, &config);
    start_from(config, source)
}

fn start_from(config: Config, source: ConfigSource) -> Result<Bound, ServeError> {
    config::check_bind(config.millrace.host, &config).map_err(|open| ServeError::Open(open.to_string()))?;
    let parts = boot(&config, Arc::new(source))?;
    let address = format!("{}:{}", config.millrace.host, config.millrace.port);
    bind(parts, &config.millrace).map_err(|cause| ServeError::Bind { address, cause })
}

/// What is written: the file, or the environment.
fn load(args: &ServeArgs) -> Result<Config, ServeError> {
    let loaded = match &args.config {
        Some(path) => config::load(path, &ProcessEnv, &callbacks::validate),
        None => config::from_env(&ProcessEnv).ok_or(ServeError::NoConfig)?,
    };
    loaded.map_err(ServeError::Config)
}

/// The configuration with the options over it.
fn configure(args: &ServeArgs, mut config: Config) -> Result<Config, ServeError> {
    if args.config.is_none() {
        // whoever starts us without a word wants to try us, on this machine
        config.millrace.host = std::net::Ipv4Addr::LOCALHOST.into();
        keep_a_key(&mut config)?;
    }
    if let Some(host) = args.host {
        config.millrace.host = host;
    }
    if let Some(port) = args.port {
        config.millrace.port = port;
    }
    if let Some(workers) = args.workers {
        config.millrace.workers = Some(workers.into());
    }
    guard_secrets(&config);
    Ok(config)
}

/// A master key for who has configured none: made once, kept 0600 in the data folder, printed once.
fn keep_a_key(config: &mut Config) -> Result<(), ServeError> {
    let folder = data_dir();
    config.millrace.data_dir.get_or_insert_with(|| folder.clone());
    if config.general.master_key.is_some() {
        return Ok(());
    }
    let path = folder.join("master_key");
    let failed = |cause| ServeError::Key { path: path.clone(), cause };
    let key = match std::fs::read_to_string(&path) {
        Ok(key) => {
            keep_private(&path).map_err(failed)?;
            key.trim().to_owned()
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let key = new_key().map_err(failed)?;
            write_private(&path, key.as_bytes()).map_err(failed)?;
            if !say(&format!("master key (shown this once, kept in {}): {key}\n", path.display())) {
                eprintln!("millrace: nobody reads what is printed; the master key is in {}", path.display());
            }
            key
        }
        Err(error) => return Err(failed(error)),
    };
    config::check_master_key(&key).map_err(|weak| ServeError::Open(format!("{}: {weak}", path.display())))?;
    config.general.master_key = Some(Secret::new(key));
    Ok(())
}

/// A file that came from elsewhere, or was copied, may have other rights than ours would.
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        eprintln!(
            "millrace: {} could be read by others, and no longer can; if somebody may have done so, remove it for a new key",
            path.display()
        );
    }
    Ok(())
}

/// `MILLRACE_DATA_DIR`, else the user's data folder (XDG base directory specification).
fn data_dir() -> PathBuf {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder("MILLRACE_DATA_DIR")
        .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("millrace")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/millrace")))
        .unwrap_or_else(|| Path::new(".millrace").to_owned())
}

/// A new key: `sk-` and 256 bits of the system's randomness in hexadecimal.
pub fn new_key() -> std::io::Result<String> {
    use std::fmt::Write;
    use std::io::Read;
    let mut bytes = [0; 32];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut key = "sk-".to_owned();
    for byte in bytes {
        // writing to a String cannot fail
        let _ = write!(key, "{byte:02x}");
    }
    Ok(key)
}
