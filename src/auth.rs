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
static KEY_HEADERS: [HeaderName; 4] = [
    HeaderName::from_static("x-litellm-api-key"),
    AUTHORIZATION,
    HeaderName::from_static("api-key"),
    HeaderName::from_static("x-api-key"),
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

/// Who calls, by the headers alone: nothing of the body is looked at.
pub fn identify(request: &HttpRequest) -> Result<Caller, Fault> {
    // without the keys nobody can be told from anybody: refuse, do not wave through
    let keys = request.app_data::<Arc<Keys>>().ok_or(Fault::Internal)?;
    let Some(master) = &keys.master else {
        return Ok(Caller { alias: "anonymous".into() });
    };
    let key = presented(request.headers()).ok_or(Fault::NoKey)?;
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
            "authorization" => bearer(value).unwrap_or_default(),
            // LiteLLM takes both, and its documents write the scheme
            "x-litellm-api-key" => bearer(value).unwrap_or(value),
            _ => value,
        })
    })
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
        for header in ["x-litellm-api-key", "api-key", "x-api-key"] {
            assert!(caller(&[(header, "sk-a-key-of-some-length")]).is_ok(), "{header}");
        }
        for value in ["Bearer sk-a-key-of-some-length", "bearer   sk-a-key-of-some-length "] {
            for header in ["authorization", "x-litellm-api-key"] {
                assert!(caller(&[(header, value)]).is_ok(), "{header}: {value}");
            }
        }
    }

    #[test]
    fn what_is_not_the_key_is_refused() {
        assert_eq!(caller(&[]).unwrap_err(), Fault::NoKey);
        for value in
            ["sk-a-key-of-some-length", "Bearer", "Bearer ", "Basic sk-a-key-of-some-length", "Bearer sk-a-key"]
        {
            assert_eq!(caller(&[("authorization", value)]).unwrap_err(), Fault::BadKey, "{value}");
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
