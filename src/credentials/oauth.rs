//! What token servers are asked, and how they answer: OAuth 2.0 (RFC 6749, sections 5.1 and 5.2), which metadata servers
//! follow too.

use std::time::{Duration, Instant, SystemTime};

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use bytes::Bytes;
use millrace_actors::credential::{FetchError, Token};
use millrace_actors::upstream::{Method, UpstreamClient, UpstreamRequest};
use serde::Deserialize;
use serde_json::Value;

use super::address::Address;
use super::words;
use crate::logging;

/// How long a token server may take: those on the link answer in milliseconds, the others within a second or two.
const PATIENCE: Duration = Duration::from_secs(8);

/// The largest answer: a token has a few kB.
const ANSWER: usize = 64 << 10;

/// One question to a token server.
pub(super) struct Question<'q> {
    pub address: &'q Address,
    pub method: Method,
    pub headers: &'q [(HeaderName, HeaderValue)],
    pub body: Bytes,
}

/// Asks with a form, as OAuth wants it.
pub(super) async fn post(
    client: &UpstreamClient,
    address: &Address,
    form: &[(&str, &str)],
) -> Result<Bytes, FetchError> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
        (ACCEPT, HeaderValue::from_static("application/json")),
    ];
    ask(client, Question { address, method: Method::POST, headers: &headers, body: body.into() }).await
}

/// Asks, and returns the body of a good answer.
pub(super) async fn ask(client: &UpstreamClient, question: Question<'_>) -> Result<Bytes, FetchError> {
    let shown = question.address.shown();
    let failed = |cause: String| FetchError(format!("{shown}: {}", logging::clean(&cause)));
    let request = UpstreamRequest {
        origin: &question.address.origin,
        path_and_query: &question.address.path,
        method: question.method,
        headers: question.headers,
        more_headers: &[],
        body: &[question.body],
        upload: None,
        stall: Duration::ZERO,
        head_deadline: Some(PATIENCE),
    };
    let mut response = client.call(&request).await.map_err(|fault| failed(fault.to_string()))?;
    let body = response.read_all(ANSWER).await.map_err(|fault| failed(fault.to_string()))?;
    match response.status {
        200..=299 => Ok(body),
        status => Err(failed(format!("it answered {status}: {}", words::of(&body)))),
    }
}

/// An answer with a token in it. The lifetime comes as a number or as its digits; some tell the end instead.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    expires_on: Value,
}

/// The token of an answer, as a header of every call.
pub(super) fn token(body: &[u8]) -> Result<Token, FetchError> {
    let unusable = |what: &str| FetchError(format!("the answer of the token server is not usable: {what}"));
    let granted: Granted = serde_json::from_slice(body).map_err(|_| unusable("no JSON object with an access_token"))?;
    let seconds = |value: &Value| value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
    let until = |end: u64| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Duration::from_secs(end).saturating_sub(now)
    };
    let lifetime = seconds(&granted.expires_in).map(Duration::from_secs);
    let lifetime = lifetime.or_else(|| seconds(&granted.expires_on).map(until));
    let lifetime = lifetime.ok_or_else(|| unusable("it does not say when the token ends"))?;
    let proof = Token::bearer(&granted.access_token).ok_or_else(|| unusable("no header can hold the token"))?;
    Ok(Token::new(proof, Instant::now(), Some(lifetime)))
}

#[cfg(test)]
mod tests {
    use millrace_actors::credential::State;

    use super::*;

    #[test]
    fn a_lifetime_is_told_in_four_ways() {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        for told in [
            r#""expires_in":3600"#.to_owned(),
            r#""expires_in":"3600""#.to_owned(),
            format!(r#""expires_on":{}"#, now + 3600),
            format!(r#""expires_in":"","expires_on":"{}""#, now + 3600),
        ] {
            let token = token(format!(r#"{{"access_token":"t",{told}}}"#).as_bytes()).unwrap();
            let after = |seconds| token.state(Instant::now() + Duration::from_secs(seconds));
            assert_eq!((after(3000), after(3600)), (State::Fresh, State::Over), "{told}");
        }
    }

    #[test]
    fn an_answer_without_a_token_or_its_end_is_none() {
        for (body, why) in [
            ("<html>", "no JSON"),
            ("[]", "no JSON"),
            (r#"{"expires_in":1}"#, "no JSON"),
            (r#"{"access_token":"t"}"#, "when the token ends"),
            (r#"{"access_token":"t","expires_in":-1}"#, "when the token ends"),
            (r#"{"access_token":"a\nb","expires_in":1}"#, "no header"),
        ] {
            let error = token(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(why), "{body}: {error}");
        }
    }
}
