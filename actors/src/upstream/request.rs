//! One request, and its head as it is sent.

use std::time::Duration;

use actix_http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};

use awc::http::Method;
use bytes::Bytes;

use super::fault::UpstreamFault;
use super::origin::Origin;
use super::outgoing::JOINED;
use crate::upload::Upload;

/// Headers that are about the connection or the framing, which are ours: never taken from a caller of this module.
const OURS: [HeaderName; 8] =
    [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, EXPECT, UPGRADE, TE, ACCEPT_ENCODING];

/// Room for what is in every head: the version, our headers, those about the body.
const ROOM: usize = 128;

/// One request to one origin.
pub struct UpstreamRequest<'a> {
    /// Whom to call.
    pub origin: &'a Origin,
    /// Path and query as sent, starting with `/`.
    pub path_and_query: &'a str,
    /// POST, or GET for health checks and lists.
    pub method: Method,
    /// Headers to send. Those about the connection and the framing (host, connection, content-length,
    /// transfer-encoding, expect, upgrade, te, accept-encoding) are skipped: they are set here.
    pub headers: &'a [(HeaderName, HeaderValue)],
    /// Headers of this one call; they replace those of the same name above.
    pub more_headers: &'a [(HeaderName, HeaderValue)],
    /// The body in parts, sent one after the other without being joined.
    pub body: &'a [Bytes],
    /// What follows those parts while its caller still sends it.
    pub upload: Option<&'a Upload>,
    /// How long that may wait for its upstream to take a piece.
    pub stall: Duration,
    /// From now to the complete final head; connecting and a stale retry included; of an upload,
    /// from its last piece. `None`: whoever waits for the call ends it.
    pub head_deadline: Option<Duration>,
}

/// The lines of its head, each with its end, but those about the body; room is left for these, and for the body if it is small.
///
/// # Errors
/// [`UpstreamFault::BadRequest`]: the path has a character that cannot be sent.
pub(super) fn head(request: &UpstreamRequest<'_>, host: &HeaderValue) -> Result<Vec<u8>, UpstreamFault> {
    let path = checked(request.path_and_query)?;
    let more = request.more_headers;
    let headers = || {
        let replaced = |name: &HeaderName| more.iter().any(|(other, _)| other == name);
        let all = request.headers.iter().filter(move |(name, _)| !replaced(name));
        // of several of one name, the last
        let last =
            more.iter().enumerate().filter(|(n, (name, _))| !more[n + 1..].iter().any(|(other, _)| other == name));
        all.chain(last.map(|(_, header)| header)).filter(|(name, _)| !OURS.contains(name))
    };
    let length: usize = headers().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let body = request.body.iter().map(Bytes::len).sum::<usize>();
    let body = if body as u64 <= JOINED { body } else { 0 };
    let mut head = Vec::with_capacity(ROOM + path.len() + host.len() + length + body);
    for part in [request.method.as_str(), " ", path, " HTTP/1.1\r\nhost: "] {
        head.extend_from_slice(part.as_bytes());
    }
    head.extend_from_slice(host.as_bytes());
    head.extend_from_slice(b"\r\naccept-encoding: identity\r\n");
    for (name, value) in headers() {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    Ok(head)
}

/// A path with its query, of the characters that the `http` crate takes in one: those of RFC 3986, 3.3 and 3.4, and a few
/// more that are sent unescaped in practice. No space and no line end, which would begin another request.
fn checked(path: &str) -> Result<&str, UpstreamFault> {
    let bad = |what: &str| Err(UpstreamFault::BadRequest(format!("{what} in the path")));
    if !path.starts_with('/') {
        return bad("no leading slash");
    }
    match path.bytes().all(|byte| matches!(byte, b'!'..=b'"' | b'$'..=b';' | b'=' | b'?'..=b'~')) {
        true => Ok(path),
        false => bad("a character that cannot be sent"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Listed<'a> = (&'static str, &'a str);

    fn sent(path: &str, headers: &[Listed<'_>], more: &[Listed<'_>]) -> Result<String, UpstreamFault> {
        let header =
            |(name, value): &Listed<'_>| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        let of = |list: &[Listed<'_>]| list.iter().map(header).collect::<Vec<_>>();
        let (origin, headers, more) = (Origin::parse("http://h").unwrap(), of(headers), of(more));
        let request = UpstreamRequest {
            origin: &origin,
            path_and_query: path,
            method: Method::POST,
            headers: &headers,
            more_headers: &more,
            body: &[Bytes::from_static(b"{}")],
            upload: None,
            stall: Duration::ZERO,
            head_deadline: None,
        };
        let written = head(&request, &HeaderValue::from_static("h:1"))?;
        Ok(String::from_utf8(written).unwrap())
    }

    const START: &str = "POST /v1 HTTP/1.1\r\nhost: h:1\r\naccept-encoding: identity\r\n";

    #[test]
    fn headers_follow_in_their_order_and_those_of_the_call_replace() {
        let written =
            sent("/v1", &[("a", "1"), ("b", "2"), ("a", "3")], &[("b", "4"), ("c", "5"), ("b", "6")]).unwrap();
        assert_eq!(written, format!("{START}a: 1\r\na: 3\r\nc: 5\r\nb: 6\r\n"));
    }

    #[test]
    fn none_about_the_connection_or_the_framing_is_taken() {
        for name in OURS.iter().map(|name| String::leak(name.as_str().to_owned())) {
            assert_eq!(sent("/v1", &[(name, "x")], &[(name, "x")]).unwrap(), START, "{name}");
        }
    }

    #[test]
    fn a_path_that_would_begin_another_line_or_request_is_refused() {
        for bad in ["", "v1", "/a b", "/a\r\nx: y", "/a\n", "/a\t", "/\u{e9}", "/a#b", "/a<b", "/a>b", "/\u{7f}", "/\0"]
        {
            assert!(matches!(sent(bad, &[], &[]), Err(UpstreamFault::BadRequest(_))), "{bad:?}");
        }
        for good in ["/", "/v1/m%20n:g?a=b&c=%2F", "/a(b)'c\"{}|~!$,;=@[]"] {
            assert!(sent(good, &[], &[]).unwrap().starts_with(&format!("POST {good} HTTP/1.1\r\n")), "{good:?}");
        }
    }
}
