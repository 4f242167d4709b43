//! The body of a pass-through: sent on as it comes, but for JSON that is small, or whose beginning tells the model, and for
//! hooks and signatures, which must see all of it.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use millrace_actors::capabilities::Hooks;
use millrace_actors::desk::Desk;
use millrace_actors::fault::Fault;
use millrace_actors::upload::Upload;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::incoming::Incoming;

/// What is read of a large JSON body before it goes on: clients name the model first.
const BEGINNING: usize = 64 << 10;

/// A body.
pub struct Body {
    /// All of it, unless it is an upload.
    pub bytes: Bytes,
    /// It as it comes.
    pub upload: Option<Upload>,
    /// What is known of it.
    pub said: Said,
}

/// What a body says of itself, for the record and the price; nothing where it is no JSON.
#[derive(Default)]
pub struct Said {
    /// The model.
    pub model: Option<String>,
    /// Whether it asks for a stream.
    pub stream: bool,
}

/// The body, as far as it must be known before it is sent; all of it, if it is signed.
///
/// # Errors
/// It is too long, stalls, or broke off.
pub async fn read(request: &HttpRequest, payload: Payload, (desk, is_signed): (&Desk, bool)) -> Result<Body, Fault> {
    let routing = desk.routing();
    let path = &routing.path;
    let (limit, idle, kept) = (path.max_request_bytes, path.body_idle_timeout, path.upload_replay_bytes);
    let mut body = Incoming::new(request, payload, limit, idle)?;
    let enough = match body.announced {
        Some(0) => return Ok(Body::whole(Bytes::new())),
        _ if !is_json(request) => 0,
        Some(length) if length > kept as u64 => BEGINNING,
        _ => kept,
    };
    let mut held = BytesMut::new();
    // whoever looks gets all of it, also who begins to while it comes
    let looks = || is_signed || desk.callbacks().hooks.any(Hooks::PRE_CALL | Hooks::DURING_CALL);
    while looks() || enough > held.len() {
        match body.next().await? {
            Some(bytes) => held.extend_from_slice(&bytes),
            None => return Ok(Body::whole(held.freeze())),
        }
        if body.announced == Some(held.len() as u64) {
            return Ok(Body::whole(held.freeze()));
        }
    }
    let (said, length) = (Said::of(&held), body.announced);
    Ok(Body { bytes: Bytes::new(), upload: Some(Upload::live(body.rest(held.freeze()), length, kept)), said })
}

fn is_json(request: &HttpRequest) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("application/json");
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

impl Body {
    fn whole(bytes: Bytes) -> Self {
        let said = Said::of(&bytes);
        Body { bytes, upload: None, said }
    }
}

impl Said {
    /// Of a body, or of its beginning: what stands there is told, whatever follows.
    pub fn of(body: &[u8]) -> Self {
        let mut said = Said::default();
        let mut reader = serde_json::Deserializer::from_slice(body);
        // an end in the middle is what beginnings have
        let _ = reader.deserialize_map(Beginning(&mut said));
        said
    }
}

/// Reads members until there are no more.
struct Beginning<'a>(&'a mut Said);

impl<'de> Visitor<'de> for Beginning<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            match &*name {
                "model" => self.0.model = map.next_value()?,
                "stream" => self.0.stream = map.next_value::<Option<bool>>()?.unwrap_or_default(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] std::borrow::Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_tells_what_stands_in_it() {
        let body = br#"{"a": [1, {"model": "no"}], "model": "m\u00e9", "stream": true, "messages": ["#;
        let said = Said::of(body);
        assert_eq!((said.model.as_deref(), said.stream), (Some("mé"), true));
        assert_eq!(Said::of(&body[..40]).model, None);
        for nothing in [&b""[..], b"[]", b"\xff", b"{\"model\": 7, \"stream\": true}", b"null"] {
            assert!(Said::of(nothing).model.is_none());
        }
    }
}
