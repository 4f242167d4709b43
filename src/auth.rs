//! Who calls. The answer is had at once, from what the process holds; `http/given.rs` makes it the first extractor of every
//! handler.
//!
//! There is no `Default` and no anonymous caller: a handler that names [`Caller`] cannot run without one.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};
use millrace_actors::fault::Fault;
use millrace_actors::secret::Secret;

/// The headers a key may come in, in order of precedence (COMPAT 6.1). `authorization` stands second.
static KEY_HEADERS: [HeaderName; 6] = [
    HeaderName::from_static("x-litellm-api-key"),
    AUTHORIZATION,
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("x-goog-api-key"),
    // Azure's API Management, in front of which its clients are set up with this one
    HeaderName::from_static("ocp-apim-subscription-key"),
];

/// The longest key we look at: no key of ours is longer, and comparing is not free.
const KEY_LIMIT: usize = 512;

/// What the process knows about keys.
pub struct Keys {
    /// The one key there is. `None`: the operator runs without one, which the start allows on loopback only.
    pub master: Option<Secret>,
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The alias in logs: never the key.
    pub alias: Arc<str>,
}

/// Who calls, by the head alone: nothing of the body is looked at.
pub fn identify(request: &HttpRequest) -> Result<Caller, Fault> {
    // without the keys nobody can be told from anybody: refuse, do not wave through
    let keys = request.app_data::<Arc<Keys>>().ok_or(Fault::Internal)?;
    let Some(master) = &keys.master else {
        return Ok(Caller { alias: "anonymous".into() });
    };
    let in_query;
    let key = match presented(request.headers()) {
        Some(key) => key,
        None => {
            in_query = key_in_query(request).ok_or(Fault::NoKey)?;
            &in_query
        }
    };
    match key.len() <= KEY_LIMIT && master.matches(key) {
        true => Ok(Caller { alias: "master".into() }),
        false => Err(Fault::BadKey),
    }
}

/// The key that was sent. An empty or malformed header is a key that does not match, not an absent one: it must not
/// let a later header speak for the caller.
fn presented(headers: &HeaderMap) -> Option<&[u8]> {
    KEY_HEADERS.iter().find_map(|name| {
        let value = headers.get(name)?;
        let value = value.as_bytes().trim_ascii();
        Some(match name.as_str() {
            "authorization" => authorization(value).unwrap_or_default(),
            // LiteLLM takes both, and its documents write the scheme
            "x-litellm-api-key" => bearer(value).unwrap_or(value),
            _ => value,
        })
    })
}

/// The key in the query, where Google's clients put it (COMPAT 6.1): only on Google's resources, and only if no header has one.
/// Nothing of a query is ever logged, kept or sent on.
fn key_in_query(request: &HttpRequest) -> Option<Vec<u8>> {
    let verbs = [":generateContent", ":streamGenerateContent", ":countTokens"];
    verbs.iter().find(|verb| request.path().ends_with(**verb))?;
    let key = request.query_string().split('&').find_map(|pair| pair.strip_prefix("key="))?;
    Some(percent_encoding::percent_decode_str(key).collect())
}

/// The key of an `authorization` (COMPAT 6.1): `Bearer`, and the two ways in which LiteLLM's callers bring it whose clients write
/// another scheme: `Basic <key>`, as it stands, and `AWS4-HMAC-SHA256 Credential=Bearer <key>/...` of AWS's clients.
fn authorization(value: &[u8]) -> Option<&[u8]> {
    let after = |scheme: &str| {
        let (given, rest) = value.split_at_checked(scheme.len())?;
        given.eq_ignore_ascii_case(scheme.as_bytes()).then(|| rest.trim_ascii())
    };
    let signed = || after("aws4-hmac-sha256 credential=bearer ")?.split(|byte| *byte == b'/').next();
    bearer(value).or_else(|| after("basic ")).or_else(signed)
}

