//! The test stand: provider and targets, brought up for one run and taken down with it.

use std::path::PathBuf;

use super::args::{BenchArgs, FastPaths};
use super::error::Error;
use super::http::endpoint::Endpoint;
use super::load::stop::Stop;
use super::protocol::Upstream;
use super::settings::Settings;
use super::system::affinity::stay_on;
use super::target::child::Child;
use super::target::key::Key;
use super::target::named::{self, SELF};
use super::target::workdir::WorkDir;
use super::target::{DIRECT, Target, gateway, mock, nginx, ready};

/// Everything that is up. The order of the fields is that of taking down: children before the folder they log to.
#[derive(Debug)]
pub struct Stand {
    children: Vec<Child>,
    /// The provider itself.
    pub direct: Target,
    /// What is measured, in the order of the command line.
    pub targets: Vec<Target>,
    /// The target to which ratios refer.
    pub reference: String,
    workdir: WorkDir,
}

impl Stand {
    /// Brings up what the command line asks for.
    pub fn up(args: &BenchArgs, settings: &Settings, stop: &Stop) -> Result<Self, Error> {
        if let Some(pin) = settings.pin {
            stay_on(pin.load)?;
        }
        let workdir = WorkDir::new()?;
        let (mut children, mut targets) = (Vec::new(), Vec::new());
        let (direct, mock) = provider(args, settings, &workdir, stop)?;
        children.extend(mock);
        for target in wanted(args) {
            targets.push(match target {
                SELF => own(args, settings, (&workdir, &direct.endpoint), (&mut children, stop))?,
                other => named::parse(other)?,
            });
        }
        if args.lab.nginx {
            let (child, endpoint) = nginx::start(settings, &workdir, &direct.endpoint, stop)?;
            let pid = Some(child.pid());
            targets.push(Target { name: "nginx".to_owned(), endpoint, key: None, pid, fast_paths: None, models: "" });
            children.push(child);
        }
        let targets = with_fast_paths(with_providers(args, settings, targets)?, settings.fast_paths)?;
        let reference = reference(args, &targets)?;
        Ok(Self { children, direct, targets, reference, workdir })
    }

    /// Where the gateway's log is, if this run started one.
    pub fn gateway_log(&self) -> Option<PathBuf> {
        self.children.iter().find(|child| child.role == "gateway").map(|child| child.log.clone())
    }

    /// Keeps the gateway's log, for the output names its path. Everything else in the folder goes.
    pub fn keep_gateway_log(&self) -> Option<PathBuf> {
        let log = self.gateway_log()?;
        let kept = self.workdir.root().with_extension("proxy.log");
        std::fs::copy(log, &kept).ok().map(|_| kept)
    }

    /// The children that have ended though nobody asked them to.
    pub fn ended(&mut self) -> Option<Error> {
        self.children.iter_mut().find_map(|child| {
            let problem = child.ended()?;
            Some(Error::NotReady { role: child.role.clone(), problem, tail: child.tail() })
        })
    }
}

fn wanted(args: &BenchArgs) -> Vec<&str> {
    if args.lab.target.is_empty() { vec![SELF] } else { args.lab.target.iter().map(String::as_str).collect() }
}

fn provider(
    args: &BenchArgs,
    settings: &Settings,
    workdir: &WorkDir,
    stop: &Stop,
) -> Result<(Target, Option<Child>), Error> {
    if let Some(url) = &args.script.provider_url {
        let endpoint = Endpoint::parse("--provider-url", url)?;
        return Ok((Target { key: Key::new(gateway::PROVIDER_KEY), ..Target::direct(endpoint, None) }, None));
    }
    let (child, endpoint) = mock::start(&args.script, settings, workdir, stop)?;
    Ok((Target::direct(endpoint, Some(child.pid())), Some(child)))
}

/// The gateway: started, or found running where the script looks for it.
fn own(
    args: &BenchArgs,
    settings: &Settings,
    place: (&WorkDir, &Endpoint),
    run: (&mut Vec<Child>, &Stop),
) -> Result<Target, Error> {
    let ((workdir, provider), (children, stop)) = (place, run);
    let given = args.script.api_key.as_deref();
    let given = given.map(|key| {
        Key::new(key).ok_or_else(|| Error::option("--api-key", "it has blanks or control characters", "use another"))
    });
    let given = given.transpose()?;
    if args.script.no_start_proxy {
        let endpoint = Endpoint::local((args.script.proxy_host, args.script.proxy_port).into());
        ready::wait(&endpoint, None, settings.start_timeout, stop)?;
        return Ok(Target { name: SELF.to_owned(), endpoint, key: given, pid: None, fast_paths: None, models: "" });
    }
    let key = given.unwrap_or_else(Key::random);
    let bring = gateway::Bring { script: &args.script, settings, workdir, provider, key: &key };
    let (child, endpoint) = gateway::start(&bring, stop)?;
    let pid = Some(child.pid());
    children.push(child);
    Ok(Target { name: SELF.to_owned(), endpoint, key: Some(key), pid, fast_paths: None, models: "" })
}

