//! Where credentials come from that must be fetched: one file for each kind of account, and what a token server is asked
//! with. Who fetches, and when, is the keeper's business (`millrace_actors::credential`).
//!
//! A source is plain data, made by the configuration: equal ones are one credential, and keep their token over a reload.

mod address;
pub mod aws;
mod azure;
mod book;
pub mod file;
mod google;
mod jwt;
mod oauth;
pub mod sign;
mod words;

use futures_util::future::LocalBoxFuture;
use millrace_actors::credential::{FetchError, Token, TokenSource};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::UpstreamClient;

use crate::logging;

pub use address::{Address, AddressError};
pub use aws::Aws;
pub use azure::{Application, Azure, Managed, Proof};
pub use book::Book;
pub use google::{AccountFile, AccountFileError, Google, METADATA_HOST};

/// A way of getting tokens.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// Google Cloud.
    Google(Google),
    /// Azure's Entra ID, once called Azure AD.
    Azure(Azure),
    /// AWS.
    Aws(Aws),
}

impl Source {
    /// Every secret in it, for the log's filter.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Source::Google(google) => google.secrets(),
            Source::Azure(azure) => azure.secrets(),
            Source::Aws(aws) => aws.secrets(),
        }
    }

    async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        match self {
            Source::Google(google) => google.token(client).await,
            Source::Azure(azure) => azure.token(client).await,
            Source::Aws(aws) => aws.token(client).await,
        }
    }
}

impl TokenSource for Source {
    fn name(&self) -> &str {
        match self {
            Source::Google(google) => google.name(),
            Source::Azure(azure) => azure.name(),
            Source::Aws(aws) => aws.name(),
        }
    }

    fn fetch<'a>(&'a self, client: &'a UpstreamClient) -> LocalBoxFuture<'a, Result<Token, FetchError>> {
        Box::pin(async {
            let token = self.token(client).await?;
            token.secrets().for_each(logging::guard_passing);
            Ok(token)
        })
    }
}
