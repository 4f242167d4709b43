//! AWS's Security Token Service: a role's keys for a statement that somebody it trusts has signed (a web identity).

use std::path::PathBuf;

use bytes::Bytes;
use millrace_actors::credential::{FetchError, Token};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::UpstreamClient;

use super::told::{Told, read};
use crate::credentials::address::Address;
use crate::credentials::{oauth, words};

/// The version of the service ("AWS STS API Reference").
const VERSION: &str = "2011-06-15";

/// Where roles are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sts {
    /// The service.
    pub address: Address,
    /// The region it is in, which is part of a signature.
    pub region: String,
}

/// A role for a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Where it is asked for.
    pub sts: Sts,
    /// The role's ARN.
    pub role: String,
    /// What the session is called.
    pub session: String,
    /// The statement.
    pub statement: Statement,
    /// As messages show it.
    pub shown: String,
}

/// A signed statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// This.
    Text(Secret),
    /// What is in this file at the time.
    File(PathBuf),
}

impl Identity {
    /// A role for a statement.
    pub fn new(sts: Sts, (role, session): (String, String), statement: Statement) -> Self {
        let shown = format!("aws role {role} by web identity");
        Identity { sts, role, session, statement, shown }
    }

    pub(super) async fn token(&self, client: &UpstreamClient) -> Result<Token, FetchError> {
        let of_file;
        let statement = match &self.statement {
            Statement::Text(text) => text,
            Statement::File(path) => {
                of_file = read(path)?;
                &of_file
            }
        };
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", VERSION),
            ("RoleArn", &self.role),
            ("RoleSessionName", &self.session),
            ("WebIdentityToken", statement.expose().trim()),
        ];
        keys(&oauth::post(client, &self.sts.address, &form).await?)
    }
}

/// The keys in an answer.
fn keys(answer: &Bytes) -> Result<Token, FetchError> {
    let text = String::from_utf8_lossy(answer);
    let element = |name| words::element(&text, name).map(str::to_owned);
    let told = element("AccessKeyId").zip(element("SecretAccessKey"));
    let (access_key_id, secret_access_key) =
        told.ok_or_else(|| FetchError("the answer of AWS's token service holds no keys".to_owned()))?;
    let (token, expiration) = (element("SessionToken"), element("Expiration"));
    Told { access_key_id, secret_access_key, token, expiration }.into_token()
}
