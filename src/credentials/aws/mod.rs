//! AWS: keys that sign, from wherever its own tools would take them ("AWS SDKs and Tools Reference Guide", "Standardized
//! credential providers"). Which of these places counts is decided when the configuration is read; what lies there, each
//! time it is needed.

mod machine;
mod profile;
mod sts;

use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::LocalBoxFuture;
use millrace_actors::credential::{FetchError, Proof, SigningKeys, Token};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::UpstreamClient;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::address::Address;

pub use machine::{Authorization, Container, ECS, IMDS, is_container_host};
pub use profile::Profile;
pub use sts::{Identity, Statement, Sts};

/// How long keys hold that say nothing of an end: then they are read again, in case they have been changed.
const UNSAID: Duration = Duration::from_secs(900);

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

/// Keys as the metadata services tell them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<String>,
}

impl Told {
    /// The keys and their end.
    fn into_token(self) -> Result<Token, FetchError> {
        let lifetime = match self.expiration {
            None => UNSAID,
            Some(end) => lifetime(&end).ok_or_else(|| FetchError("the end of the keys is no time".to_owned()))?,
        };
        let keys = SigningKeys {
            id: self.access_key_id,
            secret: Secret::new(self.secret_access_key),
            session: self.token.filter(|token| !token.is_empty()).map(Secret::new),
        };
        Ok(Token::new(Proof::Keys(keys), Instant::now(), Some(lifetime)))
    }
}

/// From now to a time such as `2026-11-24T12:00:00Z`; nothing if that has passed.
fn lifetime(end: &str) -> Option<Duration> {
    let end = OffsetDateTime::parse(end.trim(), &Rfc3339).ok()?;
    Some(SystemTime::from(end).duration_since(SystemTime::now()).unwrap_or_default())
}

/// A small file that holds a secret, read anew each time: whoever writes it does so before what is in it ends.
fn read(path: &PathBuf) -> Result<Secret, FetchError> {
    super::file::read(path).map_err(|cause| FetchError(format!("{}: {cause}", path.display())))
}

#[cfg(test)]
mod tests {
    use millrace_actors::credential::State;

    use super::*;

    #[test]
    fn keys_end_when_they_say_so_or_are_read_again() {
        let told = |expiration: Option<&str>| Told {
            access_key_id: "AKID".into(),
            secret_access_key: "s".into(),
            token: Some("t".into()),
            expiration: expiration.map(str::to_owned),
        };
        let state = |told: Told, after| told.into_token().unwrap().state(Instant::now() + Duration::from_secs(after));
        assert_eq!((state(told(None), 0), state(told(None), 900)), (State::Fresh, State::Over));
        assert_eq!(state(told(Some("2020-01-01T00:00:00Z")), 0), State::Over);
        assert_eq!(state(told(Some("2999-01-01T00:00:00.123Z")), 1 << 30), State::Fresh);
        assert!(told(Some("soon")).into_token().is_err());
    }
}
