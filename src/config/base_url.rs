//! The address of an upstream, checked once so that nobody downstream has to.

use std::fmt;

use actix_web::http::Uri;

/// `http(s)://host[:port][/path]`: no user, no query, no fragment, no slash at the end.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    https: bool,
    host: String,
    port: u16,
}

impl BaseUrl {
    /// Checks and normalises `text`. The error says what is wrong, without repeating the text (it may hold a password).
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim_end_matches('/');
        if text.contains('@') {
            return Err("an address may not hold a user or password; give the credential as api_key");
        }
        if text.contains(['?', '#']) {
            return Err("an address may not hold a query or a fragment");
        }
        let uri: Uri = text.parse().map_err(|_| "not an address of the form https://host:port/path")?;
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err("only http:// and https:// addresses can be called"),
            None => return Err("the address must begin with https:// or http://"),
        };
        let authority = uri.authority().ok_or("the address names no host")?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("the address names no host")?;
        let written_port = authority.as_str().strip_prefix(host).unwrap_or_default();
        let port = match (uri.port_u16(), https) {
            (Some(0), _) => return Err("port 0 cannot be called"),
            (Some(port), _) => port,
            (None, _) if !written_port.is_empty() => return Err("the port must be a number from 1 to 65535"),
            (None, true) => 443,
            (None, false) => 80,
        };
        Ok(Self { text: text.to_owned(), https, host: host.to_ascii_lowercase(), port })
    }

    /// OpenAI's own address, `https://api.openai.com/v1`.
    pub fn openai() -> Self {
        Self { text: "https://api.openai.com/v1".to_owned(), https: true, host: "api.openai.com".to_owned(), port: 443 }
    }

    /// Anthropic's own address, `https://api.anthropic.com`.
    pub fn anthropic() -> Self {
        let host = "api.anthropic.com".to_owned();
        Self { text: format!("https://{host}"), https: true, host, port: 443 }
    }

    /// The whole address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the connection is TLS.
    pub fn https(&self) -> bool {
        self.https
    }

    /// The host in lower case; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, with the scheme's own filled in.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `scheme://host:port`: what a credential is bound to.
    pub fn origin(&self) -> String {
        format!("{}://{}:{}", if self.https { "https" } else { "http" }, self.host, self.port)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::BaseUrl;

    #[test]
    fn good_addresses_are_normalised() {
        let url = BaseUrl::parse("https://API.example.com/v1//").unwrap();
        assert_eq!(
            (url.as_str(), url.host(), url.port(), url.https()),
            ("https://API.example.com/v1", "api.example.com", 443, true)
        );
        assert_eq!(url.origin(), "https://api.example.com:443");
        let url = BaseUrl::parse("http://[::1]:8000").unwrap();
        assert_eq!((url.host(), url.port(), url.https()), ("[::1]", 8000, false));
    }

    #[test]
    fn the_built_in_address_is_what_parsing_it_gives() {
        assert_eq!(BaseUrl::openai(), BaseUrl::parse("https://api.openai.com/v1").unwrap());
    }

    #[test]
    fn bad_addresses_are_refused() {
        let bad = [
            "",
            "/",
            "api.example.com/v1",
            "ftp://x/",
            "file:///etc/passwd",
            "http://",
            "http://u:p@h/",
            "http://h/v1?x=1",
            "http://h/#a",
            "http://h:0/",
            "http://h:99999/",
            "http://h:/v1",
            "http://h:abc/",
            "http://a b/",
        ];
        for text in bad {
            assert!(BaseUrl::parse(text).is_err(), "{text:?}");
        }
    }
}
