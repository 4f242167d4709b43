//! Where a target listens: a plain-http URL, resolved once.

use std::net::{SocketAddr, ToSocketAddrs};

use crate::bench::error::Error;

/// A target's address, resolved before the first measurement so that no look-up is ever measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Address connected to.
    pub addr: SocketAddr,
    /// Value of the `host` header.
    pub host: String,
    /// Path before `/v1/...`, without a slash at its end; most often empty.
    pub prefix: String,
}

impl Endpoint {
    /// An endpoint on an address of our own.
    pub fn local(addr: SocketAddr) -> Self {
        Self { addr, host: addr.to_string(), prefix: String::new() }
    }

    /// Reads `http://host[:port][/prefix]`; a final `/v1` is left out, since every path here begins with it.
    pub fn parse(option: &'static str, url: &str) -> Result<Self, Error> {
        let remedy = "write it as http://127.0.0.1:4000 (TLS is not measured here)";
        let bad = |problem: &str| Error::option(option, format!("`{url}` {problem}"), remedy);
        let rest = url.strip_prefix("http://").ok_or_else(|| bad("is not an http:// URL"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() || host.contains('@') {
            return Err(bad("has no plain host"));
        }
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let full = if has_port { host.to_owned() } else { format!("{host}:80") };
        let addr = full.to_socket_addrs().ok().and_then(|mut all| all.next());
        let addr = addr.ok_or_else(|| bad("has a host that cannot be resolved"))?;
        let path = path.trim_end_matches('/');
        let path = path.strip_suffix("v1").map_or(path, |before| before.trim_end_matches('/'));
        let prefix = if path.is_empty() { String::new() } else { format!("/{path}") };
        Ok(Self { addr, host: host.to_owned(), prefix })
    }

    /// The base URL up to and with `/v1`.
    pub fn api_base(&self) -> String {
        format!("http://{}{}/v1", self.host, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_urls() {
        let endpoint = Endpoint::parse("--target", "http://127.0.0.1:4000/v1/").expect("valid");
        assert_eq!(endpoint, Endpoint::local(SocketAddr::from(([127, 0, 0, 1], 4000))));
        let endpoint = Endpoint::parse("--target", "http://127.0.0.1/portkey/v1").expect("valid");
        assert_eq!((endpoint.addr.port(), endpoint.prefix.as_str()), (80, "/portkey"));
        assert_eq!(endpoint.api_base(), "http://127.0.0.1/portkey/v1");
        for bad in ["https://127.0.0.1", "127.0.0.1:1", "http://", "http://key@127.0.0.1"] {
            let message = Endpoint::parse("--target", bad).expect_err(bad).to_string();
            assert!(message.starts_with("--target:") && message.contains("http://127.0.0.1:4000"), "{message}");
        }
    }
}
