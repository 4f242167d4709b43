//! Taking out of a command what belongs to the machine or is secret: folders, host names, keys.

use std::net::IpAddr;

/// Options whose value is a secret.
const SECRET: &str = "--api-key";

/// The command for the record: paths are cut to file names, hosts off loopback become `<host>`, keys `<key>`.
pub fn command(arguments: &[String]) -> String {
    let mut shown = Vec::with_capacity(arguments.len());
    let mut secret_next = false;
    for argument in arguments {
        let (option, value) = match argument.split_once('=') {
            Some((option, value)) if option.starts_with("--") => (Some(option), value),
            _ => (None, argument.as_str()),
        };
        let secret = secret_next || option == Some(SECRET);
        let value = if secret { "<key>".to_owned() } else { words(value) };
        shown.push(option.map_or(value.clone(), |option| format!("{option}={value}")));
        secret_next = argument == SECRET;
    }
    shown.join(" ")
}

/// A value, which may itself be a command or a list.
fn words(value: &str) -> String {
    let one = |word: &str| word.split(',').map(part).collect::<Vec<_>>().join(",");
    let words: Vec<_> = value.split(' ').map(one).collect();
    if words.len() > 1 { format!("'{}'", words.join(" ")) } else { words.concat() }
}

fn part(part: &str) -> String {
    if part.starts_with("key=") {
        return "key=<key>".to_owned();
    }
    match part.split_once("://") {
        Some((before, rest)) => url(before, rest),
        None => part.rsplit('/').next().unwrap_or_default().to_owned(),
    }
}

fn url(before: &str, rest: &str) -> String {
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let local = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let name = if local { name } else { "<host>" };
    let (colon, slash) = (if port.is_empty() { "" } else { ":" }, if path.is_empty() { "" } else { "/" });
    format!("{before}://{name}{colon}{port}{slash}{path}")
}

/// A name for a folder: small letters, digits and dashes.
pub fn slug(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let parts: String = text.chars().map(plain).collect();
    let slug = parts.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if slug.is_empty() { "run".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_machine_is_left() {
        let arguments = [
            "/home/me/target/release/millrace",
            "bench",
            "--api-key",
            "sk-secret",
            "--api-key=sk-secret",
            "--target",
            "a=http://box.example:80/v1,key=sk-secret,pid=7",
            "--provider-url=http://127.0.0.1:8099",
            "--proxy-command",
            "/opt/venv/bin/litellm --flag",
            "--output-json=/home/me/out.json",
            "--pin",
        ];
        let shown = command(&arguments.map(str::to_owned));
        assert_eq!(
            shown,
            "millrace bench --api-key <key> --api-key=<key> --target a=http://<host>:80/v1,key=<key>,pid=7 \
             --provider-url=http://127.0.0.1:8099 --proxy-command 'litellm --flag' --output-json=out.json --pin"
        );
    }

    #[test]
    fn slugs() {
        assert_eq!(slug("v1.83.14 Stable / two"), "v1-83-14-stable-two");
        assert_eq!(slug("../.."), "run");
    }
}
