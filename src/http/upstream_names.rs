//! Under which names a provider's header is copied into our answer (COMPAT 3.6).
//!
//! A provider sends the same dozen headers with every answer, and making and checking `llm_provider-<name>` each time was a
//! tenth of the gateway's own work on a whole answer. So a worker remembers the names it has made, up to a bound, since
//! a provider chooses them.

use std::cell::RefCell;
use std::collections::HashMap;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use foldhash::fast::RandomState;
use millrace_actors::upstream::UpstreamHeaders;

/// Provider headers that are not copied: they speak of the provider's connection, or would set a cookie of its domain.
const NOT_COPIED: [&str; 6] = ["connection", "keep-alive", "set-cookie", "transfer-encoding", "upgrade", "trailer"];

/// Provider headers that clients read under their own name too: its rate limits.
const PLAIN: [HeaderName; 4] = [
    HeaderName::from_static("x-ratelimit-limit-requests"),
    HeaderName::from_static("x-ratelimit-remaining-requests"),
    HeaderName::from_static("x-ratelimit-limit-tokens"),
    HeaderName::from_static("x-ratelimit-remaining-tokens"),
];

/// Names a worker remembers.
const REMEMBERED: usize = 256;

/// How a header is copied.
#[derive(Clone, Debug)]
struct Copied {
    /// The prefixed name; `None` where the header is not copied.
    prefixed: Option<HeaderName>,
    /// Its own name, where it is copied under that as well.
    plain: Option<HeaderName>,
}

thread_local! {
    // not the default hasher: it is keyed per process all the same, and costs a third
    static KNOWN: RefCell<HashMap<HeaderName, Copied, RandomState>> = RefCell::default();
}

/// Copies a provider's headers.
pub fn copy(upstream: UpstreamHeaders, headers: &mut HeaderMap) {
    KNOWN.with_borrow_mut(|known| {
        for (name, value) in upstream {
            let judged;
            let copied = match known.get(&name) {
                Some(copied) => copied,
                None => {
                    judged = match known.len() < REMEMBERED {
                        true => remember(known, &name),
                        false => judge(&name),
                    };
                    &judged
                }
            };
            place(value, copied, headers);
        }
    });
}

fn place(value: HeaderValue, copied: &Copied, headers: &mut HeaderMap) {
    if let Some(plain) = &copied.plain {
        headers.insert(plain.clone(), value.clone());
    }
    if let Some(prefixed) = &copied.prefixed {
        headers.append(prefixed.clone(), value);
    }
}

fn judge(name: &HeaderName) -> Copied {
    let prefixed = match NOT_COPIED.contains(&name.as_str()) {
        true => None,
        false => HeaderName::from_bytes(format!("llm_provider-{name}").as_bytes()).ok(),
    };
    Copied { prefixed, plain: PLAIN.iter().find(|plain| *plain == name).cloned() }
}

/// Judges a name for good. The name made of it is never freed: a copy of one that is static counts nothing, and one that is
/// shared counts twice for each header of each answer.
fn remember(known: &mut HashMap<HeaderName, Copied, RandomState>, name: &HeaderName) -> Copied {
    let Copied { prefixed, plain } = judge(name);
    let lasting = |name: HeaderName| HeaderName::from_static(String::leak(name.as_str().to_owned()));
    let copied = Copied { prefixed: prefixed.map(lasting), plain };
    known.insert(name.clone(), copied.clone());
    copied
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(name: &str) -> HeaderMap {
        let (mut upstream, mut headers) = (UpstreamHeaders::default(), HeaderMap::new());
        upstream.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static("v"));
        copy(upstream, &mut headers);
        headers
    }

    #[test]
    fn names_are_judged_alike_the_first_and_the_second_time() {
        for _ in 0..2 {
            let names = |name| copied(name).keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>();
            assert_eq!(names("x-request-id"), ["llm_provider-x-request-id"]);
            assert!(names("x-ratelimit-limit-tokens").contains(&"x-ratelimit-limit-tokens".to_owned()));
            assert_eq!(names("x-ratelimit-limit-tokens").len(), 2);
            assert!(names("set-cookie").is_empty());
        }
    }

    #[test]
    fn every_value_of_a_header_is_copied() {
        let (mut upstream, mut headers) = (UpstreamHeaders::default(), HeaderMap::new());
        for value in ["a", "b"] {
            upstream.append(HeaderName::from_static("x-many"), HeaderValue::from_static(value));
        }
        copy(upstream, &mut headers);
        assert_eq!(headers.get_all("llm_provider-x-many").collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn a_provider_cannot_make_it_grow() {
        for n in 0..2 * REMEMBERED {
            assert_eq!(copied(&format!("x-{n}")).len(), 1);
        }
        assert!(KNOWN.with_borrow(|known| known.len() <= REMEMBERED));
    }
}
