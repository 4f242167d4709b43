//! One try to post one body: signature, call, and what the answer means.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use millrace_actors::secret::Secret;
use millrace_actors::upstream::{
    HeaderName, HeaderValue, Method, Origin, UpstreamClient, UpstreamFault, UpstreamHeaders, UpstreamRequest,
};
use sha2::Sha256;

/// `t=<unix seconds>,v1=<hex>`: HMAC-SHA-256 of the time, a dot and the body. The time is signed so that a receiver can
/// refuse what was recorded long ago.
pub(super) const SIGNATURE: &str = "x-millrace-signature";
/// The same for every try of a batch: a try whose answer was lost may have arrived.
pub(super) const DELIVERY: &str = "x-millrace-delivery";

/// The longest `retry-after` that is heeded: a receiver shall not be able to stop its log for a day.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(60);

/// Whom to post to, and how.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) origin: Origin,
    pub(super) path: String,
    pub(super) secret: Option<Secret>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// From the try's beginning to the head of its answer.
    pub(super) timeout: Duration,
}

/// How a try ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It arrived.
    Taken,
    /// It may arrive the next time; not before so long, if the receiver said so.
    Later {
        /// What went wrong.
        why: String,
        /// The receiver's own wish.
        after: Option<Duration>,
    },
    /// It is too large.
    TooLarge,
    /// It will never be taken.
    Refused {
        /// The status.
        status: u16,
    },
}

impl Post {
    /// Tries once.
    pub(super) async fn attempt(&self, client: &UpstreamClient, body: Bytes, delivery: &str) -> Answer {
        let mut headers = self.headers.clone();
        headers.push((HeaderName::from_static("content-type"), HeaderValue::from_static("application/json")));
        let id = HeaderValue::from_str(delivery).ok().map(|id| (HeaderName::from_static(DELIVERY), id));
        headers.extend(id);
        headers.extend(self.signature(&body, now()).map(|value| (HeaderName::from_static(SIGNATURE), value)));
        let request = UpstreamRequest {
            origin: &self.origin,
            path_and_query: &self.path,
            method: Method::POST,
            headers: &headers,
            more_headers: &[],
            body: &[body],
            upload: None,
            stall: Duration::ZERO,
            head_deadline: Some(self.timeout),
        };
        match client.call(&request).await {
            Ok(response) => {
                let answer = judged(response.status, &response.headers);
                response.drain().await;
                answer
            }
            Err(fault) => Answer::Later { why: described(&fault), after: None },
        }
    }

    fn signature(&self, body: &[u8], time: u64) -> Option<HeaderValue> {
        let secret = self.secret.as_ref()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()?;
        mac.update(format!("{time}.").as_bytes());
        mac.update(body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        HeaderValue::from_str(&format!("t={time},v1={hex}")).ok()
    }
}

fn judged(status: u16, headers: &UpstreamHeaders) -> Answer {
    match status {
        200..=299 => Answer::Taken,
        413 => Answer::TooLarge,
        408 | 425 | 429 | 500..=599 => Answer::Later { why: format!("status {status}"), after: retry_after(headers) },
        // a redirect too: the records are for the address that was configured and no other
        _ => Answer::Refused { status },
    }
}

fn retry_after(headers: &UpstreamHeaders) -> Option<Duration> {
    let value = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = match value.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
    };
    Some(wait.min(RETRY_AFTER_MOST))
}

fn described(fault: &UpstreamFault) -> String {
    format!("{}: {fault}", fault.kind())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256_of_time_dot_body() {
        let post = Post {
            origin: Origin::parse("https://h").unwrap(),
            path: "/".into(),
            secret: Some(Secret::new("0123456789abcdef".into())),
            headers: vec![],
            timeout: Duration::from_secs(1),
        };
        // printf '1700000000.[]' | openssl dgst -sha256 -hmac 0123456789abcdef
        let expected = "t=1700000000,v1=c91545d09b999c13267144ab89f40da36c784c2397a9684263e82122a502a910";
        assert_eq!(post.signature(b"[]", 1_700_000_000).unwrap(), expected);
        assert!(!format!("{post:?}").contains("0123456789"));
        assert_eq!(Post { secret: None, ..post }.signature(b"[]", 1), None);
    }

    #[test]
    fn each_status_has_its_meaning() {
        let none = UpstreamHeaders::default();
        for status in [200, 202, 204] {
            assert_eq!(judged(status, &none), Answer::Taken);
        }
        for status in [301, 307, 400, 401, 404, 422] {
            assert_eq!(judged(status, &none), Answer::Refused { status });
        }
        assert_eq!(judged(413, &none), Answer::TooLarge);
        for (value, after) in
            [("3", Some(3)), ("99999", Some(60)), ("soon", None), ("Mon, 01 Jan 2001 00:00:00 GMT", Some(0))]
        {
            let mut headers = UpstreamHeaders::default();
            headers.append(HeaderName::from_static("retry-after"), HeaderValue::from_static(value));
            let after = after.map(Duration::from_secs);
            assert_eq!(judged(429, &headers), Answer::Later { why: "status 429".into(), after }, "{value}");
        }
        assert!(matches!(judged(503, &none), Answer::Later { after: None, .. }));
    }
}
