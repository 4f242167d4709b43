//! A token: what proves to a provider who calls, and for how long it does.

use std::time::{Duration, Instant};

use actix_http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::secret::Secret;

/// How long before its end a token counts as over: a call that goes out with it must also arrive with it.
const MARGIN: Duration = Duration::from_secs(30);

/// How long before its end a token is renewed while it still serves. Metadata servers hand out the token they have until
/// about this long before its end.
const AHEAD: Duration = Duration::from_secs(300);

/// How long a token is new.
const NEW: Duration = Duration::from_secs(60);

/// What proves to a provider who calls. Printing it shows nothing secret.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof {
    /// A header of every call, marked sensitive.
    Header(HeaderName, HeaderValue),
    /// Keys with which the dialect signs every call.
    Keys(SigningKeys),
}

/// A pair of keys for signatures, as AWS has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKeys {
    /// The key's public half; it goes into the call.
    pub id: String,
    /// What is signed with.
    pub secret: Secret,
    /// Goes into the call too, where the pair is a temporary one.
    pub session: Option<Secret>,
}

/// A credential as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// The proof.
    pub proof: Proof,
    given: Instant,
    /// When to renew it, and from when on it must not be used; `None` for what has no end.
    life: Option<(Instant, Instant)>,
}

/// What may be done with a token at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Used.
    Fresh,
    /// Used, while the next one is fetched.
    Due,
    /// Nothing.
    Over,
}

impl Token {
    /// A proof that was given at `given` and holds for `lifetime`; without one, for ever.
    ///
    /// It is renewed five minutes before its end, or at half its life where that is shorter than ten, and used until half a
    /// minute before its end, or a tenth of its life.
    pub fn new(proof: Proof, given: Instant, lifetime: Option<Duration>) -> Self {
        let life = lifetime.map(|life| {
            let at = |before: Duration| given.checked_add(life.saturating_sub(before)).unwrap_or(given);
            (at(AHEAD.min(life / 2)), at(MARGIN.min(life / 10)))
        });
        Token { proof, given, life }
    }

    /// The `authorization: Bearer` header for `token`, or `None` where no header can hold it.
    pub fn bearer(token: &str) -> Option<Proof> {
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        value.set_sensitive(true);
        Some(Proof::Header(AUTHORIZATION, value))
    }

    /// What may be done with it now.
    pub fn state(&self, now: Instant) -> State {
        match self.life {
            Some((_, over)) if now >= over => State::Over,
            Some((due, _)) if now >= due => State::Due,
            _ => State::Fresh,
        }
    }

    /// Whether it was given in the last minute.
    pub fn is_new(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.given) < NEW
    }

    /// The header it is, if it is one.
    pub fn header(&self) -> Option<(HeaderName, HeaderValue)> {
        match &self.proof {
            Proof::Header(name, value) => Some((name.clone(), value.clone())),
            Proof::Keys(_) => None,
        }
    }

    /// The keys it is, if it is a pair.
    pub fn keys(&self) -> Option<&SigningKeys> {
        match &self.proof {
            Proof::Header(..) => None,
            Proof::Keys(keys) => Some(keys),
        }
    }

    /// Each text of it that must not be shown.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let (header, keys) = match &self.proof {
            Proof::Header(_, value) => (value.to_str().ok(), None),
            Proof::Keys(keys) => (None, Some(keys)),
        };
        let header = header.map(|text| text.strip_prefix("Bearer ").unwrap_or(text));
        let keys = keys.into_iter().flat_map(|keys| [Some(&keys.secret), keys.session.as_ref()]).flatten();
        header.into_iter().chain(keys.map(Secret::expose))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(lifetime: u64, at: &[u64]) -> Vec<State> {
        let given = Instant::now();
        let token = Token::new(Token::bearer("t").unwrap(), given, Some(Duration::from_secs(lifetime)));
        at.iter().map(|at| token.state(given + Duration::from_secs(*at))).collect()
    }

    #[test]
    fn a_token_is_renewed_before_its_end_and_not_used_up_to_it() {
        use State::{Due, Fresh, Over};
        assert_eq!(states(3600, &[0, 3299, 3300, 3569, 3570, 9999]), [Fresh, Fresh, Due, Due, Over, Over]);
        assert_eq!(states(100, &[0, 49, 50, 89, 90]), [Fresh, Fresh, Due, Due, Over], "a short life has short margins");
        assert_eq!(states(0, &[0]), [Over]);
        let long = Instant::now() + Duration::from_secs(1 << 30);
        assert_eq!(Token::new(Token::bearer("t").unwrap(), Instant::now(), None).state(long), Fresh);
        let absurd = Token::new(Token::bearer("t").unwrap(), Instant::now(), Some(Duration::MAX));
        assert_eq!(absurd.state(long), Over, "an end that cannot be told is no end to rely on");
    }

    #[test]
    fn printing_shows_nothing_of_it() {
        let header = Token::bearer("canary-1").unwrap();
        let keys = Proof::Keys(SigningKeys {
            id: "id".into(),
            secret: Secret::new("canary-2".into()),
            session: Some(Secret::new("canary-3".into())),
        });
        for (proof, secrets) in [(header, vec!["canary-1"]), (keys, vec!["canary-2", "canary-3"])] {
            let token = Token::new(proof, Instant::now(), None);
            assert!(!format!("{token:?}").contains("canary"), "{token:?}");
            assert_eq!(token.secrets().collect::<Vec<_>>(), secrets);
        }
        assert_eq!(Token::bearer("two\nlines"), None);
    }
}
