//! Azure: Entra ID, which gives a token for an application's secret or for a signed statement of somebody it trusts, and the
//! identity that a machine of Azure's has without either.

use std::path::PathBuf;
use std::time::Instant;

use actix_web::http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use millrace_actors::credential::{FetchError, Token};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::{Method, UpstreamClient};

use super::address::Address;
use super::file;
use super::oauth::{self, Question};

/// A signed statement in a form (RFC 7523, section 2.2).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The versions of the two services that tell a machine's token (Microsoft, "How to use managed identities ... to acquire
/// an access token", "... for App Service").
const IMDS_VERSION: &str = "2018-02-01";
const APP_SERVICE_VERSION: &str = "2019-08-01";

const METADATA: (HeaderName, HeaderValue) = (HeaderName::from_static("metadata"), HeaderValue::from_static("true"));
const IDENTITY_HEADER: HeaderName = HeaderName::from_static("x-identity-header");

/// A way of getting Azure's tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum Azure {
    /// An application asks Entra ID.
    Application(Application),
    /// The machine asks its own link.
    Managed(Managed),
    /// A token that the operator got elsewhere, and renews elsewhere.
    Given(Secret),
}

/// An application, as Entra ID knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// The tenant's token endpoint.
    pub address: Address,
    /// The application.
    pub client_id: String,
    /// How it proves itself.
    pub proof: Proof,
    /// What a token is for.
    pub scope: String,
    /// As messages show it.
    pub name: String,
}

/// How an application proves itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// By a secret.
    Secret(Secret),
    /// By a statement in this file, which is read anew each time: whoever writes it does so anew before it ends.
    File(PathBuf),
}

/// The identity of a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Managed {
    /// Where it is told; the machine's own link, or a neighbouring process.
    pub address: Address,
    /// What App Service wants to see; without it, the address is a virtual machine's.
    pub header: Option<Secret>,
    /// Which of several identities.
    pub client_id: Option<String>,
    /// What a token is for.
    pub scope: String,
}

impl Application {
    /// The token endpoint of a tenant.
    pub fn address(authority: &Address, tenant: &str) -> Address {
        let tenant: String = form_urlencoded::byte_serialize(tenant.as_bytes()).collect();
        authority.below(&format!("/{tenant}/oauth2/v2.0/token"))
    }

    async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        let statement;
        let proof = match &self.proof {
            Proof::Secret(secret) => [("client_secret", secret.expose()), ("client_assertion_type", "")],
            Proof::File(path) => {
                let unread = |cause| FetchError(format!("{}: {cause}", path.display()));
                statement = file::read(path).map_err(unread)?;
                [("client_assertion_type", ASSERTION), ("client_assertion", statement.expose().trim())]
            }
        };
        let form = [("grant_type", "client_credentials"), ("client_id", &self.client_id), ("scope", &self.scope)];
        let form: Vec<_> = form.into_iter().chain(proof).filter(|(_, value)| !value.is_empty()).collect();
        oauth::token(&oauth::post(client, &self.address, &form).await?)
    }
}

impl Managed {
    async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        let version = if self.header.is_some() { APP_SERVICE_VERSION } else { IMDS_VERSION };
        // a scope is a resource and `/.default`
        let resource = self.scope.strip_suffix("/.default").unwrap_or(&self.scope);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("api-version", version).append_pair("resource", resource);
        if let Some(id) = &self.client_id {
            query.append_pair("client_id", id);
        }
        let header = match &self.header {
            None => METADATA,
            Some(secret) => {
                let value = HeaderValue::from_str(secret.expose());
                (IDENTITY_HEADER, value.map_err(|_| FetchError("no header can hold IDENTITY_HEADER".to_owned()))?)
            }
        };
        let address = &self.address.with_query(&query.finish());
        let question = Question { address, method: Method::GET, headers: &[header], body: Bytes::new() };
        oauth::token(&oauth::ask(client, question).await?)
    }
}

impl Azure {
    pub(super) fn name(&self) -> &str {
        match self {
            Azure::Application(application) => &application.name,
            Azure::Managed(_) => "azure managed identity",
            Azure::Given(_) => "azure_ad_token",
        }
    }

    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Azure::Application(Application { proof: Proof::Secret(secret), .. }) => vec![secret],
            Azure::Application(_) => Vec::new(),
            Azure::Managed(managed) => managed.header.iter().collect(),
            Azure::Given(token) => vec![token],
        }
    }

    pub(super) async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        match self {
            Azure::Application(application) => application.token(client).await,
            Azure::Managed(managed) => managed.token(client).await,
            Azure::Given(token) => {
                let proof = Token::bearer(token.expose());
                let proof = proof.ok_or_else(|| FetchError("no header can hold it".to_owned()))?;
                Ok(Token::new(proof, Instant::now(), None))
            }
        }
    }
}
