//! The mock provider: this program, started once more.

use std::path::Path;

use super::child::{Child, Start};
use super::ready;
use super::workdir::WorkDir;
use crate::bench::args::ScriptArgs;
use crate::bench::error::Error;
use crate::bench::http::endpoint::Endpoint;
use crate::bench::load::stop::Stop;
use crate::bench::settings::Settings;

/// The command: what the model name does not say is set for all requests, so that the script's model has it.
pub fn command(program: &Path, listen: std::net::SocketAddr, script: &ScriptArgs) -> Vec<String> {
    let micros = (script.provider_first_token_delay_ms * 1000.0).round().max(0.0) as u64;
    let chunks = script.provider_stream_content_chunks;
    let (listen, behaviour) = (listen.to_string(), format!("chunks={chunks},ttft={micros}us"));
    let words = ["mock", "--listen", &listen, "--behaviour", &behaviour];
    std::iter::once(program.display().to_string()).chain(words.map(str::to_owned)).collect()
}

/// Starts it on the load's core and waits until it answers.
pub fn start(
    script: &ScriptArgs,
    settings: &Settings,
    workdir: &WorkDir,
    stop: &Stop,
) -> Result<(Child, Endpoint), Error> {
    let listen = ready::free("--provider-port", script.provider_host, script.provider_port)?;
    let program = own_program()?;
    let mut child = Child::start(Start {
        role: "mock provider",
        words: &command(&program, listen, script),
        dir: None,
        log: workdir.path("mock.log"),
        cores: settings.pin.map(|pin| (pin.load, pin.load)),
    })?;
    let endpoint = Endpoint::local(listen);
    ready::wait(&endpoint, Some(&mut child), settings.start_timeout, stop)?;
    Ok((child, endpoint))
}

/// This program.
pub fn own_program() -> Result<std::path::PathBuf, Error> {
    std::env::current_exe().map_err(|source| Error::System { action: "find this program", source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::settings::tests::args;

    #[test]
    fn the_scripts_flags_reach_the_mock() {
        let script = args("--provider-first-token-delay-ms 1.5 --provider-stream-content-chunks 7").script;
        let words = command(Path::new("millrace"), ([127, 0, 0, 1], 8099).into(), &script);
        assert_eq!(words.join(" "), "millrace mock --listen 127.0.0.1:8099 --behaviour chunks=7,ttft=1500us");
    }
}