/// Repeats the gateway for the providers of several protocols, the one that speaks as the load does first.
fn with_providers(args: &BenchArgs, settings: &Settings, targets: Vec<Target>) -> Result<Vec<Target>, Error> {
    let each = settings.provider_protocol.each(settings.protocol);
    if each.is_empty() {
        return Ok(targets);
    }
    let bad = |problem: &str, remedy: &str| Err(Error::option("--provider-protocol", problem, remedy));
    if args.script.no_start_proxy || !targets.iter().any(|target| target.name == SELF) {
        return bad(
            "several are for the gateway that this command configures",
            "leave out --no-start-proxy, add --target self",
        );
    }
    if settings.fast_paths != FastPaths::On {
        return bad("several and other fast paths cannot be compared at once", "leave out --fast-paths");
    }
    let variant = |target: &Target, protocol: Upstream| {
        let how = if protocol == settings.protocol.upstream() { "verbatim" } else { "translated" };
        let name = format!("{SELF}, {how}, {} provider", protocol.word());
        Target { name, models: protocol.prefix(), ..target.clone() }
    };
    let spread = |target: Target| match target.name.as_str() {
        SELF => each.iter().map(|protocol| variant(&target, *protocol)).collect(),
        _ => vec![target],
    };
    Ok(targets.into_iter().flat_map(spread).collect())
}

/// Doubles or marks the gateway for its fast paths. Only it: the callbacks API is ours, other gateways have none.
fn with_fast_paths(targets: Vec<Target>, wanted: FastPaths) -> Result<Vec<Target>, Error> {
    let states: &[bool] = match wanted {
        FastPaths::On => return Ok(targets),
        FastPaths::Off => &[false],
        FastPaths::Both => &[false, true],
    };
    if !targets.iter().any(|target| target.name == SELF) {
        let problem = "no target has fast paths that can be switched";
        return Err(Error::option("--fast-paths", problem, "add --target self"));
    }
    let variant = |target: &Target, on: bool| {
        let name = format!("{SELF}, fast paths {}", if on { "on" } else { "off" });
        Target { name, fast_paths: Some(on), ..target.clone() }
    };
    let spread = |target: Target| match target.name.as_str() {
        SELF => states.iter().map(|on| variant(&target, *on)).collect(),
        _ => vec![target],
    };
    Ok(targets.into_iter().flat_map(spread).collect())
}

fn reference(args: &BenchArgs, targets: &[Target]) -> Result<String, Error> {
    let names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
    if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        return Err(Error::option("--target", format!("two targets are named `{}`", twice.1), "rename one"));
    }
    let wanted = args.lab.reference.as_deref().or_else(|| names.contains(&"nginx").then_some("nginx"));
    match wanted {
        None => Ok(names.first().copied().unwrap_or(DIRECT).to_owned()),
        Some(name) if name == DIRECT || names.contains(&name) => Ok(name.to_owned()),
        Some(name) => {
            let problem = format!("there is no target `{name}`");
            Err(Error::option("--reference", problem, format!("use one of: {DIRECT}; {}", names.join("; "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::settings::tests::args;

    fn target(name: &str) -> Target {
        Target { name: name.to_owned(), ..Target::direct(Endpoint::local(([127, 0, 0, 1], 9).into()), None) }
    }

    #[test]
    fn both_fast_paths_are_two_targets() {
        let targets = with_fast_paths(vec![target(SELF), target("b")], FastPaths::Both).expect("valid");
        let names: Vec<_> = targets.iter().map(|target| (target.name.as_str(), target.fast_paths)).collect();
        let expected = [("self, fast paths off", Some(false)), ("self, fast paths on", Some(true)), ("b", None)];
        assert_eq!(names, expected);
        assert!(with_fast_paths(vec![target("b")], FastPaths::Off).is_err());
    }

    #[test]
    fn both_providers_are_two_targets_the_verbatim_one_first() {
        let given = |line: &str| {
            let args = args(line);
            let settings = Settings::check(&args).expect("valid");
            let targets =
                with_providers(&args, &settings, vec![target(SELF), target("b")]).map_err(|e| e.to_string())?;
            Ok::<_, String>(targets.into_iter().map(|target| (target.name, target.models)).collect::<Vec<_>>())
        };
        let of = |line: &str| given(&format!("--provider-protocol both {line}"));
        let (openai, anthropic) = (("openai provider", "openai/"), ("anthropic provider", "anthropic/"));
        for (line, verbatim, translated) in [("", openai, anthropic), ("--protocol anthropic", anthropic, openai)] {
            let expected = [
                (format!("self, verbatim, {}", verbatim.0), verbatim.1),
                (format!("self, translated, {}", translated.0), translated.1),
                ("b".to_owned(), ""),
            ];
            assert_eq!(of(line).expect("valid"), expected);
        }
        let prefixes =
            |line: &str| given(line).expect("valid").into_iter().map(|(_, models)| models).collect::<Vec<_>>();
        let all = ["openai/", "anthropic/", "openai/responses/", "gemini/", "bedrock/", "cohere/", "ollama_chat/", ""];
        assert_eq!(prefixes("--provider-protocol all"), all);
        assert_eq!(prefixes("--provider-protocol all --protocol anthropic")[..2], ["anthropic/", "openai/"]);
        for line in ["--no-start-proxy", "--fast-paths both"] {
            assert!(of(line).expect_err(line).starts_with("--provider-protocol"), "{line}");
        }
    }

    #[test]
    fn the_reference_is_nginx_or_the_first_or_the_one_named() {
        let of = |line: &str, names: &[&str]| {
            let targets: Vec<_> = names.iter().map(|name| target(name)).collect();
            reference(&args(line), &targets).map_err(|error| error.to_string())
        };
        assert_eq!(of("", &["a", "nginx"]).as_deref(), Ok("nginx"));
        assert_eq!(of("", &["a", "b"]).as_deref(), Ok("a"));
        assert_eq!(of("--reference b", &["a", "b"]).as_deref(), Ok("b"));
        assert_eq!(of("--reference direct", &["a", "b"]).as_deref(), Ok("direct"));
        assert!(of("--reference c", &["a", "b"]).expect_err("unknown").contains("a; b"));
        assert!(of("", &["a", "a"]).expect_err("twice").contains("`a`"));
    }
}
