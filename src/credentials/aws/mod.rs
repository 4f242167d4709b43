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
use profile::Settings;
use told::Told;

pub use machine::{Authorization, Container, ECS, IMDS, is_container_host};
pub use profile::Files;
pub use sts::{Role, Statement, Sts};

/// Profiles that may follow one another by `source_profile`; two are common, and a circle must end.
const PROFILES: usize = 5;

/// Keys, and how they are got.
#[derive(Clone, Debug, PartialEq)]
pub struct Aws {
    /// How.
    pub way: Way,
    name: String,
}

/// A way of getting keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Way {
    /// As they are written down.
    Keys(SigningKeys),
    /// By a profile of the files that AWS's tools share.
    Profile(Profile),
    /// As a role, for a statement that somebody it trusts has signed.
    Identity(Sts, Role, Statement),
    /// As a role, for other keys.
    Role(Sts, Role, Box<Way>),
    /// From what runs beside a container.
    Container(Container),
    /// From the metadata service of a virtual machine, at this address.
    Machine(Address),
}

/// A profile of the shared files.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Which.
    pub name: String,
    /// Where.
    pub files: Files,
    /// Where its roles are asked for.
    pub sts: Sts,
    /// What a `credential_source` of its may be, by name.
    pub sources: Vec<(&'static str, Way)>,
}

impl Aws {
    /// Keys that are got so.
    pub fn new(way: Way) -> Self {
        Aws { name: format!("aws {}", way.shown()), way }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn secrets(&self) -> Vec<&Secret> {
        let mut secrets = Vec::new();
        self.way.secrets(&mut secrets);
        secrets
    }

    pub(super) async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        self.way.token(client).await
    }
}

impl Way {
    fn shown(&self) -> String {
        match self {
            // not by its id, which callers need not know
            Way::Keys(_) => "keys".to_owned(),
            Way::Profile(profile) => format!("profile {}", profile.name),
            Way::Identity(_, role, _) => format!("role {} by web identity", role.arn),
            Way::Role(_, role, by) => format!("role {} by {}", role.arn, by.shown()),
            Way::Container(_) => "container credentials".to_owned(),
            Way::Machine(_) => "instance metadata".to_owned(),
        }
    }

    fn secrets<'w>(&'w self, secrets: &mut Vec<&'w Secret>) {
        match self {
            Way::Keys(keys) => secrets.extend(std::iter::once(&keys.secret).chain(&keys.session)),
            Way::Profile(profile) => profile.sources.iter().for_each(|(_, way)| way.secrets(secrets)),
            Way::Identity(_, _, Statement::Text(text)) => secrets.push(text),
            Way::Role(_, _, by) => by.secrets(secrets),
            Way::Container(Container { authorization: Some(Authorization::Text(text)), .. }) => secrets.push(text),
            Way::Identity(..) | Way::Container(_) | Way::Machine(_) => {}
        }
    }

    /// Boxed, since one way may lead to another.
    fn token<'a>(&'a self, client: &'a UpstreamClient) -> LocalBoxFuture<'a, Result<Token, FetchError>> {
        Box::pin(async move {
            match self {
                Way::Keys(keys) => Ok(Token::new(Proof::Keys(keys.clone()), Instant::now(), None)),
                Way::Profile(profile) => profile.token(&profile.name, PROFILES, client).await,
                Way::Identity(sts, role, statement) => sts.identify(role, statement, client).await,
                Way::Role(sts, role, by) => assumed(sts, role, by.token(client).await?, client).await,
                Way::Container(container) => container.token(client).await,
                Way::Machine(address) => machine::token(address, client).await,
            }
        })
    }
}

impl Profile {
    /// The keys of the profile `name`, which may lead to as many others as there are `left`.
    fn token<'a>(
        &'a self,
        name: &'a str,
        left: usize,
        client: &'a UpstreamClient,
    ) -> LocalBoxFuture<'a, Result<Token, FetchError>> {
        Box::pin(async move {
            let settings = self.files.profile(name)?;
            let left =
                left.checked_sub(1).ok_or_else(|| FetchError("its source_profile leads in a circle".to_owned()))?;
            let Some(arn) = settings.get("role_arn") else { return written(&settings) };
            let text = |name: &str| settings.get(name).map(str::to_owned);
            let session = text("role_session_name").unwrap_or_else(|| SESSION.to_owned());
            let role = Role { arn: arn.to_owned(), session, external_id: text("external_id") };
            if let Some(file) = settings.get("web_identity_token_file") {
                return self.sts.identify(&role, &Statement::File(file.into()), client).await;
            }
            let by = match (settings.get("source_profile"), settings.get("credential_source")) {
                // its own keys, where it names itself
                (Some(source), _) if source == name => written(&settings)?,
                (Some(source), _) => {
                    let source = source.to_owned();
                    self.token(&source, left, client).await?
                }
                (None, Some(source)) => {
                    let way = self.sources.iter().find(|(known, _)| *known == source);
                    let (_, way) =
                        way.ok_or_else(|| FetchError("its credential_source has no keys here".to_owned()))?;
                    way.token(client).await?
                }
                (None, None) => return Err(settings.complaint()),
            };
            assumed(&self.sts, &role, by, client).await
        })
    }
}

/// What a session is called that nobody has named.
pub const SESSION: &str = "millrace";

async fn assumed(sts: &Sts, role: &Role, by: Token, client: &UpstreamClient) -> Result<Token, FetchError> {
    let keys = by.keys().ok_or_else(|| FetchError("a role is taken on with keys only".to_owned()))?;
    sts.assume(role, keys, client).await
}

/// The keys that stand in a profile.
fn written(settings: &Settings) -> Result<Token, FetchError> {
    let text = |name: &str| settings.get(name).map(str::to_owned);
    let pair = text("aws_access_key_id").zip(text("aws_secret_access_key"));
    let (access_key_id, secret_access_key) = pair.ok_or_else(|| settings.complaint())?;
    // some tools that write temporary keys write their end beside them
    let expiration = text("aws_expiration").or_else(|| text("x_security_token_expires"));
    Told { access_key_id, secret_access_key, token: text("aws_session_token"), expiration }.into_token()
}
