//! AWS's Security Token Service: a role's keys for a statement that somebody it trusts has signed (a web identity), or for
//! keys that it trusts.

use std::path::PathBuf;
use std::time::SystemTime;

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use bytes::Bytes;
use millrace_actors::credential::{FetchError, SigningKeys, Token};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::{Method, UpstreamClient};

use super::told::{Told, read};
use crate::credentials::address::Address;
use crate::credentials::oauth::{self, Question};
use crate::credentials::sign::{Outgoing, Scope, sign};
use crate::credentials::words;

/// The version of the service ("AWS STS API Reference").
const VERSION: &str = "2011-06-15";

const FORM: &str = "application/x-www-form-urlencoded";

/// Where roles are asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Sts {
    /// The service.
    pub address: Address,
    /// The region it is in, which is part of a signature.
    pub region: String,
}

/// A role, and what the session in it is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What the session is called: it stands in AWS's records of calls.
    pub session: String,
    /// What its owner gave those who may take it on.
    pub external_id: Option<String>,
}

/// A signed statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// This.
    Text(Secret),
    /// What is in this file at the time.
    File(PathBuf),
}

impl Sts {
    /// The keys of a role for a statement; nobody signs the request.
    pub(super) async fn identify(
        &self,
        role: &Role,
        statement: &Statement,
        client: &UpstreamClient,
    ) -> Result<Token, FetchError> {
        let of_file;
        let statement = match statement {
            Statement::Text(text) => text,
            Statement::File(path) => {
                of_file = read(path)?;
                &of_file
            }
        };
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", VERSION),
            ("RoleArn", &role.arn),
            ("RoleSessionName", &role.session),
            ("WebIdentityToken", statement.expose().trim()),
        ];
        keys(&oauth::post(client, &self.address, &form).await?)
    }

    /// The keys of a role for other keys.
    pub(super) async fn assume(
        &self,
        role: &Role,
        keys: &SigningKeys,
        client: &UpstreamClient,
    ) -> Result<Token, FetchError> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "AssumeRole").append_pair("Version", VERSION);
        form.append_pair("RoleArn", &role.arn).append_pair("RoleSessionName", &role.session);
        if let Some(id) = &role.external_id {
            form.append_pair("ExternalId", id);
        }
        let body = Bytes::from(form.finish());
        let address = &self.address;
        let host = address.origin.host_header();
        let outgoing = Outgoing {
            method: "POST",
            url: &format!("{}{}", address.origin, address.path),
            headers: &[("host", &host), ("content-type", FORM)],
            body: &body,
        };
        let scope = Scope { region: &self.region, service: "sts" };
        let signed = sign(&outgoing, keys, &scope, SystemTime::now());
        let mut headers = signed.map_err(|cause| FetchError(cause.to_string()))?;
        headers.push((CONTENT_TYPE, HeaderValue::from_static(FORM)));
        let question = Question { address, method: Method::POST, headers: &headers, body };
        self::keys(&oauth::ask(client, question).await?)
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
