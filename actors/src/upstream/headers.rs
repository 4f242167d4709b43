//! The headers of an answer, in the order in which they came.
//!
//! A list and not a map: an answer has a dozen, two or three are looked up, and all are copied once. Filling awc's map of
//! them, reading it and throwing it away was 5 % of the gateway's instructions on a whole answer.

use std::cell::RefCell;
use std::collections::HashMap;

use actix_http::header::{HeaderName, HeaderValue};
use bytes::Bytes;
use foldhash::fast::RandomState;

use super::head::{Field, MALFORMED};

/// Names a worker remembers. A provider sends the same ones with every answer, but chooses them.
const REMEMBERED: usize = 256;
/// Longest name that is remembered, in bytes.
const REMEMBERED_BYTES: usize = 64;

/// The headers of an answer.
#[derive(Clone, Debug, Default)]
pub struct UpstreamHeaders(Vec<(HeaderName, HeaderValue)>);

impl UpstreamHeaders {
    /// Those of a complete head, where [`super::head::read`] has found them. The values share its bytes.
    ///
    /// # Errors
    /// A name or a value has bytes that no header may have (RFC 9110, 5.1 and 5.5).
    pub(super) fn of(head: &Bytes, fields: &[Field]) -> Result<Self, &'static str> {
        let mut headers = Vec::with_capacity(fields.len());
        for Field { name, value } in fields {
            let value = HeaderValue::from_maybe_shared(head.slice(value.clone())).map_err(|_| MALFORMED)?;
            headers.push((named(&head[name.clone()])?, value));
        }
        Ok(Self(headers))
    }

    /// The first value of this name.
    pub fn get<N>(&self, name: N) -> Option<&HeaderValue>
    where
        HeaderName: PartialEq<N>,
    {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Adds one behind the others, whether or not there is one of its name.
    pub fn append(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }
}

impl IntoIterator for UpstreamHeaders {
    type Item = (HeaderName, HeaderValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

thread_local! {
    /// By a name as it was written. What is remembered is never freed: a copy of a static name counts nothing.
    static NAMES: RefCell<HashMap<&'static [u8], HeaderName, RandomState>> = RefCell::default();
}

fn named(raw: &[u8]) -> Result<HeaderName, &'static str> {
    NAMES.with_borrow_mut(|names| {
        if let Some(name) = names.get(raw) {
            return Ok(name.clone());
        }
        let name = HeaderName::from_bytes(raw).map_err(|_| MALFORMED)?;
        if names.len() >= REMEMBERED || raw.len() > REMEMBERED_BYTES {
            return Ok(name);
        }
        let name = HeaderName::from_static(String::leak(name.as_str().to_owned()));
        names.insert(Vec::leak(raw.to_vec()), name.clone());
        Ok(name)
    })
}

#[cfg(test)]
mod tests {
    use super::super::head::{self, Head};
    use super::*;
    use actix_http::header::CONTENT_TYPE;

    fn read(text: &str) -> Result<UpstreamHeaders, &'static str> {
        match head::read(text.as_bytes())? {
            Head::Final(found) => UpstreamHeaders::of(&Bytes::copy_from_slice(text.as_bytes()), &found.fields),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_header_is_there_in_its_order_and_without_the_space_around_it() {
        let text = "HTTP/1.1 200 OK\r\nX-B:  1\t\r\nContent-Type: a: b\r\nx-a:\nX-B: \u{e9}\r\n\r\n";
        // the second time from memory
        for _ in 0..2 {
            let headers = read(text).unwrap();
            assert_eq!(headers.get(CONTENT_TYPE).unwrap(), "a: b");
            assert_eq!(headers.get("x-b").unwrap(), "1");
            assert_eq!(headers.get("x-c"), None);
            let all: Vec<_> = headers.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
            let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["x-b", "content-type", "x-a", "x-b"]);
            assert_eq!((all[2].1.as_bytes(), all[3].1.as_bytes()), (&b""[..], "\u{e9}".as_bytes()));
        }
    }

    #[test]
    fn what_no_header_may_hold_is_refused() {
        for bad in ["a b: c", "a\u{e9}: c", "a: b\0", "a: b\rc", "a: \u{7f}", "a\u{1}: b", "a: b\r"] {
            assert!(read(&format!("HTTP/1.1 200 OK\r\n{bad}\r\n\r\n")).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_provider_cannot_make_it_grow() {
        for n in 0..2 * REMEMBERED {
            assert_eq!(read(&format!("HTTP/1.1 200 OK\r\nx-{n}: 1\r\n\r\n")).unwrap().0.len(), 1);
        }
        let long = "x".repeat(REMEMBERED_BYTES + 1);
        assert_eq!(read(&format!("HTTP/1.1 200 OK\r\n{long}: 1\r\n\r\n")).unwrap().get(&*long).unwrap(), "1");
        NAMES.with_borrow(|names| assert!(names.len() <= REMEMBERED && !names.contains_key(long.as_bytes())));
    }
}
