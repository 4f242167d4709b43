//! Under which names a provider's header is copied into our answer (COMPAT 3.6).
//!
//! A provider sends the same dozen headers with every answer, and making and checking `llm_provider-<name>` each time was a
//! tenth of the gateway's own work on a whole answer. So a worker remembers the names it has made, up to a bound, since
//! a provider chooses them.

use std::cell::RefCell;
use std::collections::HashMap;

use actix_web::http::header::HeaderName;
use foldhash::fast::RandomState;

/// Provider headers that are not copied: they speak of the provider's connection, or would set a cookie of its domain.
const NOT_COPIED: [&str; 6] = ["connection", "keep-alive", "set-cookie", "transfer-encoding", "upgrade", "trailer"];

/// Provider headers that clients read under their own name too: its rate limits.
const PLAIN: [&str; 4] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
];

/// Names a worker remembers.
const REMEMBERED: usize = 256;

/// How a header is copied.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The prefixed name; `None` where the header is not copied.
    pub prefixed: Option<HeaderName>,
    /// Under its own name as well.
    pub plain: bool,
}

thread_local! {
    // not the default hasher: it is keyed per process all the same, and costs a third
    static KNOWN: RefCell<HashMap<HeaderName, Copied, RandomState>> = RefCell::default();
}

/// How the header `name` of a provider is copied.
pub fn copied(name: &HeaderName) -> Copied {
    KNOWN.with_borrow_mut(|known| {
        if let Some(copied) = known.get(name) {
            return copied.clone();
        }
        let copied = judge(name);
        if known.len() < REMEMBERED {
            known.insert(name.clone(), copied.clone());
        }
        copied
    })
}

fn judge(name: &HeaderName) -> Copied {
    let prefixed = match NOT_COPIED.contains(&name.as_str()) {
        true => None,
        false => HeaderName::from_bytes(format!("llm_provider-{name}").as_bytes()).ok(),
    };
    Copied { prefixed, plain: PLAIN.contains(&name.as_str()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_alike_the_first_and_the_second_time() {
        for _ in 0..2 {
            let name = |text: &'static str| copied(&HeaderName::from_static(text));
            assert_eq!(name("x-request-id").prefixed.unwrap(), "llm_provider-x-request-id");
            assert!(name("x-ratelimit-limit-tokens").plain && !name("x-request-id").plain);
            assert!(name("set-cookie").prefixed.is_none() && !name("set-cookie").plain);
        }
    }

    #[test]
    fn a_provider_cannot_make_it_grow() {
        for n in 0..2 * REMEMBERED {
            let name = HeaderName::from_bytes(format!("x-{n}").as_bytes()).unwrap();
            assert!(copied(&name).prefixed.is_some());
        }
        assert!(KNOWN.with_borrow(|known| known.len() <= REMEMBERED));
    }
}
