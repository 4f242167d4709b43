//! `general_settings`, `litellm_settings` and `millrace`: one field after the other.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use millrace_actors::secret::Secret;

use super::context::Context;
use crate::config::finding::{Finding, suggest};
use crate::config::keys::{GUARD_CALLBACKS, SECTIONS};
use crate::config::master_key::check_master_key;
use crate::config::model::{GeneralSettings, LitellmSettings, MillraceSettings};
use crate::config::node::At;
use crate::config::reader::{Reader, Section};

/// LiteLLM's megabyte.
const MIB: u64 = 1 << 20;
const KEY_HELP: &str = "use a random one, such as the output of `openssl rand -hex 24`";

pub(super) fn general(reader: &mut Reader<'_>, section: Option<&Section<'_>>) -> GeneralSettings {
    let mut settings = GeneralSettings::default();
    if let Some(section) = section {
        if let Some(count) = reader.count(section, "max_request_size_mb") {
            settings.max_request_bytes = count * MIB;
        }
        if let Some(count) = reader.count(section, "max_response_size_mb") {
            settings.max_response_bytes = count * MIB;
        }
        if let Some(flag) = reader.flag(section, "always_include_stream_usage") {
            settings.always_include_stream_usage = Some(flag);
        }
    }
    settings.master_key = master_key(reader, section);
    settings
}

fn master_key(reader: &mut Reader<'_>, section: Option<&Section<'_>>) -> Option<Secret> {
    let path = "general_settings.master_key";
    if let Some((section, node)) = section.and_then(|section| Some((section, section.get("master_key")?))) {
        let text = reader.text(section, "master_key")?;
        if let Err(weak) = check_master_key(&text.value) {
            reader.error("MR1050", (node, path), &format!("`{path}` {weak}"), KEY_HELP);
        }
        return Some(Secret::new(text.value.to_string()));
    }
    let key = reader.vars.first(&["LITELLM_MASTER_KEY"])?;
    if let Err(weak) = check_master_key(&key) {
        let message = format!("the key in LITELLM_MASTER_KEY {weak}");
        reader.found.push(Finding::error("MR1050", At::default(), &message, KEY_HELP).key(path));
    }
    Some(Secret::new(key))
}

pub(super) fn litellm(reader: &mut Reader<'_>, section: Option<&Section<'_>>) -> LitellmSettings {
    let Some(section) = section else { return LitellmSettings::default() };
    let mut flag = |name| reader.flag(section, name).unwrap_or(false);
    LitellmSettings {
        drop_params: flag("drop_params"),
        turn_off_message_logging: flag("turn_off_message_logging"),
        json_logs: flag("json_logs"),
    }
}

pub(super) fn millrace(
    reader: &mut Reader<'_>,
    section: Option<&Section<'_>>,
    context: &Context<'_>,
) -> MillraceSettings {
    let mut settings = MillraceSettings::default();
    let Some(section) = section else { return settings };
    if let Some(host) = host(reader, section) {
        settings.host = host;
    }
    if let Some(port) = reader.count(section, "port").and_then(|port| u16::try_from(port).ok()) {
        settings.port = port;
    }
    settings.workers = reader.count_usize(section, "workers");
    settings.stream_heartbeat = reader.seconds(section, "stream_heartbeat_seconds");
    for (name, field) in [
        ("shutdown_grace_seconds", &mut settings.shutdown_grace),
        ("first_token_timeout", &mut settings.first_token_timeout),
        ("idle_timeout", &mut settings.idle_timeout),
        ("total_timeout", &mut settings.total_timeout),
        ("connect_timeout", &mut settings.connect_timeout),
        ("client_body_idle_timeout", &mut settings.client_body_idle_timeout),
        ("write_idle_timeout", &mut settings.write_idle_timeout),
        ("keep_alive", &mut settings.keep_alive),
    ] {
        if let Some(time) = reader.seconds(section, name) {
            *field = time;
        }
    }
    for (name, field) in [
        ("max_event_bytes", &mut settings.max_event_bytes),
        ("credit_bytes", &mut settings.credit_bytes),
        ("upload_replay_bytes", &mut settings.upload_replay_bytes),
        ("upload_spool_bytes", &mut settings.upload_spool_bytes),
        ("max_in_flight", &mut settings.max_in_flight),
    ] {
        if let Some(count) = reader.count_usize(section, name) {
            *field = count;
        }
    }
    settings.data_dir = path(reader, section, "data_dir", context);
    settings.price_file = path(reader, section, "price_file", context);
    if let (Some(file), Some(node)) = (&settings.price_file, section.get("price_file"))
        && !file.is_file()
    {
        let path = section.path("price_file");
        let message = format!("there is no file `{}`", file.display());
        reader.error("MR1001", (node, &path), &message, "give its name relative to this file, or the whole path");
    }
    settings.accept_unenforced = accepted(reader, section);
    settings
}

fn host(reader: &mut Reader<'_>, section: &Section<'_>) -> Option<IpAddr> {
    let text = reader.text(section, "host")?;
    let host = text.value.trim_matches(['[', ']']).parse().ok();
    if host.is_none() {
        let path = section.path("host");
        let message = format!("`{path}` must be a numeric address");
        reader.error("MR1020", (text.node, &path), &message, "write 127.0.0.1 for this machine only, 0.0.0.0 for all");
    }
    host
}

/// Relative to the file it is written in.
fn path(reader: &mut Reader<'_>, section: &Section<'_>, name: &str, context: &Context<'_>) -> Option<PathBuf> {
    let text = reader.text(section, name)?;
    let folder = context.files.get(text.node.at.file).and_then(|file| file.parent()).unwrap_or(Path::new(""));
    Some(folder.join(text.value.as_str()))
}

/// Names that accept nothing are refused: a mistyped one would give a false sense of having decided.
fn accepted(reader: &mut Reader<'_>, section: &Section<'_>) -> Vec<String> {
    let guards: Vec<&str> = SECTIONS.iter().flat_map(|spec| spec.guards.iter().map(|guard| guard.name)).collect();
    let known: Vec<&str> = guards.into_iter().chain(GUARD_CALLBACKS.iter().copied()).collect();
    let path = section.path("accept_unenforced");
    let mut names = Vec::new();
    for (name, node) in reader.names(section, "accept_unenforced") {
        // A dotted name is a whole path, or a callback of the user's own.
        if !known.contains(&name.as_str()) && !name.contains('.') {
            let message = format!("`{name}` is nothing that could be accepted here");
            reader.error("MR1026", (node, &path), &message, &suggest(&name, &known));
        }
        names.push(name);
    }
    names
}
