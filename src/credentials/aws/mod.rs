//! AWS: keys that sign, from wherever its own tools would take them ("AWS SDKs and Tools Reference Guide", "Standardized
//! credential providers"). Which of these places counts is decided when the configuration is read; what lies there, each
//! time it is needed.

mod machine;
mod profile;
mod sts;
mod told;

use std::time::Instant;

use futures_util::future::LocalBoxFuture;
use millrace_actors::credential::{FetchError, Proof, SigningKeys, Token};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::UpstreamClient;

use super::address::Address;

pub use machine::{Authorization, Container, ECS, IMDS, is_container_host};
pub use profile::Profile;
pub use sts::{Identity, Statement, Sts};

/// A way of getting AWS's keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Aws {
    /// Keys as they are written down.
    Keys(SigningKeys),
    /// A profile of the files that AWS's tools share.
    Profile(Profile),
    /// A role, for a statement that somebody it trusts has signed.
    Identity(Identity),
    /// What runs beside a container.
    Container(Container),
    /// The metadata service of a virtual machine, at this address.
    Machine(Address),
}

impl Aws {
    pub(super) fn name(&self) -> &str {
        match self {
            Aws::Keys(_) => "aws keys",
            Aws::Profile(profile) => &profile.shown,
            Aws::Identity(identity) => &identity.shown,
            Aws::Container(_) => "aws container credentials",
            Aws::Machine(_) => "aws instance metadata",
        }
    }

    pub(super) fn secrets(&self) -> Vec<&Secret> {
        match self {
            Aws::Keys(keys) => std::iter::once(&keys.secret).chain(&keys.session).collect(),
            Aws::Identity(Identity { statement: Statement::Text(text), .. }) => vec![text],
            Aws::Container(Container { authorization: Some(Authorization::Text(text)), .. }) => vec![text],
            Aws::Profile(_) | Aws::Identity(_) | Aws::Container(_) | Aws::Machine(_) => Vec::new(),
        }
    }

    /// Boxed, since a profile may lead to any of the others.
    pub(super) fn token<'a>(&'a self, client: &'a UpstreamClient) -> LocalBoxFuture<'a, Result<Token, FetchError>> {
        Box::pin(async move {
            match self {
                Aws::Keys(keys) => Ok(Token::new(Proof::Keys(keys.clone()), Instant::now(), None)),
                Aws::Profile(profile) => profile.token(client).await,
                Aws::Identity(identity) => identity.token(client).await,
                Aws::Container(container) => container.token(client).await,
                Aws::Machine(address) => machine::token(address, client).await,
            }
        })
    }
}
