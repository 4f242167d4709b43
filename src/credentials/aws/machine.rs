//! Keys that a machine has without a secret: of a container (ECS, EKS), told by what runs beside it; of a virtual machine,
//! told by its metadata service, version 2.

use std::path::PathBuf;

use actix_web::http::header::{ACCEPT, AUTHORIZATION, HeaderName, HeaderValue};
use bytes::Bytes;
use millrace_actors::credential::{FetchError, Token};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::{Method, UpstreamClient};

use super::told::{Told, read};
use crate::credentials::address::Address;
use crate::credentials::oauth::{self, Question};

/// What tells a container's keys, where a path is all it is told ("Amazon ECS task IAM role").
pub const ECS: &str = "http://169.254.170.2";

/// The metadata service of a virtual machine ("Use IMDS").
pub const IMDS: &str = "http://169.254.169.254";

/// Hosts that may be asked for a container's keys over http, besides this machine: ECS's agent and EKS's, over IPv4 and IPv6
/// ("Container credential provider").
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

const SESSION_PATH: &str = "/latest/api/token";
const KEYS_PATH: &str = "/latest/meta-data/iam/security-credentials/";
const SESSION: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
/// A session is for the two questions that follow; a minute is enough.
const SESSION_LIFE: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds"), HeaderValue::from_static("60"));

/// What runs beside a container.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// Where.
    pub address: Address,
    /// What it wants to see.
    pub authorization: Option<Authorization>,
}

/// What proves that a container is the one it says.
#[derive(Clone, Debug, PartialEq)]
pub enum Authorization {
    /// This.
    Text(Secret),
    /// What is in this file at the time.
    File(PathBuf),
}

/// Whether keys of a container may be asked for over http at this host. Over https any will do.
pub fn is_container_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    loopback || host == "localhost" || AGENTS.contains(&host)
}

impl Container {
    pub(super) async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        let mut headers = vec![(ACCEPT, HeaderValue::from_static("application/json"))];
        let of_file;
        let text = match &self.authorization {
            None => None,
            Some(Authorization::Text(text)) => Some(text),
            Some(Authorization::File(path)) => {
                of_file = read(path)?;
                Some(&of_file)
            }
        };
        if let Some(text) = text {
            let value = HeaderValue::from_str(text.expose().trim_end());
            let none = |_| FetchError("no header can hold the authorization of the container".to_owned());
            headers.push((AUTHORIZATION, value.map_err(none)?));
        }
        let question = Question { address: &self.address, method: Method::GET, headers: &headers, body: Bytes::new() };
        told(&oauth::ask(client, question).await?)
    }
}

/// The keys of the role of this machine, at its metadata service.
pub(super) async fn token(service: &Address, client: &UpstreamClient) -> Result<Token, FetchError> {
    let ask = |address: Address, method: Method, headers: [(HeaderName, HeaderValue); 1]| async move {
        oauth::ask(client, Question { address: &address, method, headers: &headers, body: Bytes::new() }).await
    };
    let session = ask(service.below(SESSION_PATH), Method::PUT, [SESSION_LIFE]).await?;
    let session = HeaderValue::from_bytes(session.trim_ascii());
    let session = session.map_err(|_| FetchError("the session of the metadata service is no text".to_owned()))?;
    let session = || [(SESSION, session.clone())];
    let roles = ask(service.below(KEYS_PATH), Method::GET, session()).await?;
    let role = std::str::from_utf8(&roles).ok().and_then(|text| text.lines().next()).unwrap_or_default().trim();
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@-_".contains(&byte);
    if role.is_empty() || !role.bytes().all(sound) {
        return Err(FetchError("the machine has no role".to_owned()));
    }
    told(&ask(service.below(&format!("{KEYS_PATH}{role}")), Method::GET, session()).await?)
}

fn told(body: &[u8]) -> Result<Token, FetchError> {
    let told: Result<Told, _> = serde_json::from_slice(body);
    told.map_err(|_| FetchError("the answer holds no keys".to_owned()))?.into_token()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_asks_over_http_its_neighbours_only() {
        for good in
            ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]
        {
            assert!(is_container_host(good), "{good}");
        }
        for bad in ["169.254.169.254", "169.254.170.3", "10.0.0.1", "[fd00:ec2::254]", "localhost.example.com"] {
            assert!(!is_container_host(bad), "{bad}");
        }
    }
}