/// The key of `Bearer <key>`, its scheme in any case (RFC 9110, 11.1).
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, key) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| key.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn caller(headers: &[(&'static str, &str)]) -> Result<Caller, Fault> {
        let keys = Arc::new(Keys { master: Some(Secret::new("sk-a-key-of-some-length".into())) });
        let request = headers.iter().fold(TestRequest::default().app_data(keys), |r, h| r.insert_header(*h));
        identify(&request.to_http_request())
    }

    #[test]
    fn each_header_carries_the_key() {
        for header in ["x-litellm-api-key", "api-key", "x-api-key", "x-goog-api-key", "ocp-apim-subscription-key"] {
            assert!(caller(&[(header, "sk-a-key-of-some-length")]).is_ok(), "{header}");
        }
        for value in ["Bearer sk-a-key-of-some-length", "bearer   sk-a-key-of-some-length "] {
            for header in ["authorization", "x-litellm-api-key"] {
                assert!(caller(&[(header, value)]).is_ok(), "{header}: {value}");
            }
        }
        let signed = "AWS4-HMAC-SHA256 Credential=Bearer sk-a-key-of-some-length/20261124/eu-central-1/bedrock/aws4_request, \
                      SignedHeaders=host, Signature=0f";
        for value in ["Basic sk-a-key-of-some-length", signed] {
            assert!(caller(&[("authorization", value)]).is_ok(), "{value}");
        }
    }

    #[test]
    fn a_key_in_the_query_counts_on_googles_resources_if_no_header_has_one() {
        let ask = |uri: &str, header: Option<(&'static str, &str)>| {
            let keys = Arc::new(Keys { master: Some(Secret::new("sk-a-key/of-some-length".into())) });
            let request = TestRequest::with_uri(uri).app_data(keys);
            let request = header.into_iter().fold(request, |request, header| request.insert_header(header));
            identify(&request.to_http_request())
        };
        let path = "/v1beta/models/m:generateContent";
        assert!(ask(&format!("{path}?alt=sse&key=sk-a-key%2Fof-some-length"), None).is_ok());
        assert_eq!(ask(&format!("{path}?key=sk-another"), None).unwrap_err(), Fault::BadKey);
        assert_eq!(ask(path, None).unwrap_err(), Fault::NoKey);
        assert_eq!(ask("/v1/chat/completions?key=sk-a-key/of-some-length", None).unwrap_err(), Fault::NoKey);
        let bad = Some(("x-api-key", "sk-another"));
        assert_eq!(ask(&format!("{path}?key=sk-a-key/of-some-length"), bad).unwrap_err(), Fault::BadKey);
    }

    #[test]
    fn what_is_not_the_key_is_refused() {
        assert_eq!(caller(&[]).unwrap_err(), Fault::NoKey);
        for value in [
            "sk-a-key-of-some-length",
            "Bearer",
            "Bearer ",
            "Basic ",
            "Digest sk-a-key-of-some-length",
            "Bearer sk-a-key",
        ] {
            assert_eq!(caller(&[("authorization", value)]).unwrap_err(), Fault::BadKey, "{value}");
        }
        let signed =
            |key: &str| format!("AWS4-HMAC-SHA256 Credential={key}/20261124/eu-central-1/bedrock/aws4_request");
        for key in ["sk-a-key-of-some-length", "Bearer sk-a-key", "Bearer "] {
            assert_eq!(caller(&[("authorization", &signed(key))]).unwrap_err(), Fault::BadKey, "{key}");
        }
        for value in ["Bearer", "Bearer ", "Basic sk-a-key-of-some-length", "Bearer Bearer sk-a-key-of-some-length"] {
            assert_eq!(caller(&[("x-litellm-api-key", value)]).unwrap_err(), Fault::BadKey, "{value}");
        }
        let both = [("x-litellm-api-key", ""), ("authorization", "Bearer sk-a-key-of-some-length")];
        assert_eq!(caller(&both).unwrap_err(), Fault::BadKey, "the first header speaks");
    }

    #[test]
    fn without_keys_nobody_passes() {
        let request = TestRequest::default().to_http_request();
        assert_eq!(identify(&request).unwrap_err(), Fault::Internal);
    }
}
