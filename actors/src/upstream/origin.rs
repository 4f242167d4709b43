//! Where a deployment lives: scheme, host, port, and whether its certificate is checked. Parsed and judged once, from
//! the configuration; nothing of a request ever becomes part of it, so nothing of a request can choose whom we call.

use std::fmt;
use std::sync::Arc;

use awc::http::Uri;
use awc::http::uri::Authority;

/// One upstream origin. Cheap to clone and hash; two origins are equal only when they may share a connection, so
/// `http://h:443` and `https://h:443` differ, and so do a checked and an unchecked certificate.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin(Arc<Parts>);

#[derive(PartialEq, Eq, Hash)]
struct Parts {
    https: bool,
    host: String,
    port: u16,
    verify: bool,
}

/// Why a base URL cannot be used. The URL itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a URL at all, or it has no host.
    #[error("not a URL with a scheme and a host; write it as https://host[:port][/path]")]
    Malformed,
    /// A scheme other than http or https (unix, file, ftp ...).
    #[error("scheme {0:?} is not supported; use http or https")]
    Scheme(String),
    /// `user:password@host`: the password would end up in logs and in `Host`.
    #[error("it holds a user name or password; put credentials in api_key")]
    UserInfo,
    /// `#...`, which is never sent.
    #[error("it holds a fragment (#...), which is never sent; remove it")]
    Fragment,
    /// Port 0.
    #[error("port 0 cannot be connected to")]
    Port,
}

impl Origin {
    /// The origin of a base URL; path and query are ignored (see [`Origin::split`]).
    pub fn parse(api_base: &str) -> Result<Self, OriginError> {
        Self::split(api_base).map(|(origin, _)| origin)
    }

    /// The origin of a base URL and what follows it, without trailing slashes: `https://h/v1/` gives `/v1`, and
    /// `https://h` gives an empty string.
    pub fn split(api_base: &str) -> Result<(Self, String), OriginError> {
        if api_base.contains('#') {
            return Err(OriginError::Fragment);
        }
        let api_base = api_base.trim();
        let https = match api_base.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => true,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => false,
            Some((other, _)) if other.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) => {
                return Err(OriginError::Scheme(other.to_owned()));
            }
            _ => return Err(OriginError::Malformed),
        };
        let uri: Uri = api_base.parse().map_err(|_| OriginError::Malformed)?;
        let authority = uri.authority().ok_or(OriginError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(OriginError::UserInfo);
        }
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(OriginError::Malformed);
        }
        let port = port_of(authority)?.unwrap_or(if https { 443 } else { 80 });
        let rest = uri.path_and_query().map_or("", |rest| rest.as_str());
        let rest = rest.trim_end_matches('/').to_owned();
        Ok((Self(Arc::new(Parts { https, host, port, verify: true })), rest))
    }

    /// The same origin without certificate checks. Only an explicit setting of one deployment may ask for it.
    #[must_use]
    pub fn without_verification(&self) -> Self {
        Self(Arc::new(Parts { https: self.0.https, host: self.0.host.clone(), port: self.0.port, verify: false }))
    }

    /// Whether TLS is spoken.
    pub fn is_https(&self) -> bool {
        self.0.https
    }

    /// Whether the certificate is checked (always, unless [`Origin::without_verification`] was asked for).
    pub fn verifies(&self) -> bool {
        self.0.verify
    }

    /// The host in lower case; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// The host as the resolver and TLS want it: an IPv6 address without brackets.
    pub(super) fn bare_host(&self) -> &str {
        self.0.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, given or implied by the scheme.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// The value of `Host`: the port is named unless it is the scheme's own. awc would guess from the port alone.
    pub fn host_header(&self) -> String {
        match (self.0.https, self.0.port) {
            (true, 443) | (false, 80) => self.0.host.clone(),
            (_, port) => format!("{}:{port}", self.0.host),
        }
    }
}

/// `Authority::port_u16` says `None` for a bad port as well as for none, so the text is looked at.
fn port_of(authority: &Authority) -> Result<Option<u16>, OriginError> {
    let tail = authority.as_str().get(authority.host().len()..).unwrap_or_default();
    match (tail, authority.port_u16()) {
        ("" | ":", _) => Ok(None),
        (_, Some(0)) => Err(OriginError::Port),
        (_, Some(port)) => Ok(Some(port)),
        _ => Err(OriginError::Malformed),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.0.https { "https" } else { "http" }, self.host_header())
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self}{})", if self.0.verify { "" } else { ", certificate unchecked" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_split() {
        let (origin, rest) = Origin::split("https://API.example.com/v1/").unwrap();
        assert_eq!((origin.host(), origin.port(), rest.as_str()), ("api.example.com", 443, "/v1"));
        assert_eq!(origin.to_string(), "https://api.example.com");
        let (origin, rest) = Origin::split("http://[::1]:8080").unwrap();
        assert_eq!((origin.host(), origin.bare_host(), origin.port(), rest.as_str()), ("[::1]", "::1", 8080, ""));
        assert_eq!(Origin::parse("https://h:80").unwrap().host_header(), "h:80");
        assert_eq!(Origin::parse("http://h:443").unwrap().host_header(), "h:443");
    }

    #[test]
    fn what_must_not_be_called_is_refused() {
        use OriginError::*;
        for (text, why) in [
            ("https://user:pw@h/", UserInfo),
            ("https://h/#x", Fragment),
            ("unix:///run/x.sock", Scheme("unix".into())),
            ("file://host/etc/passwd", Scheme("file".into())),
            ("/v1", Malformed),
            ("h:8080", Malformed),
            ("", Malformed),
            ("http://h:0", Port),
            ("http://h:99999", Malformed),
        ] {
            let error = Origin::parse(text).unwrap_err();
            assert_eq!(error, why, "{text}");
            assert!(!error.to_string().contains("pw"));
        }
    }

    #[test]
    fn what_must_not_share_a_connection_differs() {
        let secure = Origin::parse("https://h:443").unwrap();
        assert_ne!(secure, Origin::parse("http://h:443").unwrap());
        assert_ne!(secure, secure.without_verification());
        assert_eq!(secure, Origin::parse("https://H").unwrap());
    }
}
