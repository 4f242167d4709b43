//! Google Cloud: a service account's key, a person's refresh token, or the metadata server of the machine.

use std::time::SystemTime;

use actix_web::http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use millrace_actors::credential::{FetchError, Token};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::{Method, UpstreamClient};
use serde::Deserialize;
use serde_json::json;

use super::address::{Address, AddressError};
use super::jwt;
use super::oauth::{self, Question};

/// Where Google exchanges keys and refresh tokens, where a file does not say (Google, "OAuth 2.0 for server to server").
const TOKEN_ADDRESS: &str = "https://oauth2.googleapis.com/token";

/// What a token is for: all of Google Cloud, as the account's roles allow.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The grant of a signed statement (RFC 7523, section 2.1).
const JWT_GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long a statement holds: the most that Google takes.
const HOUR: u64 = 3600;

/// The metadata server's name, on every machine of Google's.
pub const METADATA_HOST: &str = "metadata.google.internal";

const METADATA_PATH: &str = "/computeMetadata/v1/instance/service-accounts/default/token";
const METADATA_FLAVOR: (HeaderName, HeaderValue) =
    (HeaderName::from_static("metadata-flavor"), HeaderValue::from_static("Google"));

/// A way of getting Google's tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum Google {
    /// By a file of credentials.
    File(AccountFile),
    /// By the metadata server at this address.
    Metadata(Address),
}

/// A file of credentials, read.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountFile {
    /// The project it is of, if it says so.
    pub project: Option<String>,
    name: String,
    address: Address,
    account: Account,
}

#[derive(Clone, Debug, PartialEq)]
enum Account {
    Service { email: String, key: Secret, key_id: Option<String> },
    Person { client_id: String, client_secret: Secret, refresh_token: Secret },
}

/// Why a file of credentials cannot be used. Nothing of the file is repeated but names of fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountFileError {
    /// No JSON, or not that of an account.
    #[error("it is no JSON of a service account or of an authorized user{0}")]
    Json(&'static str),
    /// A kind of account that is not served.
    #[error("accounts of the type `{0}` are not supported; service_account and authorized_user are")]
    Kind(String),
    /// The private key.
    #[error("its `private_key` cannot be used: {0}")]
    Key(&'static str),
    /// The address of the token server.
    #[error("its `token_uri` cannot be used: {0}")]
    Address(#[from] AddressError),
}

/// The file as Google writes it.
#[derive(Deserialize)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    project_id: Option<String>,
    quota_project_id: Option<String>,
    token_uri: Option<String>,
    client_email: Option<String>,
    private_key: Option<String>,
    private_key_id: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    refresh_token: Option<String>,
}

impl AccountFile {
    /// Reads the JSON that Google hands out for an account.
    ///
    /// # Errors
    /// Each is what the operator should know of the file.
    pub fn parse(text: &str) -> Result<Self, AccountFileError> {
        let written: Written = serde_json::from_str(text).map_err(|_| AccountFileError::Json(""))?;
        let address = Address::parse(written.token_uri.as_deref().unwrap_or(TOKEN_ADDRESS))?;
        let (name, account) = match written.kind.as_str() {
            "service_account" => {
                let lacks = AccountFileError::Json(": it lacks client_email or private_key");
                let (email, key) = written.client_email.zip(written.private_key).ok_or(lacks)?;
                let key = Secret::new(key);
                jwt::key(&key).map_err(AccountFileError::Key)?;
                let name = format!("google service account {email}");
                (name, Account::Service { email, key, key_id: written.private_key_id })
            }
            "authorized_user" => {
                let lacks = AccountFileError::Json(": it lacks client_id, client_secret or refresh_token");
                let (client_id, secret) = written.client_id.zip(written.client_secret).ok_or(lacks.clone())?;
                let refresh_token = Secret::new(written.refresh_token.ok_or(lacks)?);
                let name = format!("google user of client {client_id}");
                (name, Account::Person { client_id, client_secret: Secret::new(secret), refresh_token })
            }
            other => return Err(AccountFileError::Kind(other.chars().take(64).collect())),
        };
        let project = written.project_id.or(written.quota_project_id).filter(|project| !project.is_empty());
        Ok(AccountFile { project, name, address, account })
    }

    async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        let answer = match &self.account {
            Account::Service { email, key, key_id } => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
                let audience = format!("{}{}", self.address.origin, self.address.path);
                let claims = json!({"iss": email, "scope": SCOPE, "aud": audience, "iat": now, "exp": now + HOUR});
                let signed = jwt::key(key).and_then(|key| jwt::signed(&key, key_id.as_deref(), &claims));
                let assertion = signed.map_err(|cause| FetchError(cause.to_owned()))?;
                oauth::post(client, &self.address, &[("grant_type", JWT_GRANT), ("assertion", &assertion)]).await?
            }
            Account::Person { client_id, client_secret, refresh_token } => {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", client_id),
                    ("client_secret", client_secret.expose()),
                    ("refresh_token", refresh_token.expose()),
                ];
                oauth::post(client, &self.address, &form).await?
            }
        };
        oauth::token(&answer)
    }
}

impl Google {
    pub(super) fn name(&self) -> &str {
        match self {
            Google::File(file) => &file.name,
            Google::Metadata(_) => "google metadata server",
        }
    }

    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Google::File(AccountFile { account: Account::Service { key, .. }, .. }) => vec![key],
            Google::File(AccountFile { account: Account::Person { client_secret, refresh_token, .. }, .. }) => {
                vec![client_secret, refresh_token]
            }
            Google::Metadata(_) => Vec::new(),
        }
    }

    pub(super) async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        match self {
            Google::File(file) => file.token(client).await,
            Google::Metadata(host) => {
                let address = &host.below(METADATA_PATH);
                let question =
                    Question { address, method: Method::GET, headers: &[METADATA_FLAVOR], body: Bytes::new() };
                oauth::token(&oauth::ask(client, question).await?)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_used_says_why_and_repeats_nothing_of_it() {
        let service = |key: &str, uri: &str| {
            json!({"type": "service_account", "client_email": "a@b", "private_key": key, "token_uri": uri}).to_string()
        };
        for (text, why) in [
            ("canary".to_owned(), "no JSON"),
            (json!({"type": "service_account", "private_key": "canary"}).to_string(), "client_email"),
            (json!({"type": "authorized_user", "client_id": "canary"}).to_string(), "refresh_token"),
            (json!({"type": "external_account"}).to_string(), "external_account"),
            (service("canary", TOKEN_ADDRESS), "private_key"),
            (service("canary", "http://canary.example.com"), "token_uri"),
        ] {
            let error = AccountFile::parse(&text).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("canary"), "{error}");
        }
    }
}
