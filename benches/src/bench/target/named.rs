//! Targets named on the command line: `NAME=URL[,pid=PID][,key=KEY]`.

use super::key::Key;
use super::{DIRECT, Target};
use crate::bench::error::Error;
use crate::bench::http::endpoint::Endpoint;

/// How the gateway that this run starts is named on the command line and in the output.
pub const SELF: &str = "self";

/// Reads one `--target`, which is not `self`.
pub fn parse(text: &str) -> Result<Target, Error> {
    let remedy = "write it as name=http://127.0.0.1:4000,pid=123,key=sk-..";
    let bad = |problem: String| Error::option("--target", problem, remedy);
    let mut parts = text.split(',');
    let (name, url) = parts.next().and_then(|first| first.split_once('=')).unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || !name.chars().all(plain) || name == SELF || name == DIRECT {
        return Err(bad(format!("a name is letters, digits, - _ and ., and neither {SELF} nor {DIRECT}")));
    }
    let endpoint = Endpoint::parse("--target", url)?;
    let mut target = Target { name: name.to_owned(), endpoint, key: None, pid: None, fast_paths: None, models: "" };
    for part in parts {
        match part.split_once('=') {
            Some(("pid", pid)) => {
                target.pid = Some(pid.parse().map_err(|_| bad(format!("`{pid}` is not the number of a process")))?);
            }
            Some(("key", key)) => {
                let key = Key::new(key).ok_or_else(|| bad("the key has blanks or control characters".to_owned()))?;
                target.key = Some(key);
            }
            _ => return Err(bad("after the URL there may be pid=.. and key=..".to_owned())),
        }
    }
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read() {
        let target = parse("other=http://127.0.0.1:9/v1,pid=12,key=sk-x").expect("valid");
        assert_eq!((target.name.as_str(), target.pid, target.endpoint.addr.port()), ("other", Some(12), 9));
        assert_eq!(target.key.map(|key| key.reveal().to_owned()), Some("sk-x".to_owned()));
        for bad in [
            "http://127.0.0.1:9",
            "direct=http://127.0.0.1:9",
            "a=http://127.0.0.1:9,pid=x",
            "a=b",
            "a=http://127.0.0.1:9,x=1",
        ] {
            assert!(parse(bad).expect_err(bad).to_string().starts_with("--target"));
        }
    }

    #[test]
    fn a_key_is_in_no_message() {
        let message = parse("a=http://127.0.0.1:9,key=sk-se cret").expect_err("a blank").to_string();
        assert!(!message.contains("cret"), "{message}");
        let message = parse("a=http://127.0.0.1:9,sk-secret").expect_err("no name").to_string();
        assert!(!message.contains("secret"), "{message}");
    }
}
