//! What a spec may say that came over HTTP, and how a spec is shown over HTTP.
//!
//! Whoever holds the master key may change callbacks, but a master key that leaks must not become a way to write files
//! anywhere, to call into the network the gateway stands in, or to read its environment (FAULTS 3.6). So, of a spec that
//! is not word for word in the configuration:
//!
//! - no value names the environment (`os.environ/...`);
//! - `jsonl.path` is in the configuration, or a plain name ending in `.jsonl` within `millrace.data_dir`;
//! - `webhook.url` is in the configuration, or `https` to a public host on port 443 or from 1024 on. Loopback is refused
//!   too: what listens there trusts its own host. A public name may still resolve to a private address; the certificate
//!   is checked, which what listens there does not have, and the answer is not shown to anyone;
//! - `webhook.secret` and `webhook.headers` are those of the configured webhook with this `url`: a credential goes only
//!   where it was configured for (I6), and none is sent to us over HTTP to be kept.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use millrace_actors::ports::{CallbackSpec, ParamError};
use millrace_actors::upstream::Origin;
use serde_json::Value;

use super::params::step;

/// What a value begins with that names a variable of the environment.
const ENVIRONMENT: &str = "os.environ/";

/// Every complaint about a spec from over HTTP, given those of the configuration.
pub(super) fn check(spec: &CallbackSpec, configured: &[CallbackSpec], data_dir: Option<&Path>) -> Vec<ParamError> {
    let same = |known: &&CallbackSpec| known.kind == spec.kind;
    if configured.iter().filter(same).any(|known| known.params == spec.params) {
        return Vec::new();
    }
    let mut errors = Vec::new();
    environment(&spec.params, "", &mut errors);
    let known: Vec<&Value> = configured.iter().filter(same).map(|known| &known.params).collect();
    match spec.kind.as_str() {
        "jsonl" => errors.extend(path(&spec.params, &known, data_dir)),
        "webhook" => errors.extend(webhook(&spec.params, &known)),
        _ => {}
    }
    errors
}

/// The parameters as the admin surface may show them: no secret, and of headers to send only the names.
pub fn shown(spec: &CallbackSpec) -> Value {
    let mut params = spec.params.clone();
    if spec.kind == "webhook" {
        if let Some(secret) = params.get_mut("secret").filter(|secret| !secret.is_null()) {
            *secret = Value::from("***");
        }
        for value in
            params.get_mut("headers").and_then(Value::as_object_mut).into_iter().flat_map(|map| map.values_mut())
        {
            *value = Value::from("***");
        }
    }
    params
}

fn complaint(pointer: impl Into<String>, message: impl Into<String>) -> ParamError {
    ParamError { pointer: pointer.into(), message: message.into() }
}

fn environment(value: &Value, pointer: &str, errors: &mut Vec<ParamError>) {
    match value {
        Value::String(text) if text.trim_start().starts_with(ENVIRONMENT) => {
            errors.push(complaint(pointer, "names the environment, which only the configuration file may"));
        }
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(n, v)| environment(v, &format!("{pointer}/{n}"), errors))
        }
        Value::Object(map) => map.iter().for_each(|(k, v)| environment(v, &format!("{pointer}{}", step(k)), errors)),
        _ => {}
    }
}

fn path(params: &Value, known: &[&Value], data_dir: Option<&Path>) -> Option<ParamError> {
    let path = params.get("path")?.as_str()?;
    if known.iter().any(|known| known.get("path").and_then(Value::as_str) == Some(path)) {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    // the ending keeps it off whatever else lies in the directory
    if path.starts_with('.') || !path.chars().all(plain) || !path.ends_with(".jsonl") || path.len() > 200 {
        let message = "must be a plain file name ending in `.jsonl`, or a path that the configuration file names";
        return Some(complaint("/path", message));
    }
    let Some(dir) = data_dir else {
        return Some(complaint("/path", "no file may be made: millrace.data_dir is not set"));
    };
    let link = std::fs::symlink_metadata(dir.join(path)).is_ok_and(|meta| !meta.is_file());
    link.then(|| complaint("/path", "is there already and is no plain file"))
}

fn webhook(params: &Value, known: &[&Value]) -> Vec<ParamError> {
    let url = params.get("url").and_then(Value::as_str).unwrap_or_default();
    let known: Vec<_> = known.iter().filter(|known| known.get("url").and_then(Value::as_str) == Some(url)).collect();
    let mut errors = Vec::new();
    if known.is_empty()
        && let Ok(origin) = Origin::parse(url)
        && let Err(why) = public(&origin)
    {
        errors.push(complaint("/url", format!("{why}; or name this address in the configuration file")));
    }
    for key in ["secret", "headers"] {
        let Some(value) = params.get(key).filter(|value| !value.is_null()) else { continue };
        if !known.iter().any(|known| known.get(key) == Some(value)) {
            let message = format!(
                "`{key}` may hold a credential, and is taken only as the configuration file has it for this url"
            );
            errors.push(complaint(format!("/{key}"), message));
        }
    }
    errors
}

/// Whether an origin from over HTTP may be called.
fn public(origin: &Origin) -> Result<(), &'static str> {
    if !origin.is_https() {
        return Err("must begin with https://");
    }
    if origin.port() < 1024 && origin.port() != 443 {
        return Err("the port must be 443, or 1024 or above");
    }
    let host = origin.host().trim_end_matches('.');
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let open = match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => open_v4(ip),
        Ok(IpAddr::V6(ip)) => open_v6(ip),
        Err(_) => open_name(host),
    };
    if open { Ok(()) } else { Err("must be a public host") }
}

