//! The command line, checked: all that the phases and the rounds go by.

use std::path::PathBuf;
use std::time::Duration;

use super::args::{BenchArgs, FastPaths};
use super::error::Error;
use super::phases::{self, Phase};
use super::protocol::{Protocol, Providers};
use super::sizes::Sizes;
use super::system::affinity::Pin;

/// Requests of one load, at most: every latency is kept in memory.
const MAX_REQUESTS: u64 = 5_000_000;
/// Requests in flight, at most; each is a file descriptor.
const MAX_CONCURRENCY: usize = 10_000;
/// Longest time that any option may name, in seconds: a day.
const MAX_SECONDS: f64 = 86_400.0;

/// A checked command line.
#[derive(Debug)]
pub struct Settings {
    /// How large the loads are.
    pub sizes: Sizes,
    /// The protocol of the load.
    pub protocol: Protocol,
    /// The protocol between the gateway and the provider.
    pub provider_protocol: Providers,
    /// The phases, in order.
    pub phases: Vec<&'static dyn Phase>,
    /// Rounds.
    pub rounds: usize,
    /// Time after which a request has failed.
    pub timeout: Duration,
    /// Time the gateway may take to start.
    pub start_timeout: Duration,
    /// Which fast paths are measured.
    pub fast_paths: FastPaths,
    /// Threads of the load generator.
    pub load_threads: usize,
    /// Workers of the targets.
    pub workers: usize,
    /// Cores.
    pub pin: Option<Pin>,
    /// Whether the provider may be any.
    pub any_provider: bool,
    /// Where the dated folder is written.
    pub record: Option<PathBuf>,
}

impl Settings {
    /// Checks the command line.
    pub fn check(args: &BenchArgs) -> Result<Self, Error> {
        let (script, lab) = (&args.script, &args.lab);
        let open_loop = lab.rate.zip(lab.duration);
        counts(args)?;
        if let Some((rate, seconds)) = open_loop {
            rates(rate, seconds)?;
        }
        Ok(Self {
            protocol: lab.protocol,
            provider_protocol: lab.provider_protocol,
            phases: chosen(args, open_loop.is_some())?,
            rounds: script.repeats.max(1),
            timeout: seconds("--timeout", script.timeout)?,
            start_timeout: seconds("--proxy-start-timeout", script.proxy_start_timeout)?,
            fast_paths: lab.fast_paths,
            load_threads: lab.load_threads.max(1),
            workers: lab.workers.max(1),
            pin: lab.pin.as_deref().map(Pin::parse).transpose()?,
            any_provider: lab.any_provider,
            record: lab.record.clone(),
            sizes: sizes(args, open_loop),
        })
    }
}

fn sizes(args: &BenchArgs, open_loop: Option<(f64, f64)>) -> Sizes {
    let (script, lab) = (&args.script, &args.lab);
    Sizes {
        requests: script.requests,
        concurrency: script.concurrency,
        warmup: script.warmup,
        stream_requests: script.stream_requests,
        stream_concurrency: script.stream_concurrency,
        stream_warmup: script.stream_warmup,
        ttft_drain: lab.ttft_drain,
        field_requests: lab.field_requests,
        field_concurrency: lab.field_concurrency,
        memory_streams: lab.memory_streams,
        open_loop,
    }
}

fn chosen(args: &BenchArgs, open_loop: bool) -> Result<Vec<&'static dyn Phase>, Error> {
    let mut names = args.lab.phase.clone();
    let only = args.lab.protocol.phases();
    if names.is_empty() {
        names = match only {
            _ if open_loop => vec!["whole".to_owned()],
            None => vec!["script".to_owned()],
            Some(phases) => phases.iter().map(|name| (*name).to_owned()).collect(),
        };
    }
    let mut chosen = phases::choose(&names)?;
    if let Some(only) = only
        && let Some(other) = chosen.iter().find(|phase| !only.contains(&phase.name()))
    {
        let problem = format!("the phase `{}` is measured in OpenAI's protocol only", other.name());
        return Err(Error::option("--protocol", problem, format!("use --phase {}", only.join(","))));
    }
    if args.script.no_measure_full_stream {
        chosen.retain(|phase| phase.name() != "script-full");
    }
    if chosen.is_empty() {
        return Err(Error::option("--phase", "nothing is left to measure", "name a phase, or leave it out"));
    }
    Ok(chosen)
}

