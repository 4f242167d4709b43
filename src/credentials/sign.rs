//! AWS's Signature Version 4 of one call: a pure function of the call, the keys and the time. The algorithm is `aws-sigv4`'s.

use std::time::SystemTime;

use actix_web::http::header::{HeaderName, HeaderValue};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as aws_sign};
use aws_sigv4::sign::v4::SigningParams;
use millrace_actors::credential::SigningKeys;
use millrace_actors::secret::Secret;

/// A call as it goes out.
pub struct Outgoing<'a> {
    /// `POST` ...
    pub method: &'a str,
    /// The whole URL, percent-encoded as it is sent.
    pub url: &'a str,
    /// The headers that are signed: `host` must be among them, and be what is sent.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// What a signature is good for.
pub struct Scope<'a> {
    /// `eu-central-1` ...
    pub region: &'a str,
    /// `bedrock` ...
    pub service: &'a str,
}

/// Why there is no signature. The text holds nothing secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SignError(String);

/// The headers to add: `authorization`, `x-amz-date`, and `x-amz-security-token` for temporary keys.
///
/// # Errors
/// The URL or a header cannot be part of a call at all, or a key holds what no header can.
pub fn sign(
    call: &Outgoing<'_>,
    keys: &SigningKeys,
    scope: &Scope<'_>,
    now: SystemTime,
) -> Result<Vec<(HeaderName, HeaderValue)>, SignError> {
    let failed = |error: &dyn std::error::Error| SignError(error.to_string());
    let session = keys.session.as_ref().map(Secret::expose).map(str::to_owned);
    let identity = Credentials::new(&keys.id, keys.secret.expose(), session, None, "millrace").into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(now)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| failed(&error))?
        .into();
    let body = SignableBody::Bytes(call.body);
    let request = SignableRequest::new(call.method, call.url, call.headers.iter().copied(), body);
    let signed = request.and_then(|request| aws_sign(request, &params)).map_err(|error| failed(&error))?;
    let (headers, _) = signed.into_parts().0.into_parts();
    let mut out = Vec::with_capacity(headers.len());
    for header in headers {
        let mut value = HeaderValue::from_str(header.value()).map_err(|error| failed(&error))?;
        value.set_sensitive(header.sensitive() || header.name() == "authorization");
        out.push((HeaderName::from_static(header.name()), value));
    }
    Ok(out)
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
