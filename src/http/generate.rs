//! What is Google's own in the HTTP surface: the verb in the path, the key in the query, and streams that are a JSON array
//! unless events are asked for (`alt=sse`).

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use bytes::{BufMut, Bytes, BytesMut};
use millrace_actors::wire::sse::SseReader;

/// The longest element of an array, bytes: events were bounded when they came, and grow a little when they are translated.
const LONGEST: usize = 256 << 20;

/// Whether a path asks for a stream.
pub fn is_stream(path: &str) -> bool {
    path.ends_with(":streamGenerateContent")
}

/// Whether a path is one of Google's.
pub fn is_path(path: &str) -> bool {
    let version = ["/v1beta", "/v1"].iter().find_map(|version| path.strip_prefix(*version));
    let resource = version.unwrap_or(path).strip_prefix("/models/");
    let verbs = [":generateContent", ":streamGenerateContent", ":countTokens"];
    path.starts_with("/v1beta/") || resource.is_some_and(|rest| verbs.iter().any(|verb| rest.ends_with(verb)))
}

/// An answer in the form that the path and the query ask for: a stream of events becomes an array where no events are asked
/// for. Whatever is none stays as it is.
pub fn shaped(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    let events = query(request, "alt").as_deref() == Some("sse");
    if events || !is_stream(request.path()) || response.body().size() != BodySize::Stream {
        return response;
    }
    let json = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response.map_body(|_, body| Array { body, reader: SseReader::new(LONGEST), begun: false, over: false }.boxed())
}

/// A parameter of the query, decoded.
pub fn query(request: &HttpRequest, name: &str) -> Option<String> {
    let pairs = request.query_string().split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value))?;
    Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
}

/// The events of a stream as one JSON array, each as soon as it is there. One that breaks off is not closed.
struct Array<B> {
    body: B,
    reader: SseReader,
    begun: bool,
    over: bool,
}

/// An event of ours was too long.
#[derive(Debug, thiserror::Error)]
#[error("an element of the array is too long")]
struct TooLong;

impl<B> Array<B> {
    fn elements(&mut self, piece: &[u8]) -> Result<Bytes, TooLong> {
        let mut out = BytesMut::with_capacity(piece.len() + 2);
        let Array { reader, begun, .. } = self;
        let fed = reader.feed(piece, |event| {
            out.put_slice(if std::mem::replace(begun, true) { b"\n," } else { b"[" });
            out.put_slice(event.data);
        });
        if out.is_empty() {
            // a comment, or part of an event: white space keeps the connection alive and says nothing
            out.put_u8(b'\n');
        }
        fed.map(|()| out.freeze()).map_err(|_| TooLong)
    }
}

impl<B: MessageBody + Unpin> MessageBody for Array<B> {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        Pin::new(&mut this.body).poll_next(cx).map(|next| match next {
            Some(Ok(piece)) => Some(this.elements(&piece).map_err(Into::into)),
            Some(Err(broken)) => Some(Err(broken.into())),
            None => {
                this.over = true;
                Some(Ok(Bytes::from_static(if this.begun { b"]" } else { b"[]" })))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_whose_it_is() {
        for path in [
            "/v1beta/models/a/b:generateContent",
            "/models/m:streamGenerateContent",
            "/v1beta/nothing",
            "/v1/models/m:countTokens",
        ] {
            assert!(is_path(path), "{path}");
        }
        for path in ["/models/m", "/v1/models/m", "/v1betamax", "/v1/chat/completions"] {
            assert!(!is_path(path), "{path}");
        }
    }

    #[test]
    fn events_become_elements_however_they_are_split() {
        let text = b"data: {\"a\":1}\n\n: ping\n\ndata: {\"b\":\ndata: 2}\n\n";
        for cut in 0..text.len() {
            let mut array = Array { body: (), reader: SseReader::new(1 << 10), begun: false, over: false };
            let mut out = Vec::new();
            for piece in [&text[..cut], &text[cut..]] {
                out.extend_from_slice(&array.elements(piece).unwrap());
            }
            out.push(b']');
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(read, serde_json::json!([{"a": 1}, {"b": 2}]), "{cut}");
        }
    }
}