/// A name with a dot, whose last part is no number (resolvers read `127.1` and `0x7f.1` as addresses), and that is not
/// kept for private networks.
fn open_name(host: &str) -> bool {
    const PRIVATE: [&str; 8] = ["localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa"];
    let Some((_, last)) = host.rsplit_once('.') else { return false };
    !PRIVATE.contains(&last) && !last.starts_with(|c: char| c.is_ascii_digit())
}

fn open_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let reserved = a == 0 || a >= 240 || (a, b, c) == (192, 0, 0) || (a == 198 && (18..20).contains(&b));
    let named = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_documentation();
    !(named || shared || reserved)
}

/// Only global unicast, 2000::/3, less what leads elsewhere within it (Teredo, documentation, 6to4). That leaves out
/// loopback, mapped addresses, 64:ff9b::/96, unique local, link and site local, and multicast.
fn open_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    a & 0xe000 == 0x2000 && !(a == 0x2001 && (b < 0x200 || b == 0xdb8)) && a != 0x2002
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(kind: &str, params: Value) -> CallbackSpec {
        CallbackSpec { name: "x".into(), kind: kind.into(), params }
    }

    fn at(spec: &CallbackSpec, configured: &[CallbackSpec], dir: Option<&Path>) -> Vec<String> {
        check(spec, configured, dir).into_iter().map(|e| e.pointer).collect()
    }

    #[test]
    fn only_public_https_may_be_called() {
        for url in ["https://logs.example.com/in", "https://8.8.8.8:8443", "https://[2606:4700::1111]/"] {
            assert!(at(&spec("webhook", json!({"url": url})), &[], None).is_empty(), "{url}");
        }
        for url in [
            "http://logs.example.com",
            "https://localhost",
            "https://x.localhost",
            "https://127.0.0.1",
            "https://127.1",
            "https://2130706433",
            "https://0x7f.0x1",
            "https://10.1.2.3",
            "https://192.168.1.1",
            "https://172.16.0.1",
            "https://100.64.0.1",
            "https://169.254.169.254",
            "https://0.0.0.0",
            "https://224.0.0.1",
            "https://255.255.255.255",
            "https://[::1]",
            "https://[::ffff:127.0.0.1]",
            "https://[64:ff9b::a00:1]",
            "https://[2002:a00:1::]",
            "https://[2001:0:1::]",
            "https://[fec0::1]",
            "https://[fd00::1]",
            "https://[fe80::1]",
            "https://metadata.google.internal",
            "https://metadata.google.internal.",
            "https://redis:6379",
            "https://logs.example.com:22",
        ] {
            assert_eq!(at(&spec("webhook", json!({"url": url})), &[], None), ["/url"], "{url}");
        }
    }

    #[test]
    fn credentials_and_the_environment_are_not_taken_over_http() {
        let url = "https://logs.example.com";
        let given =
            spec("webhook", json!({"url": url, "secret": "0123456789abcdef", "headers": {"authorization": "x"}}));
        assert_eq!(at(&given, &[], None), ["/secret", "/headers"]);
        let given = spec("headers", json!({"headers": {"x-a": "os.environ/AWS_SECRET"}}));
        assert_eq!(at(&given, &[], None), ["/headers/x-a"]);
        let given = spec("deny_words", json!({"words": ["a", "os.environ/HOME"]}));
        assert_eq!(at(&given, &[], None), ["/words/1"]);
    }

    #[test]
    fn what_the_configuration_says_may_be_said_again() {
        let params = json!({"url": "http://10.0.0.7/in", "secret": "0123456789abcdef", "batch_size": 5});
        let configured = [spec("webhook", params.clone()), spec("jsonl", json!({"path": "/var/log/x"}))];
        assert!(at(&spec("webhook", params), &configured, None).is_empty());
        let other = json!({"url": "http://10.0.0.7/in", "secret": "0123456789abcdef", "batch_size": 50});
        assert!(at(&spec("webhook", other), &configured, None).is_empty());
        // the secret of one address does not sign for another
        let elsewhere = json!({"url": "https://evil.example.com", "secret": "0123456789abcdef"});
        assert_eq!(at(&spec("webhook", elsewhere), &configured, None), ["/secret"]);
        assert!(at(&spec("jsonl", json!({"path": "/var/log/x", "keep": 1})), &configured, None).is_empty());
    }

    #[test]
    fn a_path_is_a_plain_name_in_the_data_directory() {
        let dir = tempfile::tempdir().unwrap();
        let given = |path: &str| at(&spec("jsonl", json!({"path": path})), &[], Some(dir.path()));
        assert!(given("spend-2.jsonl").is_empty());
        for path in
            ["/etc/cron.d/x.jsonl", "../x.jsonl", "a/b.jsonl", ".x.jsonl", "state.db", "x.jsonl\0", "ä.jsonl", ""]
        {
            assert_eq!(given(path), ["/path"], "{path:?}");
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("link.jsonl")).unwrap();
        assert_eq!(given("link.jsonl"), ["/path"]);
        assert_eq!(at(&spec("jsonl", json!({"path": "x.jsonl"})), &[], None), ["/path"]);
    }

    #[test]
    fn what_is_shown_holds_no_secret() {
        let given = spec(
            "webhook",
            json!({"url": "https://h.example", "secret": "canary", "headers": {"authorization": "canary"}}),
        );
        let text = shown(&given).to_string();
        assert!(!text.contains("canary") && text.contains("authorization"), "{text}");
    }
}
