//! The gateway: its configuration and its command.

use std::net::SocketAddr;
use std::path::Path;

use super::child::{Child, Start};
use super::key::Key;
use super::mock::own_program;
use super::ready;
use super::words;
use super::workdir::WorkDir;
use crate::bench::args::ScriptArgs;
use crate::bench::error::Error;
use crate::bench::http::endpoint::Endpoint;
use crate::bench::load::stop::Stop;
use crate::bench::protocol::{Protocol, Providers, Upstream};
use crate::bench::settings::Settings;

/// The key the gateway sends to the mock provider, which looks at none. It is the script's.
pub const PROVIDER_KEY: &str = "fake-provider-key";

/// The configuration: the script's, and besides its model a wildcard, for the models from whose names the mock provider
/// reads what it is to do. With several providers, a wildcard for each protocol as well.
pub fn config(provider: &Endpoint, speak: (Protocol, Providers), key: &Key) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let base = |protocol: Upstream| match protocol.is_versioned() {
        true => provider.api_base(),
        false => provider.api_base().trim_end_matches("/v1").to_owned(),
    };
    let key = quoted(key.reveal());
    let deployment = |name: &str, protocol: Upstream, model: &str| {
        let (model, base) = (format!("{}{model}", protocol.prefix()), quoted(&base(protocol)));
        let region = if protocol == Upstream::Bedrock { "      aws_region_name: eu-central-1\n" } else { "" };
        format!(
            "  - model_name: {}\n    litellm_params:\n      model: {}\n      api_key: {PROVIDER_KEY}\n      api_base: {base}\n{region}",
            quoted(name),
            quoted(&model)
        )
    };
    let (load, providers) = speak;
    let plain = providers.plain(load);
    let each = providers.each(load).into_iter().map(|each| deployment(&format!("{}*", each.prefix()), each, "*"));
    let each = each.collect::<String>();
    format!(
        "model_list:\n{}{}{each}\ngeneral_settings:\n  master_key: {key}\n\nlitellm_settings:\n  drop_params: true\n  telemetry: false\n",
        deployment("perf-test-model", plain, "perf-test-model"),
        deployment("*", plain, "*"),
    )
}

/// The command: the one given with what the script appends, or this program's `serve`.
fn command(script: &ScriptArgs, config: &Path, listen: SocketAddr, workers: usize) -> Result<Vec<String>, Error> {
    let config = config.display().to_string();
    let (host, port) = (listen.ip().to_string(), listen.port().to_string());
    let Some(given) = &script.proxy_command else {
        let program = own_program()?.display().to_string();
        let workers = workers.to_string();
        let rest = ["serve", "--config", &config, "--host", &host, "--port", &port, "--workers", &workers];
        return Ok(std::iter::once(program).chain(rest.map(str::to_owned)).collect());
    };
    let bad = || {
        Error::option("--proxy-command", format!("`{given}` has no words, or an open quote"), "quote it as in a shell")
    };
    let mut words = words::split(given).ok_or_else(bad)?;
    let filled = |word: &String| word.replace("{config}", &config).replace("{host}", &host).replace("{port}", &port);
    let filled: Vec<String> = words.iter().map(filled).collect();
    if filled != words {
        return Ok(filled);
    }
    words.extend(["--config".to_owned(), config, "--port".to_owned(), port]);
    if host != "127.0.0.1" {
        words.extend(["--host".to_owned(), host]);
    }
    Ok(words)
}

/// What a gateway is started with.
#[derive(Debug)]
pub struct Bring<'a> {
    /// The script's flags.
    pub script: &'a ScriptArgs,
    /// All other settings.
    pub settings: &'a Settings,
    /// Where its files go.
    pub workdir: &'a WorkDir,
    /// The provider it calls.
    pub provider: &'a Endpoint,
    /// Its master key.
    pub key: &'a Key,
}

/// Starts it on the targets' core and waits until it answers.
pub fn start(bring: &Bring<'_>, stop: &Stop) -> Result<(Child, Endpoint), Error> {
    let listen = ready::free("--proxy-port", bring.script.proxy_host, bring.script.proxy_port)?;
    let speak = (bring.settings.protocol, bring.settings.provider_protocol);
    let config = bring.workdir.write("config.yaml", &config(bring.provider, speak, bring.key))?;
    let mut child = Child::start(Start {
        role: "gateway",
        words: &command(bring.script, &config, listen, bring.settings.workers)?,
        dir: bring.script.litellm_dir.as_deref(),
        log: bring.workdir.path("proxy.log"),
        cores: bring.settings.pin.map(|pin| (pin.target, pin.load)),
    })?;
    let endpoint = Endpoint::local(listen);
    ready::wait(&endpoint, Some(&mut child), bring.settings.start_timeout, stop)?;
    Ok((child, endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::settings::tests::args;

    #[test]
    fn the_configuration_is_the_scripts_and_a_wildcard() {
        let provider = Endpoint::local(([127, 0, 0, 1], 8099).into());
        let key = Key::new("sk-test").expect("a key");
        let text = config(&provider, (Protocol::Openai, Providers::Openai), &key);
        for line in [
            "  - model_name: \"perf-test-model\"",
            "      model: \"openai/perf-test-model\"",
            "  - model_name: \"*\"",
            "      model: \"openai/*\"",
            "      api_base: \"http://127.0.0.1:8099/v1\"",
            "  master_key: \"sk-test\"",
            "  drop_params: true",
            "  telemetry: false",
        ] {
            assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
        }
        let text = config(&provider, (Protocol::Openai, Providers::Anthropic), &key);
        for line in ["      model: \"anthropic/*\"", "      api_base: \"http://127.0.0.1:8099\""] {
            assert!(text.lines().any(|have| have == line), "{line} is not in\n{text}");
        }
        let text = config(&provider, (Protocol::Anthropic, Providers::Both), &key);
        let names: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("- model_name: ")).collect();
        assert_eq!(names, ["\"perf-test-model\"", "\"*\"", "\"anthropic/*\"", "\"openai/*\""]);
        let models: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("model: ")).collect();
        assert_eq!(models, ["\"anthropic/perf-test-model\"", "\"anthropic/*\"", "\"anthropic/*\"", "\"openai/*\""]);
    }

    #[test]
    fn the_command_is_completed_as_the_script_does() {
        let words = |given: &str, ip: [u8; 4]| {
            let mut script = args("").script;
            script.proxy_command = Some(given.to_owned());
            command(&script, Path::new("c.yaml"), (ip, 4000).into(), 1).expect("a command").join(" ")
        };
        assert_eq!(words("uv run litellm", [127, 0, 0, 1]), "uv run litellm --config c.yaml --port 4000");
        assert_eq!(words("litellm", [127, 0, 0, 2]), "litellm --config c.yaml --port 4000 --host 127.0.0.2");
        assert_eq!(words("gw -l {host}:{port}", [127, 0, 0, 1]), "gw -l 127.0.0.1:4000");
        let default =
            command(&args("").script, Path::new("c.yaml"), ([127, 0, 0, 1], 4000).into(), 2).expect("a command");
        assert_eq!(default[1..].join(" "), "serve --config c.yaml --host 127.0.0.1 --port 4000 --workers 2");
    }
}
