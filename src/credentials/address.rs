//! The address of a token server. Secrets are sent to it and tokens come back, so it is https, or on this machine or link.

use std::net::IpAddr;

use millrace_actors::upstream::{Origin, OriginError};

/// Names of metadata servers, which answer over http on the machine's own link only: Google's ("About VM metadata").
const ON_LINK: &[&str] = &["localhost", "metadata.google.internal", "metadata"];

/// EC2's metadata service over IPv6, and EKS's Pod Identity agent: addresses that AWS reserves on the machine's own link,
/// though they are of no link-local range (AWS, "Access instance metadata", "EKS Pod Identity").
const RESERVED: [&str; 2] = ["fd00:ec2::254", "fd00:ec2::23"];

/// An address, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub(super) origin: Origin,
    /// Path and query, beginning with `/`.
    pub(super) path: String,
}

/// Why a text is no address of a token server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No address at all.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// Plain http to somewhere else.
    #[error("over http anyone on the way can read the secret; write https, unless it is this machine")]
    Plain,
}

impl Address {
    /// Checks a text.
    ///
    /// # Errors
    /// It cannot be called, or is plain http to a host that is not this machine or on its link.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (origin, rest) = Origin::split(text)?;
        if !origin.is_https() && !is_near(origin.host()) {
            return Err(AddressError::Plain);
        }
        let path = if rest.starts_with('/') { rest } else { format!("/{rest}") };
        Ok(Address { origin, path })
    }

    /// Whether TLS is spoken.
    pub fn is_https(&self) -> bool {
        self.origin.is_https()
    }

    /// The host in lower case; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        self.origin.host()
    }

    /// The same server, asked for something below this path.
    #[must_use]
    pub fn below(&self, rest: &str) -> Self {
        let path = format!("{}{rest}", self.path.trim_end_matches('/'));
        Address { origin: self.origin.clone(), path }
    }

    /// The same, with a query behind it.
    #[must_use]
    pub(super) fn with_query(&self, query: &str) -> Self {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        Address { origin: self.origin.clone(), path: format!("{}{mark}{query}", self.path) }
    }

    /// Host and path as a message shows them: what is behind a `?` may be somebody's business.
    pub(super) fn shown(&self) -> String {
        format!("{}{}", self.origin, self.path.split('?').next().unwrap_or_default())
    }
}

fn is_near(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unicast_link_local() || RESERVED.iter().any(|known| known.parse() == Ok(ip))
        }
        Err(_) => ON_LINK.contains(&bare),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_not_beyond_this_machine_and_its_link() {
        for good in [
            "https://login.example.com",
            "http://127.0.0.1:9/token",
            "http://169.254.169.254",
            "http://[fd00:ec2::254]/x",
            "http://[::1]:80",
            "http://metadata.google.internal",
        ] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for bad in ["http://login.example.com", "http://10.0.0.1", "http://[fd00::1]", "http://localhost.example.com"] {
            assert_eq!(Address::parse(bad), Err(AddressError::Plain), "{bad}");
        }
        assert!(matches!(Address::parse("ftp://h"), Err(AddressError::Origin(_))));
    }

    #[test]
    fn a_path_is_put_below_another_and_a_query_is_not_shown() {
        let address = Address::parse("https://h/a/").unwrap().below("/b?secret=1");
        assert_eq!((address.path.as_str(), address.shown().as_str()), ("/a/b?secret=1", "https://h/a/b"));
        assert_eq!(Address::parse("https://h").unwrap().path, "/");
    }
}