fn counts(args: &BenchArgs) -> Result<(), Error> {
    let (script, lab) = (&args.script, &args.lab);
    let requests = [
        ("--requests", script.requests),
        ("--stream-requests", script.stream_requests),
        ("--warmup", script.warmup.max(1)),
        ("--stream-warmup", script.stream_warmup.max(1)),
        ("--field-requests", lab.field_requests),
    ];
    for (option, value) in requests {
        within(option, value, MAX_REQUESTS)?;
    }
    let concurrency = [
        ("--concurrency", script.concurrency),
        ("--stream-concurrency", script.stream_concurrency),
        ("--field-concurrency", lab.field_concurrency),
        ("--memory-streams", lab.memory_streams),
        ("--load-threads", lab.load_threads),
    ];
    for (option, value) in concurrency {
        within(option, value as u64, MAX_CONCURRENCY as u64)?;
    }
    Ok(())
}

fn within(option: &'static str, value: u64, most: u64) -> Result<(), Error> {
    match value {
        0 => Err(Error::option(option, "0 measures nothing", "use 1 or more")),
        _ if value > most => Err(Error::option(option, format!("{value} is too much"), format!("use {most} at most"))),
        _ => Ok(()),
    }
}

fn rates(rate: f64, seconds: f64) -> Result<(), Error> {
    let sane = |value: f64| value.is_finite() && value > 0.0;
    if !sane(rate) || !sane(seconds) {
        return Err(Error::option("--rate", "rate and duration must be above zero", "try --rate 500 --duration 10"));
    }
    if rate * seconds > MAX_REQUESTS as f64 {
        let problem = format!("{rate} a second for {seconds} s is more than {MAX_REQUESTS} requests");
        return Err(Error::option("--rate", problem, "lower one of the two"));
    }
    Ok(())
}

fn seconds(option: &'static str, value: f64) -> Result<Duration, Error> {
    if value > 0.0 && value <= MAX_SECONDS {
        return Ok(Duration::from_secs_f64(value));
    }
    Err(Error::option(option, format!("{value} is no length of time"), "use seconds above 0 and up to a day"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: BenchArgs,
    }

    /// The command line `text`, split at blanks.
    pub fn args(text: &str) -> BenchArgs {
        Line::try_parse_from(std::iter::once("bench").chain(text.split_whitespace())).expect("a valid line").args
    }

    #[test]
    fn the_scripts_defaults() {
        let args = args("");
        let script = &args.script;
        assert_eq!((script.requests, script.concurrency, script.warmup), (500, 100, 100));
        assert_eq!((script.stream_requests, script.stream_concurrency, script.stream_warmup), (200, 20, 20));
        assert_eq!((script.proxy_port, script.provider_port, script.repeats), (4000, 8099, 1));
        assert_eq!((script.provider_stream_content_chunks, script.api_key.as_deref()), (20, None));
        let settings = Settings::check(&args).expect("valid");
        assert_eq!(settings.sizes, Sizes::default());
        let names: Vec<_> = settings.phases.iter().map(|phase| phase.name()).collect();
        assert_eq!(names, ["script-whole", "script-ttft", "script-full"]);
        let settings = Settings::check(&self::args("--no-measure-full-stream")).expect("valid");
        assert_eq!(settings.phases.len(), 2);
    }

    #[test]
    fn a_rate_alone_means_whole_answers() {
        let settings = Settings::check(&args("--rate 100 --duration 2.5")).expect("valid");
        assert_eq!(settings.phases[0].name(), "whole");
        assert_eq!(settings.sizes.open_loop, Some((100.0, 2.5)));
    }

    #[test]
    fn another_protocol_has_phases_of_its_own() {
        let settings = Settings::check(&args("--protocol anthropic")).expect("valid");
        let names: Vec<_> = settings.phases.iter().map(|phase| phase.name()).collect();
        assert_eq!(names, ["whole", "burst", "paced"]);
        assert_eq!((settings.protocol, settings.provider_protocol), (Protocol::Anthropic, Providers::Openai));
    }

    #[test]
    fn nonsense_is_refused_with_the_option_named() {
        for (line, option) in [
            ("--requests 0", "--requests"),
            ("--concurrency 20000", "--concurrency"),
            ("--timeout 0", "--timeout"),
            ("--timeout nan", "--timeout"),
            ("--rate 1e6 --duration 100", "--rate"),
            ("--pin x", "--pin"),
            ("--phase nothing", "--phase"),
            ("--protocol anthropic --phase script", "--protocol"),
            ("--protocol anthropic --phase whole,added", "--protocol"),
        ] {
            let message = Settings::check(&args(line)).expect_err(line).to_string();
            assert!(message.starts_with(option), "{message}");
        }
    }
}
